"""The secrets of a URL, a header or a password are in no repr, error, log, traceback, pickle or copy."""

import asyncio
import copy
import io
import logging
import pickle
import traceback
from typing import Any

import httpx
import pytest

from tests.rpc.node import QUICK, Error, Node, body, drop, hang, status
from zkcore.errors import InputError
from zkcore.explore import AsyncClient, Client
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Request
from zkcore.rpc.endpoint import Endpoint

SECRETS = ("alice", "pa55w0rd", "k3yInThePath", "t0kenInQuery", "bearer-t0ken", "basic-pa55")

SHOWN = {
    "http://127.0.0.1:8545": "http://127.0.0.1:8545",
    "https://mainnet.era.zksync.io": "https://mainnet.era.zksync.io",
    "https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef": "https://mainnet.infura.io/v3/***",
    "https://eth-mainnet.g.alchemy.com/v2/AbC_dEf-123": "https://eth-mainnet.g.alchemy.com/v2/***",
    "https://rpc.ankr.com/zksync_era/deadbeef": "https://rpc.ankr.com/***/***",
    "https://example.org/rpc/v1/mainnet": "https://example.org/rpc/v1/mainnet",
    "https://lb.drpc.org/ogrpc?network=zksync&dkey=Abc": "https://lb.drpc.org/***?***",
    "https://user:pass@example.org:8443/": "https://example.org:8443/",
    "https://user@example.org": "https://example.org",
    "https://example.org/secret": "https://example.org/***",
    "https://0123456789abcdef01234567.example.org/": "https://***.example.org/",
    "http://[::1]:8545/": "http://[::1]:8545/",
    "https://example.org/#fragment-key": "https://example.org/",
}


@pytest.mark.parametrize("url", SHOWN)
def test_what_of_a_url_is_shown(url: str) -> None:
    assert str(Endpoint(url)) == SHOWN[url]
    assert repr(HttpTransport(url)) == f"HttpTransport('{SHOWN[url]}')"
    assert repr(AsyncHttpTransport(url)) == f"AsyncHttpTransport('{SHOWN[url]}')"


@pytest.mark.parametrize(
    "url",
    [
        "ws://example.org",
        "file:///etc/passwd",
        "ftp://example.org/",
        "example.org",
        "",
        "http://",
        "https:///path",
        "http://example.org:port/k3y",
        "http://[::1",
        "javascript:alert(1)",
        "http://exa mple.org",
        "http://example.org:99999",
    ],
)
def test_other_urls_are_refused_without_being_repeated(url: str) -> None:
    for kind in (HttpTransport, AsyncHttpTransport, Client, AsyncClient):
        with pytest.raises(InputError, match=r"^url: expected") as caught:
            kind(url)
        assert "k3y" not in str(caught.value)


@pytest.mark.parametrize("url", [None, 5, b"http://example.org"])
def test_what_is_no_text_is_refused(url: Any) -> None:
    with pytest.raises(InputError, match=r"^url: expected"):
        HttpTransport(url)


def secret_url(node: Node) -> str:
    return f"http://alice:pa55w0rd@127.0.0.1:{node.server_address[1]}/v3/k3yInThePath?token=t0kenInQuery"


ECHO = " ".join(SECRETS)
FAULTS = [
    drop,
    hang,
    status(401, f"bad key {ECHO}".encode()),
    status(302, location=f"http://example.org/{ECHO.replace(' ', '/')}"),
    status(404, ECHO.encode()),
    body(f"<html>{ECHO}</html>".encode()),
    body({"id": None, "error": {"code": -32000, "message": f"unknown key {ECHO}"}}),
    body({"id": 1, "error": f"unknown key {ECHO}"}),
    body({"id": 1, "error": {"code": 3, "message": f"execution reverted: {ECHO}"}}),
    body([{"id": 7, "result": ECHO}]),
]


@pytest.mark.parametrize("place", range(len(FAULTS)))
def test_no_error_or_log_tells(node: Node, ask: Any, place: int) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("httpcore").setLevel(logging.INFO)  # at DEBUG it tells all that a node sends: headers, too
    try:
        node.always = FAULTS[place]
        options = {"headers": {"authorization": "bearer-t0ken"}, "auth": None}
        replies = ask(secret_url(node), [[Request("eth_chainId")]], limits=QUICK, **options)[0]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        logging.getLogger("httpcore").setLevel(logging.NOTSET)
    (error,) = replies
    assert isinstance(error, Exception)
    told = written.getvalue() + "".join(traceback.format_exception(error)) + repr(error)
    assert "127.0.0.1" in told
    assert not [secret for secret in SECRETS[:5] if secret in told]
    assert node.paths[0] == "/v3/k3yInThePath?token=t0kenInQuery"
    assert node.headers[0]["authorization"]


def test_httpx_log_lines_are_masked(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), HttpTransport(secret_url(node)) as transport:
        transport.ask([Request("eth_chainId")])
    lines = [record.getMessage() for record in caplog.records]
    port = node.server_address[1]
    assert f'HTTP Request: POST http://127.0.0.1:{port}/v3/***?*** "HTTP/1.1 200 OK"' in lines
    assert not [line for line in lines if any(secret in line for secret in SECRETS)]


def test_user_and_password_of_the_url_are_sent(node: Node, ask: Any) -> None:
    ask(secret_url(node), [[Request("eth_chainId")]])
    assert node.headers[0]["authorization"] == "Basic YWxpY2U6cGE1NXcwcmQ="
    ask(node.url, [[Request("eth_chainId")]], auth=("bob", "basic-pa55"))
    assert node.headers[1]["authorization"] == "Basic Ym9iOmJhc2ljLXBhNTU="
    ask(node.url, [[Request("eth_chainId")]], headers={"Authorization": "Bearer xyz", "X-Team": "bridge"})
    assert (node.headers[2]["authorization"], node.headers[2]["x-team"]) == ("Bearer xyz", "bridge")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize("kind", [HttpTransport, AsyncHttpTransport])
def test_a_transport_is_not_copied(kind: Any, duplicate: Any) -> None:
    transport = kind("https://alice:pa55w0rd@example.org/k3yInThePath", headers={"x": "bearer-t0ken"})
    with pytest.raises(TypeError, match="not copied or pickled") as caught:
        duplicate(transport)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_errors_of_nodes_can_be_pickled_and_hold_no_secret(node: Node, ask: Any) -> None:
    node.results["eth_chainId"] = Error(-32000, f"no {ECHO}")
    ((error,),) = ask(secret_url(node), [[Request("eth_chainId")]])
    frozen = pickle.dumps(error)
    assert not [secret for secret in SECRETS[:4] if secret.encode() in frozen]
    assert str(pickle.loads(frozen)) == str(error)


def test_an_own_client_is_used_and_left_open(node: Node) -> None:
    seen: list[str] = []
    with httpx.Client(event_hooks={"request": [lambda request: seen.append(str(request.url))]}) as client:
        with HttpTransport(secret_url(node), client=client) as transport:
            transport.ask([Request("eth_chainId")])
        assert not client.is_closed
    assert seen == [f"http://127.0.0.1:{node.server_address[1]}/v3/***?***"]


def test_an_own_client_that_follows_redirects_does_not(node: Node) -> None:
    node.always = status(302, location=node.url)
    with httpx.Client(follow_redirects=True) as client, HttpTransport(node.url, client=client) as transport:
        (reply,) = transport.ask([Request("eth_chainId")])
    assert "redirects are not followed" in str(reply)
    assert len(node.requests) == 1


def test_an_own_async_client(node: Node) -> None:
    async def main() -> bool:
        async with httpx.AsyncClient() as client:
            async with AsyncHttpTransport(node.url, client=client) as transport:
                await transport.ask([Request("eth_chainId")])
            return client.is_closed

    assert asyncio.run(main()) is False


def test_constructors_do_no_io() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from zkcore.explore import *; from zkcore.rpc import *; "
        "HttpTransport('http://x.invalid'); Client('http://x.invalid'); "
        "AsyncHttpTransport('http://x.invalid'); print('httpx' in sys.modules, 'asyncio' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]

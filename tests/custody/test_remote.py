"""web3signer and Clef: a transaction that comes back changed is refused by name, and every other answer is what it is."""

import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from signers import RemoteSigner, from_uri
from signers.remote import Api
from tests.custody.services import ADDRESS, OTHER, Remote, serving
from zkcore.errors import (
    AccessDenied,
    BadSignature,
    InputError,
    KeyUnusable,
    SignerTimeout,
    SignerUnavailable,
    TransactionChanged,
    UnsupportedBySigner,
    UserRejected,
    WrongDevice,
)
from zkcore.transactions import Eip1559Transaction, Eip2930Transaction, LegacyTransaction

TX = Eip1559Transaction(
    chain_id=324,
    nonce=1,
    max_priority_fee_per_gas=2,
    max_fee_per_gas=3,
    gas_limit=21_000,
    to=ADDRESS,
    value=3,
    data="0x01",
)
JSON: list[Api] = ["web3signer", "clef"]


@pytest.mark.parametrize("api", JSON)
@pytest.mark.parametrize(
    ("field", "value"),
    [("gas_limit", 99), ("to", "0x" + "11" * 20), ("value", 4), ("data", "0x02"), ("nonce", 9), ("chain_id", 1)],
)
def test_a_changed_transaction_is_refused_by_name(api: Api, field: str, value: Any) -> None:
    remote = Remote()
    remote.change = lambda fields: fields | {field: value}
    with serving(remote) as url, RemoteSigner(url, ADDRESS, api=api) as signer:
        with pytest.raises(TransactionChanged, match=f"{field}: asked .*, signed ") as caught:
            signer.sign_transaction(TX)
        assert list(caught.value.changes) == [field]


@pytest.mark.parametrize("api", JSON)
@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        ({"result": "0x"}, BadSignature, "no transaction"),
        ({"result": "0x" + TX.unsigned_bytes().hex()}, BadSignature, "did not sign"),
        ({"result": {"tx": {}}}, BadSignature, "no transaction"),
        ({"result": 5}, BadSignature, "no transaction"),
        ({"result": None}, BadSignature, "no transaction"),
        ({"error": {"code": -32000, "message": "Request denied"}}, UserRejected, "Request denied"),
        ({"error": {"code": -32000, "message": "unknown account"}}, KeyUnusable, "unknown account"),
        ({"error": {"code": -32601, "message": "no such method"}}, UnsupportedBySigner, "no such method"),
        ({"error": {"code": -32603, "message": "boom"}}, SignerUnavailable, "boom"),
    ],
)
def test_what_else_it_may_answer(api: Api, reply: Any, kind: type[Exception], said: str) -> None:
    remote = Remote()
    remote.reply = lambda method: (200, reply)
    with serving(remote) as url, RemoteSigner(url, ADDRESS, api=api) as signer, pytest.raises(kind, match=said):
        signer.sign_transaction(TX)
    assert len(remote.asked) == 1  # a person is asked once


@pytest.mark.parametrize("api", JSON)
@pytest.mark.parametrize("told", [["0x" + "11" * 19], ["0x" + "aB" * 20], [5], "0x" + "11" * 20, None])
def test_accounts_that_are_none_are_no_fault_of_the_caller(api: Api, told: Any) -> None:
    remote = Remote()
    remote.reply = lambda method: (200, {"result": told})
    with serving(remote) as url, RemoteSigner(url, ADDRESS, api=api) as signer, pytest.raises(BadSignature):
        signer.accounts()


@pytest.mark.parametrize("api", [*JSON, "web3signer-rest"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AccessDenied), (403, AccessDenied), (404, KeyUnusable), (429, SignerUnavailable), (500, SignerUnavailable)],
)
def test_http_refusals(api: Api, status: int, kind: type[Exception]) -> None:
    remote = Remote()
    remote.reply = lambda method: (status, "no")
    with (
        serving(remote) as url,
        RemoteSigner(url, ADDRESS, api=api) as signer,
        pytest.raises(kind, match=str(status) + "|rate"),
    ):
        signer.sign_message(b"x")
    assert len(remote.asked) == 1


@pytest.mark.parametrize("api", [*JSON, "web3signer-rest"])
def test_a_slow_answer_and_a_lost_one(api: Api) -> None:
    remote = Remote()
    remote.reply = lambda method: time.sleep(1) or None
    with (
        serving(remote) as url,
        RemoteSigner(url, ADDRESS, api=api, timeout=0.2) as signer,
        pytest.raises(SignerTimeout),
    ):
        signer.sign_message(b"x")
    with RemoteSigner(url, ADDRESS, api=api) as signer, pytest.raises(SignerUnavailable):
        signer.sign_message(b"x")


def test_eth_sign_is_for_messages_alone() -> None:
    remote = Remote()
    with serving(remote) as url, RemoteSigner(url, ADDRESS) as signer:
        signer.sign_transaction(TX)
        signer.sign_message(TX.signing_hash())
    assert [method for method, _ in remote.asked] == ["eth_signTransaction", "eth_sign"]
    assert remote.asked[0][1] == [
        {
            "from": str(ADDRESS), "chainId": "0x144", "nonce": "0x1", "maxPriorityFeePerGas": "0x2", "maxFeePerGas": "0x3",
            "gas": "0x5208", "to": str(ADDRESS), "value": "0x3", "data": "0x01",
        }
    ]  # fmt: skip


def test_what_web3signer_would_drop_is_refused_before_it_is_asked() -> None:
    remote = Remote()
    access = [(ADDRESS, ())]
    legacy = LegacyTransaction(nonce=1, gas_price=2, gas_limit=3, to=None, chain_id=None)
    with serving(remote) as url, RemoteSigner(url, ADDRESS) as signer:
        for tx in (
            Eip2930Transaction(chain_id=1, nonce=1, gas_price=1, gas_limit=1, to=None),
            Eip1559Transaction(
                chain_id=1, nonce=1, max_priority_fee_per_gas=1, max_fee_per_gas=1, gas_limit=1, to=None, access_list=access
            ),
            legacy,
        ):  # fmt: skip
            with pytest.raises(UnsupportedBySigner):
                signer.sign_transaction(tx)
        assert not remote.asked
        assert RemoteSigner(url, ADDRESS, api="web3signer-rest").sign_transaction(legacy)


def test_a_web3signer_of_another_chain() -> None:
    remote = Remote()
    remote.chain_id = 1
    with (
        serving(remote) as url,
        RemoteSigner(url, ADDRESS) as signer,
        pytest.raises(TransactionChanged, match="chain_id: asked 324, signed 1"),
    ):
        signer.sign_transaction(TX)


def test_headers_and_client_certificates(authority: Any, tmp_path: Path) -> None:
    import httpx

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    server.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    remote = Remote()
    apis: list[Api] = ["web3signer", "web3signer-rest", "clef"]
    with serving(remote, server) as url:
        for api in apis:
            with (
                httpx.Client(verify=client) as without,
                RemoteSigner(url, ADDRESS, client=without, api=api) as signer,
                pytest.raises(SignerUnavailable),
            ):
                signer.sign_message(b"x")
        authority.issue_cert("us@client").configure_cert(client)
        for api in apis:
            with httpx.Client(verify=client) as own:
                signer = RemoteSigner(url, ADDRESS, headers={"authorization": "Bearer topsecret"}, client=own, api=api)
                signer.sign_message(b"x")
                signer.close()
                assert not own.is_closed
            assert "topsecret" not in repr(signer)
    assert {headers["authorization"] for headers in remote.headers} == {"Bearer topsecret"}


def test_a_key_that_web3signer_does_not_have() -> None:
    with serving(Remote()) as url, RemoteSigner(url, "0x" + "11" * 20, api="web3signer-rest") as signer:
        with pytest.raises(KeyUnusable, match=f"has no key of 0x1{{40}}, but of .*{ADDRESS}"):
            signer.sign_message(b"x")
        assert ADDRESS in signer.accounts()


@pytest.mark.parametrize("api", ["web3signer", "clef"])
def test_by_uri_its_only_account_is_found(api: str) -> None:
    remote = Remote()
    with serving(remote) as url:
        signer: Any = from_uri(f"{api}:{url}")
        assert signer.address == ADDRESS
        signer.sign_transaction(TX)
        signer.close()
        with pytest.raises(InputError, match="one of its accounts: 0x"):
            from_uri(f"web3signer-rest:{url}")
        by_name: Any = from_uri(f"web3signer-rest:{url}?address={ADDRESS}&timeout=5")
        assert by_name.sign_message(b"x")
        remote.faults.key = OTHER
        with pytest.raises((BadSignature, WrongDevice)):
            by_name.sign_message(b"x")


def test_a_query_stays_behind_the_path() -> None:
    remote, paths = Remote(), list[str]()
    rest = remote.rest
    remote.rest = lambda path, body: paths.append(path) or rest(path.partition("?")[0], body)  # type: ignore[method-assign,func-returns-value]
    with serving(remote) as url, RemoteSigner(f"{url}/?token=t", ADDRESS, api="web3signer-rest") as signer:
        signer.sign_message(b"x")
    assert len(paths) == 2
    assert all(path.startswith("/api/v1/eth1/") and path.endswith("?token=t") for path in paths)


def test_what_cannot_be_one_is_refused_at_once() -> None:
    for arguments in ({"api": "frame"}, {"timeout": 0}):
        with pytest.raises(InputError):
            RemoteSigner("http://localhost:1", ADDRESS, **arguments)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="url"):
        RemoteSigner("localhost:1", ADDRESS)

"""The stand-ins for nodes that zkcore offers to tests: scripted, counting, refusing, recording and replaying."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from tests.rpc import samples as s
from tests.rpc.node import QUICK, Error, Node, drop
from zkcore.effects import Flow, attempt, gather, now, report, sleep
from zkcore.errors import InputError, NodeError, NodeTimeout, NodeUnreachable, RateLimited, Reverted, RpcError
from zkcore.explore import AsyncClient, Client
from zkcore.explore import calls as explored
from zkcore.methods import calls
from zkcore.protocol.reverts import decode_revert
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits, Request
from zkcore.testing import (
    AsyncCounting,
    AsyncNoSend,
    AsyncRecorder,
    AsyncReplay,
    AsyncScriptedTransport,
    Counting,
    NoSend,
    Recorder,
    Replay,
    ScriptedTransport,
    play,
    reply_of,
)
from zkcore.wallet.drivers import Driver

CHAIN_ID, GAS_PRICE = Request("eth_chainId"), Request("eth_gasPrice")


def shown(replies: Any) -> list[Any]:
    return [bytes(memoryview(reply)).decode() if isinstance(reply, Raw) else repr(reply) for reply in replies]


# ---------------------------------------------------------------- play
def test_play_feeds_waves_and_moves_the_clock() -> None:
    def flow() -> Flow[tuple[int, float]]:
        while (block := (yield from explored.get_block("l1"))) is None:
            yield from report("not yet")
            yield from sleep(2.5)
        return block.number, (yield from now())

    played = play(flow(), [None], [None], [s.BLOCK])
    assert (played.value, played.clock, played.reports) == ((5, 5.0), 5.0, ["not yet"] * 2)
    assert played.methods == [["eth_getBlockByNumber"]] * 3


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ([], "wave 1: 0 replies are scripted"),
        ([["0x1"]], r"wave 1: 1 replies are scripted for \['l1 eth_chainId \(\)', 'l2 eth_chainId \(\)'\]"),
        ([["0x1", "0x2"], ["0x3"]], "2 waves are scripted, 1 were asked"),
    ],
)
def test_play_wants_just_the_waves_of_the_script(script: list[list[str]], text: str) -> None:
    with pytest.raises(AssertionError, match=text):
        play(gather(calls.chain_id("l1"), calls.chain_id("l2")), *script)


def test_play_gives_failures() -> None:
    timeout = NodeTimeout("late")
    assert play(attempt(calls.chain_id("l1"), NodeTimeout), [timeout]).value is timeout


# ---------------------------------------------------------------- scripted
def test_a_scripted_transport_answers_from_its_lists() -> None:
    node = ScriptedTransport(["0x1", NodeTimeout("late")], ["0xabc"])
    assert shown(node.ask([CHAIN_ID, GAS_PRICE])) == ['"0x1"', "NodeTimeout('late')"]
    assert shown([node.send_raw(b"\2")]) == ['"0xabc"']
    assert (node.waves, node.sent) == ([(CHAIN_ID, GAS_PRICE)], [b"\2"])
    for act in (lambda: node.ask([CHAIN_ID]), lambda: node.send_raw(b"\2")):
        with pytest.raises(AssertionError, match="0 replies are scripted"):
            act()
    node.close()
    assert node.closed


def test_a_scripted_transport_answers_by_a_function() -> None:
    node = ScriptedTransport(answer=lambda request: request.method)
    assert shown([*node.ask([CHAIN_ID]), node.send_raw(b"\2")]) == ['"eth_chainId"', '"eth_sendRawTransaction"']


def test_no_stand_in_lets_a_wave_send(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for node in (ScriptedTransport(["0x1"]), Replay(tmp_path / "empty", node="l1")):
        with pytest.raises(AssertionError, match="only send_raw may send"):
            node.ask([Request("eth_sendRawTransaction", ("0x00",))])


def test_reply_of() -> None:
    raw = Raw(b"1")
    error = NodeError("x")
    assert reply_of(raw) is raw
    assert reply_of(error) is error
    assert shown([reply_of({"a": None})]) == ['{"a":null}']


# ---------------------------------------------------------------- counting, refusing
def test_counting(node: Node) -> None:
    node.results["eth_sendRawTransaction"] = s.H1
    with HttpTransport(node.url, limits=Limits(batch=2)) as transport:
        counting = Counting(transport)
        counting.ask([CHAIN_ID, GAS_PRICE, Request("eth_blockNumber")])
        counting.ask([CHAIN_ID])
        counting.send_raw(b"\2")
    assert (counting.asks, counting.calls, counting.sends, counting.http_requests) == (2, 4, 1, 4)
    assert counting.methods["eth_chainId"] == 2
    assert Counting(ScriptedTransport()).http_requests == 0


def test_counting_async(node: Node) -> None:
    async def main() -> AsyncCounting:
        async with AsyncHttpTransport(node.url) as transport:
            counting = AsyncCounting(transport)
            await counting.ask([CHAIN_ID, GAS_PRICE])
            await counting.send_raw(b"\2")
            return counting

    counting = asyncio.run(main())
    assert (counting.asks, counting.calls, counting.sends, counting.http_requests) == (1, 2, 1, 2)


def test_no_send() -> None:
    node = ScriptedTransport(["0x1"])
    with pytest.raises(AssertionError, match="nothing may be sent here, and this was: 0x02"):
        NoSend(node).send_raw(b"\2")
    assert shown(NoSend(node).ask([CHAIN_ID])) == ['"0x1"']
    with pytest.raises(AssertionError, match="nothing may be sent here"):
        asyncio.run(AsyncNoSend(AsyncScriptedTransport()).send_raw(b"\2"))
    assert node.sent == []


# ---------------------------------------------------------------- transcripts
ERRORS: list[Exception] = [
    RpcError(where="http://x eth_call", code=-32000, message="header not found", data={"a": 1}),
    Reverted("Error", ("no",), where="eth_call"),
    decode_revert(bytes.fromhex("826fb11e"), where="eth_call"),
    RateLimited("slow down", retry_after=1.5),
    NodeTimeout("late"),
    LookupError("of somebody's own transport"),
]


def test_a_transcript_gives_back_what_it_heard(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    script = [["0x1", s.ERA_RECEIPT], *[[error] for error in ERRORS], [s.H1]]
    asked = [
        [CHAIN_ID, Request("eth_getTransactionReceipt", (s.H1,))],
        *[[Request("eth_call", (i,))] for i in range(len(ERRORS))],
    ]
    recorder = Recorder(ScriptedTransport(*script), path, node="l2")
    heard = [shown(recorder.ask(wave)) for wave in asked] + [shown([recorder.send_raw(b"\2\1")])]
    recorder.close()
    replay = Replay(path, node="l2")
    again = [replay.ask(wave) for wave in asked] + [[replay.send_raw(b"\2\1")]]
    assert [shown(wave) for wave in again][:-2] == heard[:-2]
    assert shown(again[-1]) == heard[-1]
    errors = [wave[0] for wave in again[1:-1]]
    assert [type(error) for error in errors] == [*map(type, ERRORS[:-1]), NodeError]
    assert [str(error) for error in errors] == [str(error) for error in ERRORS]
    assert vars(errors[0]) == vars(ERRORS[0])
    assert (errors[0].data, errors[3].retry_after) == ({"a": 1}, 1.5)  # type: ignore[union-attr]
    assert (errors[2].name, errors[2].data) == ("InsufficientChainBalance", b"\x82\x6f\xb1\x1e")  # type: ignore[union-attr]


def test_a_transcript_of_two_nodes_replays_a_flow_offline(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    node.results["eth_call"] = Error(3, "execution reverted", "0x826fb11e")

    def step() -> Flow[tuple[int, bytes | Reverted, int]]:
        request = calls.CallRequest(to=s.A1)
        return gather(calls.chain_id("l1"), attempt(calls.call_raw("l2", request), Reverted), explored.gas_price("l2"))

    with HttpTransport(node.url) as l1, HttpTransport(node.url) as l2:
        first = Driver(Recorder(l1, path, node="l1"), Recorder(l2, path, node="l2")).run(step())
    asked = len(node.requests)
    second = Driver(Replay(path, node="l1"), Replay(path, node="l2")).run(step())
    assert (first[0], str(first[1]), first[2]) == (second[0], str(second[1]), second[2]) == (5, str(first[1]), 7)
    assert len(node.requests) == asked
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_equal_calls_are_replayed_in_order_and_the_last_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    recorder = Recorder(ScriptedTransport(["0x1"], ["0x2"]), path, node="l1")
    recorder.ask([CHAIN_ID])
    recorder.ask([CHAIN_ID])
    replay = Replay(path, node="l1")
    assert [shown(replay.ask([CHAIN_ID])) for _ in range(4)] == [['"0x1"'], ['"0x2"'], ['"0x2"'], ['"0x2"']]
    assert shown(replay.ask([GAS_PRICE])) == ["NodeError('eth_gasPrice () is not in the transcript')"]
    assert shown(Replay(path, node="l2").ask([CHAIN_ID])) == ["NodeError('eth_chainId () is not in the transcript')"]


def test_secrets_are_not_in_a_transcript(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    url = f"http://alice:pa55w0rd@127.0.0.1:{node.server_address[1]}/v3/k3yInThePath"
    node.script = [drop] * 3
    node.results["eth_gasPrice"] = 'my "quoted" secret'
    with HttpTransport(url, limits=QUICK) as inner:
        recorder = Recorder(inner, path, node="l1", secrets=['my "quoted" secret', ""])
        recorder.ask([CHAIN_ID])
        recorder.ask([GAS_PRICE])
    text = path.read_text()
    assert "NodeUnreachable" in text
    assert '"result":"***"' in text
    assert not [secret for secret in ("alice", "pa55w0rd", "k3yInThePath", "quoted") if secret in text]


def test_transcripts_async(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"

    async def main() -> list[Any]:
        recorder = AsyncRecorder(AsyncScriptedTransport(["0x1"], [s.H1]), path, node="l1")
        heard = [*await recorder.ask([CHAIN_ID]), await recorder.send_raw(b"\2")]
        await recorder.aclose()
        replay = AsyncReplay(path, node="l1")
        again = [*await replay.ask([CHAIN_ID]), await replay.send_raw(b"\2")]
        await replay.aclose()
        return [shown(heard), shown(again)]

    heard, again = asyncio.run(main())
    assert heard == again == ['"0x1"', f'"{s.H1}"']


# ---------------------------------------------------------------- the client
def test_a_client_runs_calls_in_one_batch(node: Node) -> None:
    node.results["eth_getBlockByNumber"] = s.BLOCK
    with Client(node.url) as client:
        block, price = client.run(gather(explored.get_block("l1"), explored.gas_price("l2")))
    assert block is not None
    assert (block.number, price, node.sizes) == (5, 7, [2])


def test_an_async_client(node: Node) -> None:
    async def main() -> int:
        async with AsyncClient(node.url) as client:
            return await client.run(calls.chain_id("l2"))

    assert asyncio.run(main()) == 5


def test_a_client_takes_a_transport_and_raises_what_the_call_raises() -> None:
    scripted = ScriptedTransport([NodeUnreachable("gone")], ["0x"])
    with Client(scripted) as client:
        with pytest.raises(NodeUnreachable, match="gone"):
            client.run(calls.chain_id("l1"))
        with pytest.raises(NodeError, match=r"eth_chainId: expected a quantity .*, got '0x'"):
            client.run(calls.chain_id("l1"))
        with pytest.raises(InputError, match="a client runs calls"):
            client.run(sleep(5))
    assert scripted.closed

"""What `observe=` is told: every flow, wave, call, signature, send and change of state; nothing that is secret."""

import asyncio
import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA
from zkcore import ETH, AsyncWallet, Journal, Wallet, ether
from zkcore.errors import NodeUnreachable, ZkCoreError
from zkcore.observe import JsonLines, Logs, OpenTelemetry, Span
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.faults import Status
from zkcore.wallet.keeper import Keeper, KeeperPolicy


class Heard(list[Span]):
    """A hook that keeps what it is told."""

    def __call__(self, span: Span, /) -> None:
        self.append(span)

    @property
    def ended(self) -> list[Span]:
        return [span for span in self if span.seconds is not None]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.ended if span.name == name]


def opened(net: Devnet, hook: Any, journal: Any = None, who: int = 0) -> Wallet:
    signer = PrivateKeySigner(net.accounts[who].private_key)
    return Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url, journal=journal, observe=hook)


def check(heard: Heard) -> None:
    """What begins ends, once, within what it is part of; ids are unlike."""
    begun = [span for span in heard if span.seconds is None]
    assert len({span.id for span in begun}) == len(begun)
    assert {span.name for span in begun} <= {"flow", "wave", "sign", "send"}
    ends = Counter(span.id for span in heard.ended)
    assert set(ends.values()) == {1}
    assert {span.id for span in begun} <= set(ends)
    of = {span.id: span for span in heard.ended}
    for span in heard.ended:
        assert span.seconds is not None
        if span.name != "flow" and span.parent is not None:
            around = of[span.parent]
            assert around.at <= span.at + 0.05
            assert around.name in {"call": ("wave",)}.get(span.name, ("flow",))
    sums = {name: sum(int(w.attributes[name]) for w in heard.named("wave")) for name in ("l1", "l2")}
    calls = Counter(str(call.attributes["chain"]) for call in heard.named("call"))
    assert sums == {"l1": calls["l1"], "l2": calls["l2"]}


@ERA
def test_a_deposit_there_is_told_from_its_first_call_to_its_last_state(net: Devnet, tmp_path: Path) -> None:
    heard = Heard()
    with Journal(tmp_path / "ops.sqlite") as journal, opened(net, heard, journal) as wallet:
        wallet.deposit(ETH, AMOUNT, reference="order 1").wait(timeout=30)
        wallet.get_balance()
        wallet.quote_deposit(ETH, AMOUNT)
    check(heard)
    flows = [str(span.attributes["flow"]) for span in heard.named("flow")]
    assert flows == ["ordering", "wait", "get_balance", "quote_deposit"]
    assert {span.attributes["account"] for span in heard.named("flow")} == {str(net.accounts[0].address)}
    (sign,) = heard.named("sign")
    assert sign.attributes == {"reference": "order 1", "kind": "deposit", "chain_id": net.profile.l1_chain_id}
    (send,) = heard.named("send")
    assert send.attributes == {"chain": "l1", "transactions": 1}
    states = [(span.attributes["reference"], span.attributes["state"]) for span in heard.named("state")]
    assert [state for reference, state in states if reference == "order 1"] == ["asked", "signed", "sent", "done"]
    assert not [span for span in heard.ended if span.error and span.name != "call"]


@ERA
def test_the_same_by_an_async_wallet_many_at_once(net: Devnet) -> None:
    heard = Heard()

    async def program() -> None:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url, observe=heard) as wallet:
            handles = await asyncio.gather(*[wallet.deposit(ETH, AMOUNT + i, reference=f"{i}") for i in range(5)])
            await asyncio.gather(*[handle.wait(timeout=30) for handle in handles])

    asyncio.run(program())
    check(heard)
    assert len(heard.named("sign")) == 5
    assert sum(int(span.attributes["transactions"]) for span in heard.named("send")) == 5
    flows = Counter(str(span.attributes["flow"]) for span in heard.named("flow"))
    assert flows == {"ordering": 1, "wait": 5}
    parents = {span.id: span.parent for span in heard.ended}
    waits = [span.id for span in heard.named("flow") if span.attributes["flow"] == "wait"]
    # side by side, and each wave is its own flow's
    assert {parents[span.id] for span in heard.named("wave")} >= set(waits)
    done = [span for span in heard.named("state") if span.attributes["state"] == "done"]
    assert {parents[span.id] for span in done} <= {*waits, *[s.id for s in heard.named("flow")]}
    assert len(done) == 5


@ERA
def test_errors_are_told_by_their_class_and_no_secret_is(net: Devnet) -> None:
    """The key of the URL, the signer's key, the header, the calldata: none of them is in anything that is told."""
    heard = Heard()
    key = net.accounts[0].private_key
    secret = "s3cr3t-api-key"
    url = net.l1_url + f"/v2/{secret}?token={secret}"
    wallet = Wallet(PrivateKeySigner(key), chain=net.profile, l1=url, l2="http://127.0.0.1:9/" + secret, observe=heard)
    with wallet, pytest.raises(ZkCoreError):
        wallet.deposit(ETH, AMOUNT)
    with opened(net, heard) as wallet:
        wallet.deposit(ETH, AMOUNT, reference="order 1")
        net.faults.add(Status(403), node="l1", times=50)
        with pytest.raises(ZkCoreError):
            wallet.get_l1_balance()
        net.faults.clear()
        deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
    check(heard)
    errors = {span.error for span in heard.ended if span.error}
    assert NodeUnreachable.__name__ in errors
    assert all(error.isidentifier() for error in errors)
    failed = next(span for span in heard.named("flow") if span.error)
    assert failed.attributes["flow"] == "ordering"
    told = repr(list(heard))
    raws = [str(entry.handle) for entry in wallet.in_flight()] + [deposit._record.signed or "-" * 99]
    for hidden in (secret, key, key[2:], net.l1_url, "127.0.0.1", *[raw[10:60] for raw in raws]):
        assert hidden not in told


@ERA
def test_a_hook_that_fails_ends_nothing(net: Devnet, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Span) -> None:
        raise RuntimeError("of the hook")

    with opened(net, broken) as wallet:
        assert wallet.deposit(ETH, AMOUNT).wait(timeout=30).status == 1
    assert "the hook of observe= failed" in caplog.text


@ERA
def test_a_keeper_tells_each_change_once(net: Devnet, tmp_path: Path) -> None:
    heard = Heard()
    with Journal(tmp_path / "ops.sqlite") as journal, opened(net, heard, journal) as wallet:
        wallet.deposit(ETH, ether("1")).wait(timeout=30)
        wallet.withdraw(ETH, AMOUNT, reference="payout")
        keeper = Keeper([wallet], policy=KeeperPolicy(interval=0.05))
        for _ in range(60):
            keeper.round()
            if not wallet.in_flight():
                break
    check(heard)
    assert "round" in {span.attributes["flow"] for span in heard.named("flow")}
    states = Counter((span.attributes["reference"], span.attributes["state"]) for span in heard.named("state"))
    assert set(states.values()) == {1}
    assert ("payout", "done") in states


# ---------------------------------------------------------------- logs
@ERA
def test_logs_for_people_and_as_json(net: Devnet, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "zkcore.observe"), opened(net, Logs()) as wallet:
        wallet.deposit(ETH, AMOUNT, reference="order 1").wait(timeout=30)
        net.faults.add(Status(403), node="l1", times=50)
        with pytest.raises(ZkCoreError):
            wallet.get_l1_balance()
        net.faults.clear()
    ours = [record for record in caplog.records if record.name == "zkcore.observe"]
    infos = [record.getMessage().split()[0] for record in ours if record.levelno == logging.INFO]
    assert {"sign", "send", "state"} == set(infos)
    assert any("reference=order 1 state=done" in record.getMessage() for record in ours)
    warned = [record for record in ours if record.levelno == logging.WARNING]
    assert {record.getMessage().split()[0] for record in warned} >= {"flow", "call"}
    lines = [json.loads(JsonLines().format(record)) for record in ours]
    sign = next(line for line in lines if line.get("span") == "sign")
    assert (sign["reference"], sign["level"], sign["logger"]) == ("order 1", "INFO", "zkcore.observe")
    assert sign["seconds"] >= 0
    assert all(line["time"].endswith("+00:00") for line in lines)
    other = logging.LogRecord("zkcore.keeper", logging.WARNING, "", 1, "a %s", ("word",), None)
    assert json.loads(JsonLines().format(other))["message"] == "a word"


# ---------------------------------------------------------------- OpenTelemetry
@ERA
def test_spans_and_counts_of_open_telemetry(net: Devnet, tmp_path: Path) -> None:
    kept, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    meters = MeterProvider([reader], shutdown_on_exit=False)
    hook = OpenTelemetry(tracer_provider=tracers, meter_provider=meters)
    tracer = tracers.get_tracer("program")
    with Journal(tmp_path / "ops.sqlite") as journal, opened(net, hook, journal) as wallet:
        with tracer.start_as_current_span("request of a customer"):
            wallet.deposit(ETH, AMOUNT, reference="order 1").wait(timeout=30)
        net.faults.add(Status(403), node="l1", times=50)
        with pytest.raises(ZkCoreError):
            wallet.get_l1_balance()
        net.faults.clear()
    spans = kept.get_finished_spans()
    by_id = {span.context.span_id: span for span in spans if span.context}
    flow = next(span for span in spans if span.attributes and span.attributes.get("flow") == "ordering")
    assert flow.parent is not None
    assert by_id[flow.parent.span_id].name == "request of a customer"
    inner = {span.name for span in spans if span.parent and by_id[span.parent.span_id] is flow}
    assert inner == {"zkcore.wave", "zkcore.sign", "zkcore.send"}
    waves = [span for span in spans if span.name == "zkcore.wave"]
    assert all(event.name == "zkcore.call" for span in waves for event in span.events)
    assert sum(len(span.events) for span in waves) == sum(
        int(str(span.attributes["l1"])) + int(str(span.attributes["l2"])) for span in waves if span.attributes
    )
    states = [str(event.attributes["state"]) for span in spans for event in span.events if event.attributes
              and event.name == "zkcore.state" and event.attributes["reference"] == "order 1"]  # fmt: skip
    assert states == ["asked", "signed", "sent", "done"]
    failed = [span for span in spans if not span.status.is_ok and span.status.description]
    assert {span.name for span in failed} == {"zkcore.flow"}
    told = [event.attributes for span in waves for event in span.events if event.attributes]
    assert any("error.type" in attributes for attributes in told)
    assert all(span.end_time and span.start_time and span.end_time >= span.start_time for span in spans)
    assert not hook._open

    data = reader.get_metrics_data()
    assert data is not None
    points: dict[str, list[Any]] = {
        metric.name: list(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert sum(point.value for point in points["zkcore.send.transactions"]) == 1
    counted = {str(p.attributes["state"]): p.value for p in points["zkcore.state.count"]}
    assert counted == {"asked": 1, "signed": 1, "sent": 1, "done": 1}
    methods = {str(point.attributes["method"]) for point in points["zkcore.call.count"]}
    assert "eth_getTransactionReceipt" in methods
    (signed,) = points["zkcore.sign.duration"]
    assert signed.count == 1
    every = repr([dict(span.attributes or {}) for span in spans]) + repr(points)
    assert net.l1_url not in every


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    with pytest.raises(ZkCoreError, match=r"pip install 'zkcore\[otel\]'"):
        OpenTelemetry()


def test_importing_the_hooks_loads_no_open_telemetry() -> None:
    from tests.repo.test_rooms import loaded_by

    assert "opentelemetry" not in loaded_by("from zkcore.observe import Logs, Span; from zkcore import Wallet")

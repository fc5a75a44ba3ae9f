"""`kill -9` in a send, Ctrl-C in a send, answers that are lost: `resume` goes on, and nothing is paid twice."""

import json
import signal
import time

import pytest

from tests.cli.tool import Cli
from zkcore import ether
from zkcore.cli.exits import Exit
from zkcore.cli.run import Run
from zkcore.cli.sending import finish
from zkcore.testing.devnet import Devnet, Drop, Timeout
from zkcore.types import Hash32

SEND = "eth_sendRawTransaction"


def sends(net: Devnet) -> set[str]:
    return set(net.faults.requests("l1").sends)


def until_sent(net: Devnet) -> None:
    deadline = time.monotonic() + 60
    while not sends(net):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def arrived(net: Devnet) -> int:
    return int(net.l2.rpc("eth_getBalance", str(net.accounts[1].address), "latest"), 16)


@pytest.mark.parametrize("lost", [Timeout(), Drop(after=True)], ids=["not carried out", "carried out"])
def test_killed_in_a_send_it_is_resumed_and_paid_once(cli: Cli, net: Devnet, lost: Timeout | Drop) -> None:
    net.faults.requests("l1").clear()
    net.faults.add(lost, node="l1", method=SEND)
    order = (
        "deposit",
        "0.1",
        "eth",
        "--to",
        str(net.accounts[1].address),
        "--yes",
        "--reference",
        "job 7",
        "--no-wait",
    )
    process = cli.start(*order)
    until_sent(net)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    net.faults.clear()
    (flying,) = cli("pending", "--json").json["pending"]
    assert flying["reference"] == "job 7"
    resumed = cli("resume", "--json")
    assert resumed.code == Exit.DONE, resumed
    assert [one["kind"] for one in resumed.json["resumed"]] == ["deposit"]
    assert cli("wait", "job 7").code == Exit.DONE
    again = cli(*order, "--json")
    assert again.code == Exit.DONE, again
    assert arrived(net) == ether("0.1")
    assert len(sends(net)) == 1
    assert cli("resume").out.strip() == "nothing is in flight"


def test_an_answer_that_never_comes_is_6(cli: Cli, net: Devnet) -> None:
    net.faults.requests("l1").clear()
    net.faults.add(Drop(), node="l1", method=SEND)
    told = cli("deposit", "0.1", "eth", "--to", str(net.accounts[1].address), "--yes", "--json")
    assert told.code == Exit.UNCERTAIN, told
    assert told.json["error"] == "SendUncertain"
    assert "zkcore resume" in told.json["hint"]
    net.faults.clear()
    assert cli("resume", "--json").json["resumed"]
    assert arrived(net) == ether("0.1")
    assert len(sends(net)) == 1


def test_ctrl_c_in_a_send_is_6(cli: Cli, net: Devnet) -> None:
    net.faults.requests("l1").clear()
    net.faults.add(Timeout(), node="l1", method=SEND)
    with cli.terminal("deposit", "0.1", "eth", "--to", str(net.accounts[1].address)) as shown:
        shown.until(r"send\? ")
        shown.type("y\n")
        until_sent(net)
        shown.type("\x03")
        assert shown.end() == Exit.UNCERTAIN
    assert "it may be out" in shown.seen
    assert "zkcore resume" in shown.seen
    net.faults.clear()
    assert cli("resume").code == Exit.DONE
    assert arrived(net) == ether("0.1")


@pytest.mark.parametrize("how", ["signed elsewhere", "resumed"])
def test_ctrl_c_while_what_was_signed_before_is_sent_is_6(cli: Cli, net: Devnet, how: str) -> None:
    order = ("deposit", "0.1", "eth", "--to", str(net.accounts[1].address))
    if how == "resumed":
        net.faults.add(Drop(), node="l1", method=SEND)
        assert cli(*order, "--yes").code == Exit.UNCERTAIN
        net.faults.clear()
        going: tuple[str, ...] = ("resume", "--json")
    else:
        assert cli("prepare", *order, "-o", "plan.json").code == Exit.DONE
        assert cli("sign", "plan.json", "--yes", "-o", "signed.json").code == Exit.DONE
        going = ("send", "signed.json", "--yes", "--json")
    net.faults.requests("l1").clear()
    net.faults.add(Timeout(), node="l1", method=SEND)
    process = cli.start(*going)
    until_sent(net)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    net.faults.clear()
    assert process.returncode == Exit.UNCERTAIN, out + err
    assert "nothing was sent" not in out + err
    assert cli("resume").code == Exit.DONE
    assert arrived(net) == ether("0.1")


def test_ctrl_c_once_it_is_sent_never_says_that_nothing_was(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the send and the end of the command the nodes are asked how far it is: that is looking, not sending."""
    monkeypatch.setenv("HOME", str(cli.home))

    class Sent:
        kind, l1_tx_hash = "deposit", Hash32(b"\x11" * 32)

        def status(self) -> None:
            raise KeyboardInterrupt

    run = Run({"no_wait": True, "json": True}, command="deposit")
    run.sent = True
    assert run.guarded(lambda run: finish(run, Sent()), {}) == Exit.NOT_READY
    told = json.loads(capsys.readouterr().out)
    assert told["go_on"] == f"zkcore wait {Sent.l1_tx_hash}"


def test_what_is_stuck_is_sped_up_and_each_signature_is_shown(cli: Cli, net: Devnet) -> None:
    net.l1.mining = False
    sent = cli("deposit", "0.1", "eth", "--to", str(net.accounts[1].address), "--yes", "--no-wait", "--json").json
    assert sent["status"]["phase"] == "L1_PENDING"
    shown = cli("speed-up", sent["l1_tx_hash"], "--dry-run")
    assert shown.code == Exit.DONE, shown
    assert "requestL2TransactionDirect" in shown.err
    assert "dry run: nothing was signed or sent" in shown.err
    assert len(sends(net)) == 1
    faster = cli("speed-up", sent["l1_tx_hash"], "--yes", "--no-wait", "--json")
    assert faster.code == Exit.DONE, faster
    assert "Transaction on chain 31337" in faster.err
    assert len(sends(net)) == 2
    net.l1.mining = True
    net.mine()
    net.run_deposits()
    assert cli("wait", sent["l1_tx_hash"]).code == Exit.DONE
    assert arrived(net) == ether("0.1")
    late = cli("cancel", sent["l1_tx_hash"], "--yes", "--json")
    assert late.code != Exit.DONE
    assert late.json["error"] != "TypeError"


def test_what_is_cancelled_is_not_paid(cli: Cli, net: Devnet) -> None:
    net.l1.mining = False
    sent = cli("deposit", "0.1", "eth", "--to", str(net.accounts[1].address), "--yes", "--no-wait", "--json").json
    gone = cli("cancel", sent["l1_tx_hash"], "--yes", "--no-wait", "--json")
    assert gone.code == Exit.DONE, gone
    assert gone.json["kind"] == "transaction"
    net.l1.mining = True
    net.mine(100)
    told = cli("wait", sent["l1_tx_hash"], "--json")
    assert told.code == Exit.FAILED, told
    assert arrived(net) == 0

"""On a pseudo-terminal: questions, progress, Ctrl-C."""

import json
import os
import re
import signal
import time
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.cli.tool import Cli
from zkcore import Journal
from zkcore.cli.exits import Exit
from zkcore.cli.run import Run
from zkcore.journal.entries import Entry
from zkcore.testing.devnet import Devnet
from zkcore.types import Address


def test_no_is_4_and_nothing_is_signed(cli: Cli, net: Devnet) -> None:
    with cli.terminal("deposit", "0.1", "eth") as shown:
        shown.until(r"send\? \[y/N\] ")
        assert "you asked for 0.1 ETH" in shown.seen
        shown.type("\n")
        assert shown.end() == Exit.REJECTED
    assert "nothing was signed or sent" in shown.seen
    assert not net.faults.requests("l1").sends


def test_ctrl_c_at_the_question_is_4(cli: Cli, net: Devnet) -> None:
    with cli.terminal("deposit", "0.1", "eth") as shown:
        shown.until(r"send\? \[y/N\] ")
        # a signal between the question and the read is noticed with the next key: no person is so quick
        time.sleep(0.5)
        shown.type("\x03")
        assert shown.end() == Exit.REJECTED
    assert "nothing was sent" in shown.seen
    assert "Traceback" not in shown.seen
    assert not net.faults.requests("l1").sends


def test_ctrl_c_stops_waiting_in_one_line_and_the_command_goes_on(cli: Cli, net: Devnet) -> None:
    net.l2.automatic_deposits = False  # type: ignore[attr-defined]
    try:
        with cli.terminal("deposit", "0.1", "eth") as shown:
            shown.until(r"send\? \[y/N\] ")
            shown.type("y\n")
            shown.until(r"L1 has included it; L2 has not taken it up yet \(\d+ s; usually 1 to 5 minutes\)")
            shown.type("\x03")
            assert shown.end() == Exit.NOT_READY
    finally:
        net.l2.automatic_deposits = True  # type: ignore[attr-defined]
    (go_on,) = re.findall(r"stopped waiting; nothing is lost\. Go on: zkcore (.*?)\r\n", shown.seen)
    assert "Traceback" not in shown.seen
    net.run_deposits()
    ended = cli(*go_on.split())
    assert ended.code == 0, ended
    assert "done: it ran on L2" in ended.out
    assert len(net.faults.requests("l1").sends) == 1


def test_colour_only_where_it_is_wanted(cli: Cli, net: Devnet) -> None:
    with cli.terminal("deposit", "0.1", "eth", "--dry-run", env={"NO_COLOR": "1"}) as shown:
        assert shown.end() == 0
    assert not re.search(r"\x1b\[\d*(;\d+)*m", shown.seen.replace("\x1b[1m", "").replace("\x1b[0m", ""))
    with cli.terminal("status", "nobody") as shown:
        assert shown.end() == Exit.USAGE
    assert "\x1b[31m" in shown.seen


def test_the_preview_fits_forty_columns(cli: Cli, net: Devnet) -> None:
    ended = cli("deposit", "5", "usdc", "--dry-run", env={"COLUMNS": "40"})
    assert max(map(len, ended.err.splitlines())) <= 40, ended.err
    wide = cli("deposit", "5", "usdc", "--dry-run")
    assert max(map(len, wide.err.splitlines())) <= 80, wide.err


def test_a_password_is_asked_for_and_not_shown(cli: Cli, net: Devnet) -> None:
    PrivateKeySigner(net.accounts[0].private_key).write_keystore(cli.home / "store.json", "open sesame", cost=2**10)
    with cli.terminal("accounts", "--keystore", "store.json") as shown:
        shown.until("password of store.json: ")
        shown.type("open sesame\n")
        assert shown.end() == 0
    assert str(net.accounts[0].address) in shown.seen
    assert "sesame" not in shown.seen


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_waits_is_told_to_programs_too(cli: Cli, net: Devnet, how: signal.Signals) -> None:
    net.l2.automatic_deposits = False  # type: ignore[attr-defined]
    try:
        sent = cli("deposit", "0.1", "eth", "--yes", "--no-wait", "--json").json["l1_tx_hash"]
        waiting = cli.start(
            "wait", sent, "--until", "l2", "--json", "--l1", net.l1_url, "--l2", f"{net.l2_url}/?key=secret"
        )
        assert waiting.stderr is not None
        while '"L1_INCLUDED"' not in waiting.stderr.readline():
            assert waiting.poll() is None
        waiting.send_signal(how)
        out, err = waiting.communicate(timeout=30)
    finally:
        net.l2.automatic_deposits = True  # type: ignore[attr-defined]
    assert waiting.returncode == Exit.NOT_READY
    told = json.loads(out)
    assert (told["stopped"], told["exit_code"]) == (True, "3")
    # what may be secret is not shown again, and it is said how to give it
    assert told["go_on"] == f"zkcore wait {sent} --until l2 --l1 {net.l1_url}"
    assert "its nodes as before: ZKCORE_L2" in err
    assert "secret" not in out + err


def test_what_is_only_asked_for_when_it_is_stopped_was_not_sent(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in memory, and stopped before the journal had it: what is signed is written before it is sent."""
    monkeypatch.setenv("HOME", str(cli.home))
    common: dict[str, Any] = {
        "kind": "deposit",
        "l1_chain_id": 1,
        "l2_chain_id": 324,
        "asked_at": 1.0,
        "changed_at": 1.0,
    }
    with Journal(cli.home / "journal") as journal:
        journal.ask(Entry(reference="one", state="asked", account=Address("0x" + "35" * 20), **common))
    for ordering, code in (("one", Exit.REJECTED), ("unknown", Exit.UNCERTAIN), ("", Exit.UNCERTAIN)):

        def stopped(run: Run, ordering: str = ordering) -> None:
            run.sent, run.ordering = True, ordering
            raise KeyboardInterrupt

        assert Run({"journal": str(cli.home / "journal")}, command="deposit").guarded(stopped, {}) == code


def test_stopped_while_its_journal_cannot_be_read_it_is_uncertain(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(cli.home))
    (cli.home / "journal").write_bytes(b"not a database" * 100)

    def stopped(run: Run) -> None:
        run.sent, run.ordering = True, "one"
        raise KeyboardInterrupt

    given = {"journal": str(cli.home / "journal"), "json": True}
    assert Run(given, command="deposit").guarded(stopped, {}) == Exit.UNCERTAIN
    assert json.loads(capsys.readouterr().out)["exit_code"] == "6"


def test_a_signal_before_it_began_is_one_line(cli: Cli) -> None:
    (cli.home / "rich.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="ascii")
    told = cli("chains", env={"PYTHONPATH": f"{cli.home}{os.pathsep}{cli.env['PYTHONPATH']}"})
    assert (told.code, told.out, told.err) == (Exit.REJECTED, "", "zkcore: stopped before it began\n")

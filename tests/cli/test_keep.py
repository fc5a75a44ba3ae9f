"""`zkcore keep` as a process: dry, with money to spend, over both journals, until SIGTERM."""

import json
import queue
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import pytest

from signers import PrivateKeySigner
from tests.cli.conftest import write_key
from tests.cli.test_crash import SEND, arrived, sends, until_sent
from tests.cli.tool import Cli
from tests.journal.postgres import Postgres
from zkcore import ETH, Wallet, ether
from zkcore.cli.exits import Exit
from zkcore.journal import Journal, PostgresJournal
from zkcore.testing.devnet import Devnet, Timeout


class Keeping:
    """A keeper that runs: its events, as they come."""

    def __init__(self, cli: Cli, *arguments: str) -> None:
        self.process = cli.start("keep", "--json", "--interval", "0.2", *arguments)
        self.events: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, seconds: float = 60.0, **wanted: object) -> dict[str, Any]:
        """The first event that has these."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events:
                if all(event.get(name) == value for name, value in wanted.items()):
                    return event
            assert time.monotonic() < deadline, (wanted, self.events)
            try:
                self.events.append(json.loads(self._lines.get(timeout=0.2)))
            except queue.Empty:
                assert self.process.poll() is None, self.process.communicate()

    def stop(self, how: int = signal.SIGTERM) -> dict[str, Any]:
        self.process.send_signal(how)
        last = self.until(event="stopped")
        assert self.process.wait(timeout=30) == Exit.DONE
        return last


@pytest.fixture
def two(cli: Cli, net: Devnet) -> Iterator[list[Wallet]]:
    """Two accounts, each with a withdrawal that is ready and a deposit that failed on L2, in the user's own journal."""
    where = cli.home / "ops.sqlite"
    wallets = []
    for who in (0, 1):
        write_key(cli.home / f"key{who}", net.accounts[who].private_key)
        signer = PrivateKeySigner(net.accounts[who].private_key)
        made = Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url, journal=Journal(where))
        made.deposit(ETH, ether("1")).wait(timeout=30)
        made.withdraw(ETH, ether("0.25"), reference=f"payout {who}")
        wallets.append(made)
    wallets[0].deposit(net.tokens["USDC"], 5).wait(timeout=30)
    net.fail_next_deposit()
    wallets[0].deposit(net.tokens["USDC"], 7, reference="invoice 0")
    yield wallets
    for made in wallets:
        made.close()


KEYS = ("--key-file", "key0", "--key-file", "key1")


def test_it_is_dry_about_money_and_says_what_is_due(cli: Cli, net: Devnet, two: list[Wallet]) -> None:
    before = len(net.faults.requests("l1").sends)
    for keys in (KEYS, ()):
        if not keys:
            cli.env["ZKCORE_KEY_FILE"] = ""  # nobody signs: the accounts are those of the journal
        with Keeping(cli, "--journal", "ops.sqlite", *keys) as keeping:
            started = keeping.until(event="started")
            assert {one["account"] for one in started["accounts"]} == {str(one.address) for one in two}
            assert {one["signs"] for one in started["accounts"]} == {bool(keys)}
            assert started["max_fee"] is None
            for one in two:
                due = keeping.until(event="due", account=str(one.address))
                assert due["reference"].split()[0] in {"finalize", "claim"}
            assert keeping.stop(signal.SIGINT if keys else signal.SIGTERM)["in_flight"] == "3"
            due_of = [event["reference"] for event in keeping.events if event["event"] == "due"]
            assert len(due_of) == len(set(due_of)), "said once"
    assert len(net.faults.requests("l1").sends) == before


def test_it_finalizes_and_claims_for_several_accounts(cli: Cli, net: Devnet, two: list[Wallet]) -> None:
    with Keeping(cli, "--journal", "ops.sqlite", *KEYS, "--max-fee", "0.05") as keeping:
        assert keeping.until(event="started")["max_fee"] == "0.05"
        for reference, state in (("payout 0", "done"), ("payout 1", "done"), ("invoice 0", "failed")):
            keeping.until(event="change", reference=reference, state=state)
        deadline = time.monotonic() + 30
        while any(one.in_flight() for one in two):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert keeping.stop()["in_flight"] == "0"
        assert {event["event"] for event in keeping.events} <= {"started", "change", "ordered", "stopped"}
    shown = cli("keep", "--journal", "ops.sqlite", *KEYS, "--max-fee", "0.05", "--once")
    assert shown.code == Exit.DONE, shown
    assert "spends at most 0.05 ether of fees for each transaction" in shown.out
    assert "stopped; 0 in flight" in shown.out


def test_a_ceiling_that_is_too_low_is_trouble_and_spends_nothing(cli: Cli, net: Devnet, two: list[Wallet]) -> None:
    before = len(net.faults.requests("l1").sends)
    told = cli("keep", "--journal", "ops.sqlite", *KEYS, "--max-fee", "0.0000001", "--once", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    trouble = [line for line in lines if line["event"] == "trouble"]
    assert {line["error"] for line in trouble} == {"FeeTooHigh"}
    assert "--max-fee" in trouble[0]["hint"]
    assert told.code == Exit.FAILED, told
    assert len(net.faults.requests("l1").sends) == before


def test_what_was_killed_in_its_send_is_sent_by_a_dry_keeper(cli: Cli, net: Devnet) -> None:
    net.faults.requests("l1").clear()
    net.faults.add(Timeout(), node="l1", method=SEND)
    to = str(net.accounts[1].address)
    process = cli.start("deposit", "0.1", "eth", "--to", to, "--yes", "--reference", "job 7", "--no-wait")
    until_sent(net)
    process.kill()
    process.communicate()
    net.faults.clear()
    with Keeping(cli) as keeping:
        keeping.until(event="change", reference="job 7", state="done")
        keeping.stop()
    assert arrived(net) == ether("0.1")
    assert len(sends(net)) == 1


def test_over_postgres(cli: Cli, net: Devnet) -> None:
    server = Postgres()
    try:
        dsn = server.dsn()
        cli.env["ZKCORE_JOURNAL"] = dsn
        sent = cli("deposit", "0.5", "eth", "--yes", "--json")
        assert sent.code == Exit.DONE, sent
        assert cli("withdraw", "0.1", "eth", "--yes", "--reference", "payout 9", "--json").code == Exit.DONE
        with Keeping(cli, "--max-fee", "0.05") as keeping:
            keeping.until(event="change", reference="payout 9", state="done")
            keeping.stop()
        with PostgresJournal(dsn) as journal:
            assert {entry.state for entry in journal.history()} == {"done"}
    finally:
        server.stop()


def test_trouble_with_a_node_is_said_once_and_ends_nothing(cli: Cli, net: Devnet, two: list[Wallet]) -> None:
    gone = ("--l2", "http://127.0.0.1:9")
    with Keeping(cli, "--journal", "ops.sqlite", *gone, "--account", str(two[0].address)) as keeping:
        assert keeping.until(event="trouble")["error"] == "NodeUnreachable"
        time.sleep(1.0)
        keeping.stop()
        assert len([event for event in keeping.events if event["event"] == "trouble"]) <= 3
    once = cli("keep", "--journal", "ops.sqlite", *gone, "--account", str(two[0].address), "--once")
    assert once.code == Exit.NODE, once


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--journal", "none"), "there is nothing to keep"),
        (("--interval", "0"), "interval: expected more than 0 seconds"),
        (("--interval", "soon"), "--interval: expected seconds, got 'soon'"),
        (("--replace-after", "x"), "--replace-after: expected seconds"),
        (("--max-fee", "much"), "much"),
        (("--account", "a.eth"), "names are not resolved"),
        (("--journal", "postgresql://ops:secret@db/bridge"), "no password is taken from the command line"),
        (("--journal=postgresql://db/bridge?password=secret",), "no password is taken from the command line"),
    ],
)
def test_what_cannot_be_kept_is_usage(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    ended = cli.here("keep", *arguments)
    assert ended.code == Exit.USAGE, ended
    assert told in ended.err
    assert "secret" not in ended.err


def test_nobody_to_keep_for(cli: Cli) -> None:
    ended = cli.here("keep", "--once", env={"ZKCORE_KEY_FILE": ""})
    assert ended.code == Exit.USAGE, ended
    assert "no account is named" in ended.err

"""The whole output of every command, for people and for programs, kept in snapshots/.

What sends is the real program as a process; what only reads is run within this one, which is ten times as fast (test_devnet runs
the same commands as processes).

What differs from run to run is masked: hashes by the order in which they are seen, ports, times, fees and what depends on them.
`ZKCORE_SNAPSHOTS=write` writes them anew; read what changed before it is committed.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.test_manners import COMMANDS, SUB
from tests.cli.tool import Cli, Result
from zkcore.cli.exits import Exit
from zkcore.testing.devnet import Devnet

KEPT = Path(__file__).parent / "snapshots"
CALLDATA = "0x095ea7b3" + "00" * 12 + "c9" * 20 + "00" * 31 + "05"
# what is shown elsewhere: they run until they are stopped (test_local, test_keep), or begin with a device (test_devices)
ELSEWHERE = {"devnet", "keep"}


class Story:
    """Runs commands one after the other, and keeps what each says."""

    def __init__(self, cli: Cli, net: Devnet) -> None:
        self.cli, self.net = cli, net
        self.told: dict[str, str] = {}
        self.previews: dict[str, str] = {}
        self.ran: set[str] = set()
        self._words: list[tuple[str, str]] = [
            (str(cli.home), "HOME"),
            (net.l1_url, "http://L1"),
            (net.l2_url, "http://L2"),
        ]

    def both(self, name: str, *arguments: str, code: int = Exit.DONE) -> None:
        """For people, and for programs."""
        self.run(name, *arguments, code=code, program=self.cli.here)
        self.run(f"{name}.json", *arguments, "--json", code=code, program=self.cli.here)

    def run(
        self, name: str, *arguments: str, code: int = Exit.DONE, program: Callable[..., Result] | None = None
    ) -> Result:
        ended = (program or self.cli)(*arguments)
        assert ended.code == code, (name, ended)
        places = [word for word in arguments if not word.startswith("-")][:2]
        self.ran |= {" ".join(places), places[0]}
        told = f"$ zkcore {' '.join(arguments)}\n{ended.out}--- stderr\n{ended.err}--- exit {ended.code}\n"
        self.told[name] = self._masked(told)
        if "--json" not in arguments and code == Exit.DONE:
            self.previews[name] = ended.err.partition("\nsent: ")[0]
        return ended

    def _masked(self, text: str) -> str:
        for word, name in self._words:
            text = text.replace(word, name)
        text = re.sub(r"(?<=HOME)[\w./\n -]*?(?=/)", "", text)
        seen: dict[str, str] = {}

        def numbered(found: re.Match[str]) -> str:
            return seen.setdefault(found[0], f"<hash {len(seen) + 1}>")

        text = re.sub(r"0x[0-9a-f]{65,}", "<bytes>", text)
        text = re.sub(r'(?m)^ +("(zkcore|signers)/\S+": \d+,?|[\d,]+  (zkcore|signers)/\S+)\n', "", text)  # of `audit`
        text = re.sub(r"[\d,]+ lines of code", "<number> lines of code", text)
        text = re.sub(r'"note": (null|"[^"]*")', '"note": <note>', text)  # where it was at that moment
        text = re.sub(r"(?m)^ +L[12]_[A-Z]+\n", "", text)
        text = re.sub(r"0x[0-9a-f]{64}", numbered, text)
        text = re.sub(r"\b[0-9a-f]{64}\b", numbered, text)
        text = re.sub(r"Python 3\.\d+\.\d+", "Python 3", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "<minute>", text)
        text = re.sub(r"\b\d+(\.\d+)? (s|min|ms)\b", "<time>", text)
        text = re.sub(r'("(?:seconds|asked_at|changed_at|at)": )[\d.]+', r"\1<time>", text)
        text = re.sub(r"\b\d+\.\d{5,}\b", "<amount>", text)
        text = re.sub(r"\b(?!0+\b|10+\b)\d{5,}\b(?!0{6})", "<number>", text)
        return re.sub(r"\bblock \d+", "block <n>", text)


@pytest.fixture(scope="module")
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    from tests.cli.conftest import write_key
    from zkcore.testing.devnet.__main__ import configuration

    with Devnet("era-eth") as net:
        made = Cli(tmp_path_factory.mktemp("home"))
        write_key(made.home / "one.key", net.accounts[0].private_key)
        made.config.parent.mkdir(parents=True)
        made.config.write_text(
            configuration(net, made.home / "one.key") + '[defaults]\nchain = "devnet"\n', encoding="utf-8"
        )
        story = Story(made, net)
        _tell(story)
        yield story


def _tell(story: Story) -> None:
    net, other = story.net, str(story.net.accounts[2].address)
    watched = ("--account", str(net.accounts[1].address))
    for name in ("chains", "doctor", "accounts", "balance", "pending", "history", "resume"):
        story.both(name, name)
    story.both("audit", "audit", "--for", "deposit", "--by", "ledger")
    story.both("base-cost", "base-cost", "500000", "--l1-gas-price", "1000000000")
    story.both("show", "show", CALLDATA)
    # what signs nothing
    story.both("quote-deposit", "quote", "deposit", "0.1", "eth", *watched)
    story.both("quote-execute", "quote", "execute", other, "0x1234", *watched)
    story.both("prepare-deposit", "prepare", "deposit", "5", "usdc", *watched)
    story.both("prepare-execute", "prepare", "execute", other, "0x1234", *watched)
    # there
    made = story.run("deposit.json", "deposit", "1", "eth", "--yes", "--reference", "order 1", "--json").json
    story.run("deposit", "deposit", "5", "usdc", "--yes", "--reference", "order 2")
    story.both("deposit-dry", "deposit", "0.1", "eth", "--dry-run")
    story.run("execute.json", "execute", other, "--l2-value", "1000", "--yes", "--json")
    story.both("status", "status", "order 1")
    story.both("wait", "wait", "order 2")
    story.both("hash", "hash", made["l1_tx_hash"])
    story.both("proof", "proof", made["l2_tx_hash"])
    # and back
    story.both("quote-withdraw", "quote", "withdraw", "0.1", "eth")
    story.both("prepare-withdraw", "prepare", "withdraw", "0.1", "eth")
    away = story.run("withdraw.json", "withdraw", "0.25", "eth", "--yes", "--json").json["l2_tx_hash"]
    story.run("withdraw", "withdraw", "2", "usdc", "--yes")
    story.both("withdrawals", "withdrawals")
    story.both("prepare-finalize", "prepare", "finalize", away)
    story.run("finalize", "finalize", away, "--yes")
    story.both("finalize-again", "finalize", away, "--yes")
    story.run("finalize-all.json", "finalize", "--all", "--yes", "--json")
    # in files
    plan = story.run("prepare-file.json", "prepare", "deposit", "0.1", "eth", "-o", "plan.json", "--json").json
    story.both("show-plan", "show", "plan.json")
    story.both("sign", "sign", "plan.json", "--expect", plan["plan_hash"], "-o", "signed.json")
    story.run("send.json", "send", "signed.json", "--yes", "--json")
    # what fails
    net.fail_next_deposit()
    lost = story.run("deposit-fails.json", "deposit", "1", "usdc", "--yes", "--json", code=Exit.FAILED).json
    story.both("prepare-claim", "prepare", "claim", lost["l2_tx_hash"])
    story.run("claim", "claim", lost["l2_tx_hash"], "--yes")
    # what is stuck
    net.l1.mining = False
    stuck = ("deposit", "0.1", "eth", "--yes", "--no-wait")
    one = story.run("deposit-stuck.json", *stuck, "--json").json["l1_tx_hash"]
    story.both("pending-one", "pending")
    story.run("speed-up", "speed-up", one, "--yes", "--no-wait")
    story.run("cancel", "cancel", one, "--yes", "--no-wait")
    net.l1.mining = True
    net.mine(70)
    story.both("history-all", "history")
    # what goes wrong
    story.both("unknown", "status", "0x" + "ab" * 32, code=Exit.NOT_READY)
    story.both("gone", "balance", "eth", "--l2", "http://127.0.0.1:9", code=Exit.NODE)
    story.both("usage", "deposit", "0.1", "eth", "--fast", code=Exit.USAGE)
    story.both("no-token", "deposit", "5", "shib", "--yes", code=Exit.USAGE)
    story.run("demo.json", "demo", "--json")


def test_no_command_is_left_out(story: Story) -> None:
    assert {*COMMANDS, *SUB} - ELSEWHERE <= story.ran


def test_what_each_command_says(story: Story) -> None:
    if os.environ.get("ZKCORE_SNAPSHOTS") == "write":
        KEPT.mkdir(exist_ok=True)
        for old in KEPT.glob("*.txt"):
            old.unlink()
        for name, text in story.told.items():
            (KEPT / f"{name}.txt").write_text(text, encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8") for path in KEPT.glob("*.txt")}
    assert set(kept) == set(story.told)
    different = [name for name, text in story.told.items() if kept[name] != text]
    assert not different, "\n".join(f"{kept[name]}\n=== is now\n{story.told[name]}" for name in different)


def test_what_is_shown_before_a_signature_fits_80_columns(story: Story) -> None:
    assert len(story.previews) > 20
    assert not [(name, line) for name, text in story.previews.items() for line in text.splitlines() if len(line) > 80]

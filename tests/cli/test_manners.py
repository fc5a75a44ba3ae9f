"""How the program behaves before any node is asked: help, usage, secrets, channels, widths."""

import json
import re
import subprocess
import sys

import pytest

from tests.cli.tool import ROOT, Cli
from zkcore.cli.exits import Exit

COMMANDS = [
    "chains",
    "doctor",
    "devnet",
    "demo",
    "accounts",
    "balance",
    "base-cost",
    "deposit",
    "withdraw",
    "execute",
    "finalize",
    "claim",
    "status",
    "wait",
    "withdrawals",
    "pending",
    "history",
    "resume",
    "keep",
    "speed-up",
    "cancel",
    "show",
    "sign",
    "send",
    "proof",
    "hash",
    "audit",
]
SUB = [f"quote {name}" for name in ("deposit", "withdraw", "execute")]
SUB += [f"prepare {name}" for name in ("deposit", "withdraw", "execute", "finalize", "claim")]
ESCAPE = "\x1b"


@pytest.mark.parametrize("name", [*COMMANDS, *SUB])
def test_each_command_has_help_with_an_example_that_names_it(bare: Cli, name: str) -> None:
    shown = bare.here(*name.split(), "--help")
    assert shown.code == 0
    assert f"Example: zkcore {name}" in shown.out
    assert ESCAPE not in shown.out
    assert "Traceback" not in shown.err


def test_the_first_help_lists_every_command_and_the_exit_codes(bare: Cli) -> None:
    shown = bare.here("--help")
    listed = set(re.findall(r"^│ ([a-z][a-z-]+) ", shown.out, re.MULTILINE))
    assert {*COMMANDS, "quote", "prepare"} <= listed
    assert "6 uncertain" in shown.out.replace("\n", " ")


def test_importing_is_light_and_the_missing_extra_is_one_line() -> None:
    code = "import sys, zkcore.cli; print([m for m in ('typer', 'rich', 'httpx', 'eth_abi') if m in sys.modules])"
    light = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert light.stdout.strip() == "[]"
    code = "import sys; sys.modules['typer'] = None; from zkcore.cli import main; main()"
    missing = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT)
    assert missing.returncode == 1
    assert missing.stderr == "zkcore: the command line needs its extra: pip install 'zkcore[cli]'\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command"),
        (["deposit", "0.1"], "Missing argument"),
        (["deposit", "0.1", "eth", "--nope"], "No such option"),
        (["deposit", "0.1", "eth", "--yes"], "which chain?"),
        (["deposit", "0.1", "eth", "--yes", "--chain", "eera"], "did you mean 'era'"),
        (["balance", "--chain", "era"], "which node of L1?"),
        (["balance", "--chain", "era", "--l1", "ftp://x", "--l2", "http://localhost:1"], "http"),
        (["balance", "--chain", "era", "--l1", "http://localhost:1", "--l2", "http://localhost:1"], "whose account?"),
        (["show", "0x1234"], "neither a transaction nor calldata"),
        (["show", "nothing.json"], "nothing.json: No such file"),
        (["sign", "nothing.json", "--key-file", "k"], "nothing.json: No such file"),
        (["finalize", "--chain", "era"], "which withdrawals?"),
        (["accounts"], "who signs?"),
        (["accounts", "--ledger", "--trezor"], "one signs, not --ledger and --trezor"),
        (["chains", "--config", "nothing.toml"], "nothing.toml"),
    ],
)  # fmt: skip
def test_usage_is_exit_2_in_two_lines_and_one_json_object(bare: Cli, arguments: list[str], says: str) -> None:
    for more in ([], ["--json"]):
        ended = bare.here(*arguments, *more)
        assert ended.code == Exit.USAGE, ended
        assert says in ended.err
        assert "Traceback" not in ended.err
        assert ESCAPE not in ended.err
    assert ended.json["exit_code"] == "2"
    assert says in ended.json["message"]


KEY = "0x" + "5b" * 32


@pytest.mark.parametrize(
    "arguments",
    [
        ["--private-key", KEY],
        [f"--private-key={KEY}"],
        ["--key", KEY],
        ["--key-file", KEY],
        [f"--key-file={KEY[2:]}"],
        ["--signer", KEY],
        ["--keystore", KEY[2:]],
    ],
)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(bare: Cli, arguments: list[str]) -> None:
    for place in (["deposit", "0.1", "eth", *arguments], [*arguments, "deposit", "0.1", "eth"]):
        ended = bare.here(*place)
        assert ended.code == Exit.USAGE
        assert "no key is taken from the command line" in ended.err
        assert "--keystore" in ended.err
        assert KEY[2:] not in ended.err + ended.out


def test_chains_for_people_and_for_programs(bare: Cli) -> None:
    ended = bare.here("chains")
    assert ended.code == 0
    assert re.search(r"^era +324 +1 +mainnet$", ended.out, re.MULTILINE)
    told = bare.here("chains", "--json").json
    era = next(chain for chain in told["chains"] if chain["name"] == "era")
    assert era["l2_chain_id"] == "324"
    assert re.fullmatch(r"0x[0-9a-fA-F]{40}", era["bridgehub"])


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_what_is_shown_fits_the_terminal(bare: Cli, columns: int) -> None:
    calldata = "0x095ea7b3" + "00" * 12 + "c9" * 20 + "00" * 31 + "05"
    for arguments in (["show", calldata], ["chains"]):
        ended = bare.here(*arguments, env={"COLUMNS": str(columns)})
        assert ended.code == 0
        assert max(map(len, ended.out.splitlines())) <= columns, ended.out


def test_debug_shows_the_traceback_and_nothing_else_does(bare: Cli) -> None:
    assert "Traceback" in bare.here("show", "nothing.json", "--debug").err
    assert "Traceback" not in bare.here("show", "nothing.json").err


def test_shell_completion_and_pipes_by_the_real_program(bare: Cli) -> None:
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = bare("--show-completion", "bash", env=env)
    assert "complete" in shown.out
    assert "zkcore" in shown.out
    typed = {"_ZKCORE_COMPLETE": "complete_bash", "COMP_WORDS": "zkcore balance --chain er", "COMP_CWORD": "3"}
    assert bare(env=typed).out.split() == ["era", "era-sepolia"]
    ended = bare("chains", "--json", env={"NO_COLOR": "1"})
    assert ended.code == 0
    assert ended.json["chains"]
    assert bare("deposit", "0.1", "eth", "--yes").code == Exit.USAGE


def test_version(bare: Cli) -> None:
    assert bare.here("--version").out.startswith("zkcore")


def test_bookmarks_and_names(bare: Cli) -> None:
    bare.config.parent.mkdir(parents=True)
    bare.config.write_text('[bookmarks]\nme = "0x00000000000000000000000000000000000000AA"\n', encoding="utf-8")
    ended = bare.here(
        "balance", "--chain", "era", "--l1", "http://127.0.0.1:1", "--l2", "http://127.0.0.1:1", "--account", "a.eth"
    )
    assert ended.code == Exit.USAGE
    assert "names are not resolved" in ended.err
    told = bare.here("doctor", "--json").json
    mine = next(check for check in told["checks"] if check["check"] == "bookmark me")
    assert mine["ok"] is True


def test_audit_is_the_libraries_own(bare: Cli) -> None:
    told = json.loads(bare.here("audit", "--json").out)
    assert told["money_path_lines"] > 1000
    assert "deposit, signed by ledger" in bare.here("audit", "--for", "deposit", "--by", "ledger").out

"""The parts of the program by themselves: codes, words, settings, tokens."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.tool import ROOT, Cli
from zkcore import errors, known_chains
from zkcore.cli.exits import Exit, exit_code, facts
from zkcore.cli.progress import PHASES, clock
from zkcore.cli.settings import Settings
from zkcore.cli.state import State
from zkcore.cli.tokens import with_tokens
from zkcore.cli.words import Voice, plain
from zkcore.errors import ZkCoreError
from zkcore.types import Address, Hash32


def leaves(kind: type[ZkCoreError]) -> list[type[ZkCoreError]]:
    found = [kind]
    for below in kind.__subclasses__():
        found += leaves(below)
    return found


def test_every_error_of_the_tree_has_its_code() -> None:
    made = {
        kind.__name__: exit_code(kind.__new__(kind))
        for kind in leaves(ZkCoreError)
        if kind.__module__ == "zkcore.errors"
    }
    assert len(made) > 40
    assert made["NodeTimeout"] == made["InvalidProof"] == made["RateLimited"] == Exit.NODE
    assert made["NotReady"] == made["WaitTimeout"] == Exit.NOT_READY
    assert made["DepositFailed"] == made["Reverted"] == made["NonceTaken"] == Exit.FAILED
    assert made["UserRejected"] == made["DeviceLocked"] == made["WrongDevice"] == Exit.REJECTED
    assert made["PlanTampered"] == made["InsufficientBaseCost"] == made["NoSigner"] == Exit.USAGE
    uncertain = {name for name, code in made.items() if code == Exit.UNCERTAIN}
    assert uncertain == {"SendUncertain"} & set(errors.__all__)


def test_the_page_has_the_codes() -> None:
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d) \|", page, re.MULTILINE)] == [int(code) for code in Exit]


def test_an_error_as_data() -> None:
    told = plain(facts(errors.InsufficientBalance(address=Address("0x" + "0a" * 20), token="ETH", balance=1, needed=3)))
    assert told["error"] == "InsufficientBalance"
    assert (told["balance"], told["needed"], told["missing"], told["exit_code"]) == ("1", "3", "2", "1")
    assert told["address"] == str(Address("0x" + "0a" * 20))


def test_plain_values() -> None:
    number = Hash32("0x" + "ab" * 32)
    assert plain({"a": 1, "b": True, "c": None, "d": (number, b"\x01"), "e": 10**30}) == {
        "a": "1",
        "b": True,
        "c": None,
        "d": [str(number), "0x01"],
        "e": str(10**30),
    }


_TEXT = st.text(st.characters(codec="utf-8"), max_size=120)


@given(st.lists(st.tuples(_TEXT, _TEXT, st.integers(0, 3)), max_size=8), st.integers(30, 100))
def test_rows_fit_and_hold_no_control_characters(fields: list[Any], width: int) -> None:
    class Narrow(Voice):
        width = 0

    Narrow.width = width
    for line in Narrow().rows([(label[: width - 10], value, depth) for label, value, depth in fields]):
        assert line.isprintable()
        assert len(line) <= width


def test_where_a_setting_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[defaults]\nchain = "mine"\nl1 = "http://d"\n[networks.mine]\nl2 = ["http://n", "http://m"]\nchain = "era"\n',
        encoding="utf-8",
    )
    settings = Settings({"config": str(config)})
    assert settings.text("chain") == "mine"
    assert settings.many("l1") == ["http://d"]
    assert settings.many("l2") == ["http://n", "http://m"]
    assert getattr(settings.chain(), "name", None) == "era"
    monkeypatch.setenv("ZKCORE_L2", "http://e http://f")
    monkeypatch.setenv("ZKCORE_TRUST_L2", "true")
    assert settings.many("l2") == ["http://e", "http://f"]
    assert settings.flag("trust_l2")
    assert Settings({"config": str(config), "l2": ["http://c"]}).many("l2") == ["http://c"]


def test_a_chain_of_ones_own_is_a_table_or_a_file(tmp_path: Path) -> None:
    hub = "0x" + "0a" * 20
    (tmp_path / "own.toml").write_text(f'l1_chain_id = 5\nl2_chain_id = 7\nbridgehub = "{hub}"\n', encoding="utf-8")
    config = tmp_path / "config.toml"
    table = f'profile = {{l1_chain_id = 5, l2_chain_id = 7, bridgehub = "{hub}"}}'
    config.write_text(f'[networks.a]\n{table}\n[networks.b]\nprofile = "own.toml"\n', encoding="utf-8")
    for name in ("a", "b", str(tmp_path / "own.toml")):
        chain: Any = Settings({"config": str(config), "chain": name}).chain()
        assert (chain.l2_chain_id, str(chain.bridgehub)) == (7, str(Address(hub)))


def test_tokens_are_vouched_for_on_pinned_chains_only() -> None:
    era = next(profile for profile in known_chains() if profile.name == "era")
    symbols = {token.symbol: token for token in with_tokens(era).tokens}
    assert {"USDC", "USDT", "DAI", "WBTC"} <= symbols.keys()
    assert symbols["USDC"].decimals == 6
    from msgspec.structs import replace

    assert with_tokens(replace(era, ecosystem="")).tokens == ()


def test_words_of_phases_and_times() -> None:
    from typing import get_args

    from zkcore.flows.finalize import WithdrawalPhase
    from zkcore.flows.status import Phase

    assert {*get_args(Phase), *get_args(WithdrawalPhase)} <= PHASES.keys()
    assert [clock(t) for t in (3.9, 200, 7500)] == ["3 s", "3 min 20 s", "2 h 5 min"]


def test_the_command_to_go_on_has_no_secret(bare: Cli) -> None:
    given = {"chain": "era", "l1": ["https://node/key123"], "journal": "j.sqlite", "config": None, "l2": None}
    state = State(given, command="wait")
    assert state.again() == " --chain era --journal j.sqlite"
    assert state.nodes_elsewhere() == " (its nodes as before: ZKCORE_L1, or the configuration)"

"""Each exit code, by the real program as a process: what a script may rely on."""

from collections.abc import Callable

import pytest

from tests.cli.test_crash import SEND
from tests.cli.tool import Cli, Result
from zkcore.cli.exits import Exit
from zkcore.testing.devnet import Devnet, Drop

NOBODY = "0x" + "ab" * 32


def done(cli: Cli, net: Devnet) -> Result:
    return cli("deposit", "0.1", "eth", "--yes", "--json")


def failed_on_l2(cli: Cli, net: Devnet) -> Result:
    assert cli("deposit", "5", "usdc", "--yes").code == Exit.DONE
    net.fail_next_deposit()
    return cli("deposit", "7", "usdc", "--yes", "--json")


def not_well(cli: Cli, net: Devnet) -> Result:
    return cli("doctor", "--l2", "http://127.0.0.1:9", "--json")


def too_dear(cli: Cli, net: Devnet) -> Result:
    return cli("quote", "deposit", "0.1", "eth", "--max-fee", "0.0000001", "--json")


def no_such_option(cli: Cli, net: Devnet) -> Result:
    return cli("deposit", "0.1", "eth", "--fast", "--json")


def nobody_to_say_yes(cli: Cli, net: Devnet) -> Result:
    return cli("deposit", "0.1", "eth", "--json")


def unknown(cli: Cli, net: Devnet) -> Result:
    return cli("status", NOBODY, "--json")


def not_in_time(cli: Cli, net: Devnet) -> Result:
    net.l2.automatic_deposits = False  # type: ignore[attr-defined]
    try:
        return cli("deposit", "0.1", "eth", "--yes", "--timeout", "1", "--json")
    finally:
        net.l2.automatic_deposits = True  # type: ignore[attr-defined]


def refused_by_the_user(cli: Cli, net: Devnet) -> Result:
    with cli.terminal("deposit", "0.1", "eth") as shown:
        shown.until(r"send\? \[y/N\] ")
        shown.type("n\n")
        return Result(shown.end(), shown.seen, "")


def gone(cli: Cli, net: Devnet) -> Result:
    return cli("balance", "eth", "--l1", "http://127.0.0.1:9", "--json")


def nobody_can_tell(cli: Cli, net: Devnet) -> Result:
    net.faults.add(Drop(), node="l1", method=SEND)
    return cli("deposit", "0.1", "eth", "--yes", "--json")


CASES: list[tuple[Callable[[Cli, Devnet], Result], Exit]] = [
    (done, Exit.DONE),
    (failed_on_l2, Exit.FAILED),
    (not_well, Exit.FAILED),
    (too_dear, Exit.FAILED),
    (no_such_option, Exit.USAGE),
    (nobody_to_say_yes, Exit.USAGE),
    (unknown, Exit.NOT_READY),
    (not_in_time, Exit.NOT_READY),
    (refused_by_the_user, Exit.REJECTED),
    (gone, Exit.NODE),
    (nobody_can_tell, Exit.UNCERTAIN),
]


def test_no_code_is_left_out() -> None:
    assert {code for _, code in CASES} == set(Exit)


@pytest.mark.parametrize(("way", "code"), CASES, ids=[way.__name__ for way, _ in CASES])
def test_the_process_ends_with_it(cli: Cli, net: Devnet, way: Callable[[Cli, Devnet], Result], code: Exit) -> None:
    ended = way(cli, net)
    assert ended.code == code, ended
    assert "Traceback" not in ended.out + ended.err
    if ended.out.startswith("{") and code is not Exit.DONE and way is not not_well:
        assert ended.json["exit_code"] == str(int(code))
        assert ended.json["message"]

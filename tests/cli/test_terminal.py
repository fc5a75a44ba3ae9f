"""On a pseudo-terminal: questions, progress, Ctrl-C."""

import re

from signers import PrivateKeySigner
from tests.cli.tool import Cli
from zkcore.cli.exits import Exit
from zkcore.testing.devnet import Devnet


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

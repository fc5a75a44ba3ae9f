"""`zkcore demo` and `zkcore devnet`: what a new user starts with."""

from tests.cli.tool import Cli
from zkcore.cli.exits import Exit


def test_demo_for_people_and_programs(bare: Cli) -> None:
    told = bare("demo")
    assert told.code == Exit.DONE, told
    assert "0.1 ETH arrived on L2" in told.out
    assert "0.04 ETH were paid out on L1" in told.out
    assert "Plan: deposit" in told.out


def test_a_new_user_needs_nothing_but_the_devnet(bare: Cli) -> None:
    """Two terminals: `zkcore devnet`, and a deposit as it says itself."""
    with bare.terminal("devnet") as devnet:
        devnet.until("running; Ctrl-C ends it", seconds=120)
        assert "zkcore deposit 0.1 eth --chain devnet" in devnet.seen
        config = bare.home / ".local/state/zkcore/devnet.toml"
        assert config.stat().st_mode & 0o077 == 0
        assert config.with_suffix(".key").stat().st_mode & 0o077 == 0
        sent = bare("deposit", "0.1", "eth", "--chain", "devnet", "--yes", "--json")
        assert sent.code == Exit.DONE, sent
        assert sent.json["status"]["phase"] == "L2_EXECUTED"
        assert len(bare("history", "--chain", "devnet", "--json").json["history"]) == 1
        devnet.type("\x03")
        assert devnet.end() == 0
    assert [file.name for file in config.parent.iterdir()] == []
    gone = bare("balance", "--chain", "devnet")
    assert gone.code == Exit.USAGE
    assert "no devnet is running" in gone.err
    assert "zkcore devnet" in gone.err
    with bare.terminal(
        "devnet"
    ) as devnet:  # another one, with the chain ids of the first: what was sent there is not in its journal
        devnet.until("running; Ctrl-C ends it", seconds=120)
        assert bare("pending", "--chain", "devnet", "--json").json == {"pending": []}
        assert bare("deposit", "0.1", "eth", "--chain", "devnet", "--yes").code == Exit.DONE

"""A fake Ledger and a fake Trezor under the real program: accounts, consent, what the screen shows, yes and no."""

import sys

import pytest

from tests.cli.tool import Cli
from zkcore.cli.exits import Exit
from zkcore.testing.devnet import Devnet

BOTH = pytest.mark.parametrize("device", ["ledger", "trezor"])


def with_device(cli: Cli, device: str, answer: str) -> Cli:
    made = Cli(cli.home)
    made.program = (sys.executable, "-m", "tests.cli.device", device, answer)
    return made


@BOTH
def test_accounts_and_confirm(cli: Cli, device: str) -> None:
    program = with_device(cli, device, "yes")
    told = program("accounts", f"--{device}", "--count", "2", "--confirm", "--json")
    assert told.code == 0, told
    assert len(told.json["accounts"]) == 2
    assert f"compare with the screen: {told.json['confirmed']}" in told.err
    refused = with_device(cli, device, "no")("accounts", f"--{device}", "--confirm")
    assert refused.code == Exit.REJECTED, refused


@BOTH
def test_a_deposit_by_a_device(cli: Cli, net: Devnet, device: str) -> None:
    program = with_device(cli, device, "yes")
    address = program("accounts", f"--{device}", "--count", "1", "--json").json["accounts"][0]["address"]
    net.l1.rpc("anvil_setBalance", address, hex(10**18))
    unasked = program("deposit", "0.1", "eth", f"--{device}", "--yes", "--json")
    assert unasked.code == Exit.REJECTED, unasked
    assert unasked.json["error"] == "BlindSigningRequired"
    assert "--blind" in unasked.json["hint"]
    rejected = with_device(cli, device, "no")("deposit", "0.1", "eth", f"--{device}", "--blind", "--yes", "--json")
    assert rejected.code == Exit.REJECTED, rejected
    assert rejected.json["error"] == "UserRejected"
    assert not net.faults.requests("l1").sends
    sent = program("deposit", "0.1", "eth", f"--{device}", "--blind", "--yes", "--account", address, "--json")
    assert sent.code == Exit.DONE, sent
    assert sent.json["sender"] == address
    hashes = [field["value"].split()[0] for field in sent.json["preview"] if field["label"] == "transaction hash"]
    assert all(number in sent.err.split("sent: ")[0] for number in hashes)
    assert sent.json["status"]["phase"] == "L2_EXECUTED"
    other = program(
        "deposit", "0.1", "eth", f"--{device}", "--blind", "--yes", "--account", str(net.accounts[5].address)
    )
    assert other.code == Exit.REJECTED
    assert address in other.err

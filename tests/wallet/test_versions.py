"""Every protocol version that is served, on both stacks: there and back; an older one refused. v33: test_bundles.py."""

from typing import Any

import pytest

from tests.devnet.client import send
from tests.wallet.tools import AMOUNT, CountingSigner, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import UnsupportedProtocol
from zkcore.ethereum.abi import Function
from zkcore.testing.devnet import Devnet

SET_VERSION = Function("setProtocolVersion(uint256 minor, uint256 patch)")


def at_version(net: Devnet, minor: int) -> None:
    send(net.l1_url, net.accounts[9], net.profile.diamond, SET_VERSION.encode(minor, 0))


SERVED = [("era-eth", minor) for minor in range(26, 34)] + [("zksync-os-eth", minor) for minor in range(29, 34)]


@pytest.mark.parametrize(("net", "minor"), SERVED, indirect=["net"])
def test_there_and_back_under_each_version(net: Devnet, minor: int) -> None:
    """v32 and v33 by number alone, with the contracts of before: what they are decides; the quote says it is newer."""
    at_version(net, minor)
    wallet, token = wallet_of(net), net.tokens["DAI"]
    held = wallet.get_l1_balance(token)
    deposit = wallet.deposit(ETH, ether("1"))
    deposit.wait(timeout=30)
    assert wallet.get_balance() >= ether("1")
    quote = wallet.quote_deposit(token, AMOUNT)
    assert quote.protocol_version == minor
    newer = [note for note in quote.notes if "newer than v31" in note]
    assert bool(newer) == (minor > 31)
    wallet.deposit(token, AMOUNT).wait(timeout=30)
    assert held - wallet.get_l1_balance(token) == AMOUNT
    for withdrawn in (token, ETH):
        withdrawal = wallet.withdraw(withdrawn, AMOUNT)
        assert withdrawal.wait("ready", timeout=30).phase == "READY"
        withdrawal.finalize().wait(timeout=30)
        assert withdrawal.status().phase == "FINALIZED"
    assert wallet.get_l1_balance(token) == held


@pytest.mark.parametrize(
    ("net", "minor", "what"),
    [("era-eth", 25, r"v25 \(era\), older than v26"), ("zksync-os-eth", 28, r"v28 \(zksync-os\), older than v29")],
    indirect=["net"],
)
def test_an_older_version_is_refused_by_name(net: Devnet, minor: int, what: str, open_wallet: Any) -> None:
    at_version(net, minor)
    signer = CountingSigner(net)
    wallet, before = open_wallet(net, signer), len(sends(net))
    for ask in (lambda: wallet.deposit(ETH, AMOUNT), lambda: wallet.withdraw(ETH, AMOUNT)):
        with pytest.raises(UnsupportedProtocol, match=what):
            ask()
    assert (signer.signed, len(sends(net))) == ([], before)


@pytest.mark.parametrize(("net", "minor"), [("era-eth", 26), ("era-eth", 31), ("zksync-os-eth", 31)], indirect=["net"])
def test_a_failed_deposit_is_claimed_under_each_rule(net: Devnet, minor: int) -> None:
    at_version(net, minor)
    wallet, token = wallet_of(net), net.tokens["DAI"]
    held = wallet.get_l1_balance(token)
    net.fail_next_deposit()
    deposit = wallet.deposit(token, AMOUNT)
    assert deposit.wait_l1(timeout=30).status == 1
    assert deposit.status().phase == "L2_FAILED"
    assert wallet.get_l1_balance(token) == held - AMOUNT
    wallet.claim_failed_deposit(deposit.l2_tx_hash).wait(timeout=30)
    assert wallet.get_l1_balance(token) == held

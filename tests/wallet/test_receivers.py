"""Receivers that are contracts of the bridge, and replacements that keep what the caller fixed."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.tools import AMOUNT, ERA, CountingSigner, sends, wallet_of
from zkcore import ETH, FeePolicy, ether, gwei
from zkcore.errors import FeeTooHigh, InputError
from zkcore.flows.l1 import TxOptions
from zkcore.protocol.addresses import apply_alias
from zkcore.testing.devnet import Devnet
from zkcore.transactions import parse_transaction
from zkcore.types import Address

OURS = ["bridgehub", "diamond", "asset_router", "nullifier", "native_token_vault"]


@pytest.mark.parametrize("what", OURS)
def test_no_contract_of_the_bridge_receives(net: Devnet, open_wallet: Any, what: str) -> None:
    """1 ETH withdrawn to the nullifier can never be finalized; deposited to its address on L2 it is lost."""
    signer, base = CountingSigner(net), net.profile.base_token or ETH
    wallet_of(net).deposit(base, ether("1")).wait(timeout=30)
    contract = getattr(net.profile, what)
    bare = replace(net.profile, **dict.fromkeys(OURS[1:]))
    for profile in (net.profile, bare):
        wallet, before = open_wallet(net, signer, chain=profile), len(sends(net))
        for to in (contract, apply_alias(contract)):
            for order in (
                lambda w=wallet, t=to: w.deposit(base, AMOUNT, to=t),
                lambda w=wallet, t=to: w.deposit(net.tokens["DAI"], AMOUNT, to=t),
                lambda w=wallet, t=to: w.withdraw(base, AMOUNT, to=t),
            ):
                with pytest.raises(InputError, match=f"to: {to} is a contract of the bridge on L1, or its alias"):
                    order()
        assert len(sends(net)) == before
    assert not signer.signed


@ERA
def test_a_replacement_keeps_what_the_caller_fixed_or_is_refused(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT, l1=TxOptions(max_fee_per_gas=gwei("10"), max_priority_fee_per_gas=gwei("1")))
    least, tip = gwei("11"), gwei("1.1")
    for act in (deposit.speed_up, deposit.cancel):
        for options, told in [
            (TxOptions(max_fee_per_gas=least - 1), f"max_fee_per_gas: {least - 1} does not replace"),
            (TxOptions(max_priority_fee_per_gas=tip - 1), f"max_priority_fee_per_gas: {tip - 1} does not replace"),
            (TxOptions(nonce=99), "nonce: 99 is not that of the transaction to replace"),
        ]:
            before = len(sends(net))
            with pytest.raises(InputError, match=told):
                act(l1=options)
            assert len(sends(net)) == before
    deposit.speed_up(l1=TxOptions(max_fee_per_gas=least, max_priority_fee_per_gas=tip, gas_limit=1_234_567))
    sent: Any = parse_transaction(sends(net)[-1])[0]
    assert (sent.max_fee_per_gas, sent.max_priority_fee_per_gas, sent.gas_limit) == (least, tip, 1_234_567)
    net.l1.mining = True
    net.mine()
    assert deposit.wait(timeout=30).status == 1


@ERA
def test_a_replacement_does_not_exceed_the_policy(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net, fees=FeePolicy(max_fee_per_gas=gwei("10"), max_priority_fee_per_gas=gwei("2")))
    net.l1.mining = False
    deposit = wallet.deposit(ETH, AMOUNT, l1=TxOptions(max_fee_per_gas=gwei("9"), max_priority_fee_per_gas=gwei("1")))
    with pytest.raises(FeeTooHigh, match=r"the ceiling is 10 gwei .10000000000 wei.*FeePolicy\(max_fee_per_gas="):
        deposit.speed_up()
    with pytest.raises(FeeTooHigh):
        deposit.cancel()
    deposit.speed_up(l1=TxOptions(max_fee_per_gas=gwei("12"), max_priority_fee_per_gas=gwei("2")))
    net.l1.mining = True
    net.mine()
    assert deposit.wait(timeout=30).status == 1
    assert isinstance(wallet.address, Address)

"""Previews: the words for every kind of step on every preset, from the bytes, and no label that could not be checked."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, wallet_of
from zkcore import ETH, ether
from zkcore.errors import DepositFailed, InputError
from zkcore.ethereum.eip712 import TypedData
from zkcore.plans.plan import Plan
from zkcore.plans.preview import preview
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.chains import ChainProfile, Token
from zkcore.protocol.contracts import BRIDGEHUB, ERC20, L2_ASSET_ROUTER_ADDRESS
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, LegacyTransaction
from zkcore.types import Address, format_units

FEES = {"max_priority_fee_per_gas": 1, "max_fee_per_gas": 10**9, "gas_limit": 10**6}
SOMEBODY = Address("0x00000000000000000000000000000000DeaDBeef")


def lines(plan: Plan[Any], net: Devnet) -> dict[str, str]:
    """The last line of each label: the plan's main step comes last."""
    return {field.label: field.value for field in plan.preview(net.profile).fields}


def check_digests(plan: Plan[Any]) -> None:
    """The digests shown are those of the transactions, so that a screen can be compared with them."""
    raws = [field.raw for field in plan.preview().fields]
    text = str(plan.preview())
    for step in plan.steps:
        tx = step.transaction
        if isinstance(tx, Eip712Transaction):
            data = tx.typed_data()
            shown = [data.domain_separator(), data.struct_hash()]
        else:
            shown = [tx.signing_hash()]
        for digest in shown:
            assert digest in raws
            assert str(digest) in text
    assert plan.hash in raws


def test_the_words_for_every_kind_of_step(net: Devnet) -> None:
    wallet, to, profile = wallet_of(net), net.accounts[3].address, net.profile
    base, dai, crown = profile.base_token or ETH, net.tokens["DAI"], net.l2_tokens["CROWN"]
    symbol = "ETH" if base == ETH else "BASE"
    paid = f"0.{str(AMOUNT).zfill(18)}".rstrip("0")

    # a deposit, with its approval
    plan = wallet.prepare_deposit(dai, AMOUNT, to=to)
    words = lines(plan, net)
    assert words["spender"] == f"{profile.asset_router} (asset_router)"
    assert words["call"] == "requestL2TransactionTwoBridges"
    assert words["secondBridgeAddress"] == f"{profile.asset_router} (asset_router)"
    assert "a deposit by the asset router" in words["secondBridgeCalldata"]
    assert words["token"] == f"{dai} (token DAI)"
    assert words["amount"] == f"{paid} DAI ({AMOUNT})"
    assert words["receiver"] == str(to)
    assert words["refundRecipient"] == str(wallet.address)
    assert words["to"] == f"{profile.bridgehub} (bridgehub)"
    assert words["bridgehub"] == f"{profile.bridgehub} (from the profile)"
    assert words["step 1"] == f"approve, on chain {profile.l1_chain_id} (L1 of devnet)"
    assert words["on a device"].startswith("blind")
    assert words["mintValue"].split()[1] == symbol
    main = plan.steps[-1].transaction
    most = main.gas_limit * main.max_fee_per_gas
    assert words["maximal fee"].startswith(f"{format_units(most, 18)} ETH ({most} wei): {main.gas_limit} gas")
    assert words["maximal total"] == f"{format_units(most + main.value, 18)} ETH ({most + main.value} wei)"
    check_digests(plan)

    # a deposit of the base token, and a call
    plan = wallet.prepare_deposit(base, AMOUNT, to=to)
    assert lines(plan, net)["l2Contract"] == str(to)
    assert lines(plan, net)["l2Value"].startswith(f"{paid} {symbol}")
    check_digests(plan)
    plan = wallet.prepare_request_execute(to, b"\xde\xad\xbe\xef" * 3, l2_value=1)
    assert "12 bytes" in lines(plan, net)["l2Calldata"] or "deadbeef" in lines(plan, net)["l2Calldata"]
    check_digests(plan)

    # L2: withdrawals and a transfer
    wallet.deposit(base, ether("2")).wait(timeout=30)
    plan = wallet.prepare_withdraw(base, AMOUNT, to=to)
    words = lines(plan, net)
    assert words["call"] == "withdraw"
    assert words["value"].startswith(f"{paid} {symbol}")
    assert str(to) in str(plan.preview())
    assert words["to"].endswith("(base token of L2)")
    assert words["step 1"] == f"withdraw, on chain {profile.l2_chain_id} (L2 of devnet)"
    check_digests(plan)
    plan = wallet.prepare_withdraw(crown, AMOUNT, to=to)
    words = lines(plan, net)
    assert words["spender"].endswith("(native token vault of L2)")
    assert words["token"] == str(crown)  # nobody vouches for it, whatever has this address on L1
    assert words["amount"] == f"{AMOUNT} of its smallest unit"
    assert words["receiver"] == str(to)
    check_digests(plan)
    plan = wallet.prepare_transfer(to, AMOUNT)
    assert lines(plan, net)["call"] == "none: a plain transfer"
    assert lines(plan, net)["on a device"].startswith("clear")
    check_digests(plan)

    # home: a finalization, and a claim
    withdrawal = wallet.withdraw(base, AMOUNT, to=to)
    withdrawal.wait("ready", timeout=30)
    plan = wallet.prepare_finalize_withdrawal(withdrawal.l2_tx_hash)
    words = lines(plan, net)
    assert (words["call"], words["message"]) == ("finalizeDeposit", "BaseTokenWithdrawal")
    assert words["receiver"] == str(to)
    assert words["amount"].startswith(f"{paid} {symbol} ({AMOUNT}")
    assert words["to"] == f"{profile.nullifier} (nullifier)"
    check_digests(plan)
    net.fail_next_deposit()
    failed = wallet.deposit(dai, AMOUNT, to=to)
    with pytest.raises(DepositFailed):
        failed.wait(timeout=30)
    plan = wallet.prepare_claim_failed_deposit(failed.l2_tx_hash)
    words = lines(plan, net)
    assert words["call"] == "bridgeRecoverFailedTransfer"
    assert words["depositSender"] == str(wallet.address)
    assert words["l2TxHash"] == str(failed.l2_tx_hash)
    assert words["amount"] == f"{paid} DAI ({AMOUNT})"
    check_digests(plan)


@ERA
def test_0x71_with_its_decimals_as_addresses(net: Devnet) -> None:
    wallet, to = wallet_of(net), net.accounts[3].address
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    at, crown = net.built_ins.approval_paymaster, net.l2_tokens["CROWN"]
    plan = wallet.prepare_transfer(
        to, AMOUNT, paymaster=Paymaster.approval_based(at, token=crown, minimal_allowance=10)
    )
    tx = plan.steps[0].transaction
    assert isinstance(tx, Eip712Transaction)
    words = lines(plan, net)
    assert words["paymaster"] == str(at)
    assert (words["paymaster input"], words["minAllowance"]) == ("approvalBased", "10")
    assert "by the paymaster" in words["maximal fee"]
    check_digests(plan)
    shown = {field.label: field.value for field in preview(tx.typed_data()).fields}
    for label, address in [("from", wallet.address), ("to", to), ("paymaster", at)]:
        assert shown[label] == f"{int.from_bytes(address)} = {address}"  # the device shows the number
    assert str(tx.typed_data().domain_separator()) in shown["domain hash"]
    assert str(tx.typed_data().struct_hash()) in shown["message hash"]


# ---------------------------------------------------------------- what is not known is said
PROFILE = ChainProfile(
    l1_chain_id=1,
    l2_chain_id=324,
    bridgehub=Address(b"\xa1" * 20),
    asset_router=Address(b"\xa2" * 20),
    base_token=ETH,
    tokens=(Token(symbol="USDC", decimals=6, l1_address=Address(b"\xc1" * 20), l2_address=Address(b"\xc2" * 20)),),
)


def words(tx: Any, profile: ChainProfile | None = PROFILE) -> dict[str, str]:
    return {field.label: field.value for field in preview(tx, profile).fields}


def on(chain_id: int, **fields: Any) -> Eip1559Transaction:
    return Eip1559Transaction(**{"chain_id": chain_id, "nonce": 0, "to": SOMEBODY, **FEES, **fields})


@pytest.mark.parametrize("data", [b"\x01", b"\xde\xad\xbe\xef" + bytes(31), b"\xff" * 500], ids=len)
def test_unknown_calldata_is_called_unknown(data: bytes) -> None:
    shown = words(on(1, data=data))["call"]
    assert shown.startswith(f"UNKNOWN calldata of {len(data)} bytes: 0x{data[:20].hex()}")


def test_known_selectors_with_broken_arguments_are_unknown() -> None:
    for function in (
        BRIDGEHUB.request_l2_transaction_direct,
        BRIDGEHUB.request_l2_transaction_two_bridges,
        ERC20.approve,
    ):
        assert words(on(1, data=function.selector + b"\xff" * 40))["call"].startswith("UNKNOWN calldata of 44 bytes")


def test_second_bridge_calldata_of_somebody_elses_bridge_is_shown_as_bytes() -> None:
    request = (324, 10, 0, 5, 800, SOMEBODY, SOMEBODY, 0, b"\x07" * 100)
    shown = words(on(1, to=PROFILE.bridgehub, data=BRIDGEHUB.request_l2_transaction_two_bridges.encode(request)))
    assert shown["secondBridgeCalldata"].startswith("100 bytes: 0x0707")
    assert shown["secondBridgeAddress"] == str(SOMEBODY)


@pytest.mark.parametrize("amount", [(1 << 256) - 1, 1 << 255, (1 << 255) - 1, 1 << 96, (1 << 96) - 1, (1 << 96) - 2, 5])
def test_unlimited_approvals_are_flagged(amount: int) -> None:
    (token,) = PROFILE.tokens
    shown = words(on(1, to=token.l1_address, data=ERC20.approve.encode(SOMEBODY, amount)))
    assert ("UNLIMITED" in shown["amount"]) == (amount >= (1 << 96) - 1)
    assert shown["to"].endswith("(token USDC)")
    assert shown["spender"] == str(SOMEBODY)


def test_names_hold_on_their_own_chain_only() -> None:
    (token,) = PROFILE.tokens
    for chain, address, name in [
        (1, PROFILE.bridgehub, " (bridgehub)"),
        (324, PROFILE.bridgehub, ""),
        (5, PROFILE.bridgehub, ""),
        (1, token.l1_address, " (token USDC)"),
        (324, token.l1_address, ""),
        (324, token.l2_address, " (token USDC)"),
        (1, token.l2_address, ""),
        (324, L2_ASSET_ROUTER_ADDRESS, " (asset router of L2)"),
        (324, apply_alias(PROFILE.bridgehub), " (alias of the bridgehub)"),
    ]:
        assert words(on(chain, to=address))["to"] == f"{address}{name}"
        assert words(on(chain, to=address), None)["to"].startswith(str(address))


def test_only_what_is_known_to_be_ether_is_called_ether() -> None:
    other = replace(PROFILE, base_token=Address(b"\xc1" * 20))
    for chain, profile, shown in [
        (1, PROFILE, "0.000000000000000007 ETH (7 wei)"),
        (1, None, "0.000000000000000007 ETH (7 wei)"),
        (324, PROFILE, "0.000000000000000007 ETH (7 wei)"),
        (324, other, "0.000007 USDC (7)"),
        (324, replace(PROFILE, base_token=None), "7 of its smallest unit"),
        (324, None, "7 of its smallest unit"),
        (5, PROFILE, "7 of its smallest unit"),
    ]:
        assert words(on(chain, value=7), profile)["value"] == shown


def test_a_transaction_without_a_chain_is_warned_of() -> None:
    old = LegacyTransaction(chain_id=None, nonce=0, gas_price=1, gas_limit=21_000, to=SOMEBODY, value=1)
    assert "before EIP-155" in words(old)["warning"]
    assert words(on(1, to=None, data=b"\x60\x80"))["to"] == "a new contract"


def test_the_bytes_of_a_transaction_signed_or_not_have_the_same_words() -> None:
    tx = on(1, value=5)
    assert (
        preview(tx.unsigned_bytes(), PROFILE)
        == preview("0x" + tx.unsigned_bytes().hex(), PROFILE)
        == preview(tx, PROFILE)
    )
    for bad in (b"", b"\x02", "0x12", "words"):
        with pytest.raises(InputError):
            preview(bad)


def test_for_programs() -> None:
    found = preview(on(1, value=5), PROFILE)
    assert (found["to"], found["value"], found["nonce"]) == (SOMEBODY, 5, 0)
    with pytest.raises(KeyError):
        found["nothing of this name"]
    assert str(found).splitlines()[0] == "Transaction on chain 1 (L1 of 324)"


def test_typed_data_of_others_is_shown_member_by_member() -> None:
    data = TypedData.parse(
        {
            "types": {"Permit": [{"name": "owner", "type": "address"}, {"name": "values", "type": "uint256[]"}]},
            "primaryType": "Permit",
            "domain": {"name": "zkSync", "chainId": 1},
            "message": {"owner": str(SOMEBODY), "values": [1, 2]},
        }
    )
    shown = {field.label: field.value for field in preview(data).fields}
    assert shown["owner"] == str(SOMEBODY)
    assert (shown["[0]"], shown["[1]"]) == ("1", "2")
    assert str(data.struct_hash()) in shown["message hash"]


@BASE_ERC20
def test_the_preview_of_a_plan_is_of_its_bytes(net: Devnet) -> None:
    plan = wallet_of(net).prepare_deposit(net.tokens["DAI"], AMOUNT)
    thief = replace(
        plan.steps[-1].transaction,
        data=plan.steps[-1].transaction.data.replace(bytes(plan.sender), bytes(SOMEBODY)),
    )
    edited = replace(plan, steps=(*plan.steps[:-1], replace(plan.steps[-1], transaction=thief)))
    assert edited.preview()["receiver"] == SOMEBODY
    assert edited.preview()["plan hash"] == edited.hash != plan.hash
    with pytest.raises(InputError, match="the plan's bridgehub is"):
        plan.preview(replace(net.profile, bridgehub=SOMEBODY))

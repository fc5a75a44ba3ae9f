from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.assets import (
    AssetWithdrawal,
    BaseTokenWithdrawal,
    BridgeMint,
    LegacyWithdrawal,
    SecondBridgeDeposit,
    TransferData,
    deposit_calldata,
    deposit_data_hash,
    erc20_metadata,
    is_base_token,
    l1_token,
    legacy_deposit_data_hash,
    ntv_asset_id,
    parse_withdrawal_message,
)
from zkcore.protocol.contracts import L2_ASSET_ROUTER, L2_BASE_TOKEN_ADDRESS
from zkcore.protocol.paymaster import Paymaster
from zkcore.types import ETH, Address, Hash32

DAI = Address("0x6B175474E89094C44Da98b954EedeAC495271d0F")
ME = Address("0x36615Cf349d7F6344891B1e7CA7C72883F5dc049")
ZERO = Address(bytes(20))
DAI_ID = Hash32("0x28d79ad6f1eceadaec9fa58f9ab505ada95eecf66d29bc404034e9646efd3a84")
FIVE_DAI = TransferData(5, ME, DAI)

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
HASHES = st.binary(min_size=32, max_size=32).map(Hash32)
UINT256 = st.integers(0, 2**256 - 1)
TRANSFERS = st.builds(TransferData, UINT256, ADDRESSES, ADDRESSES)


# ---------------------------------------------------------------- tokens
@pytest.mark.parametrize("ether", [ETH, ZERO, "0x0000000000000000000000000000000000000000", str(ETH)])
@pytest.mark.parametrize("base", [ETH, ZERO, DAI])
def test_ether_has_one_name_on_any_chain(ether: Any, base: Address) -> None:
    assert l1_token(ether, base) == ETH
    assert is_base_token(ether, base) == (base != DAI)


@pytest.mark.parametrize("spelled", [DAI, str(DAI), str(DAI).lower(), "0x" + DAI.hex().upper(), L2_BASE_TOKEN_ADDRESS])
def test_the_base_token_has_one_name(spelled: Any) -> None:
    assert l1_token(spelled, str(DAI)) == DAI
    assert is_base_token(spelled, DAI)


def test_tokens_that_are_not_the_base_token() -> None:
    assert l1_token(DAI, ETH) == DAI
    assert not is_base_token(DAI, ETH)
    assert l1_token(L2_BASE_TOKEN_ADDRESS, ZERO) == ETH
    with pytest.raises(InputError, match="base_token"):
        l1_token(L2_BASE_TOKEN_ADDRESS, L2_BASE_TOKEN_ADDRESS)
    with pytest.raises(InputError):
        l1_token("0x36615Cf349d7F6344891B1e7CA7C72883F5dc04a", ETH)


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (1, "0x05e1c3ae4b9732444ae25217ac7666e46fa365fee1768de00c9fcb65532b7609"),
        (11155111, "0x6337a96bd2cd359fa0bae3bbedfca736753213c95037ae158c5fa7c048ae2112"),
        (9, "0x52f431aa35dd80982e3c66614112503ca2c6e344745f4a2bcfc9bd7e09c75584"),
        (31337, "0x8df3463b1850eb1d8d1847743ea155aef6b16074db8ba81d897dc30554fb2085"),
    ],
)
def test_asset_ids_of_ether(chain: int, expected: str) -> None:
    assert ntv_asset_id(chain, ETH) == Hash32(expected)


# ---------------------------------------------------------------- deposits
def test_the_published_encodings() -> None:
    assert ntv_asset_id(1, DAI) == DAI_ID
    new = SecondBridgeDeposit(asset_id=DAI_ID, transfer=FIVE_DAI).encode()
    legacy = SecondBridgeDeposit(asset_id=None, transfer=FIVE_DAI).encode()
    assert (len(new), len(legacy)) == (1 + 32 * 6, 96)
    assert keccak256(new) == Hash32("0xce3283ca317ac27eabeb9cf8c733e854126ec17c985913df4a4a1403be10431e")
    assert keccak256(legacy) == Hash32("0x03413b82334888d344373bcc2b2b14a805350f479479251300c633c56c763f0f")
    assert legacy_deposit_data_hash(ME, DAI, 5) == Hash32(
        "0xcafca24cc563ebb43661d4036fe3c8fb3df8c940c8d95dd4a5b18f8e2968343b"
    )
    assert deposit_data_hash(ME, DAI_ID, FIVE_DAI.encode()) == Hash32(
        "0x381190875661695a511decc5d58e53acb27bff02255ffb3e1b36fc2cbf57a174"
    )


@given(TRANSFERS, st.none() | HASHES)
def test_second_bridge_calldata_round_trip(transfer: TransferData, asset_id: Hash32 | None) -> None:
    deposit = SecondBridgeDeposit(asset_id=asset_id, transfer=transfer)
    assert SecondBridgeDeposit.decode(deposit.encode()) == deposit
    assert TransferData.decode(transfer.encode()) == transfer


@pytest.mark.parametrize(
    "data", [b"", b"\x02" + bytes(192), b"\x01", b"\x01" + bytes(192), bytes(95), bytes(97), b"\xff"]
)
def test_other_calldata_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        SecondBridgeDeposit.decode(data)


def test_transfer_data_is_96_bytes() -> None:
    for wrong in (b"", FIVE_DAI.encode()[:-1], FIVE_DAI.encode() + bytes(32)):
        with pytest.raises(InputError):
            TransferData.decode(wrong)
    for amount in (-1, 2**256, True):
        with pytest.raises(InputError):
            TransferData(amount, ME, DAI)


def test_metadata() -> None:
    getters = [eth_abi.encode([kind], [value]) for kind, value in (("string", "Dai"), ("string", "DAI"), ("uint8", 18))]
    assert erc20_metadata("Dai", "DAI", 18) == eth_abi.encode(["bytes"] * 3, getters)
    new = b"\x01" + eth_abi.encode(["uint256", "bytes", "bytes", "bytes"], [1, *getters])
    assert erc20_metadata("Dai", "DAI", 18, origin_chain_id=1) == new
    with pytest.raises(InputError):
        erc20_metadata("Dai", "DAI", 256)


def test_calldata_on_l2() -> None:
    mint = BridgeMint(original_caller=ME, receiver=ZERO, origin_token=DAI, amount=5, metadata=b"\x01\x02")
    of_l1 = deposit_calldata(mint, asset_id=DAI_ID, origin_chain_id=1, l1_chain_id=1)
    assert L2_ASSET_ROUTER.finalize_deposit_legacy.decode_arguments(of_l1) == (ME, ZERO, DAI, 5, b"\x01\x02")
    other = deposit_calldata(mint, asset_id=DAI_ID, origin_chain_id=324, l1_chain_id=1)
    chain, asset_id, data = L2_ASSET_ROUTER.finalize_deposit.decode_arguments(other)
    assert (chain, asset_id, BridgeMint.decode(data)) == (1, DAI_ID, mint)


# ---------------------------------------------------------------- withdrawals
MESSAGES = (
    st.builds(BaseTokenWithdrawal, receiver=ADDRESSES, amount=UINT256, extra=st.binary(max_size=40))
    | st.builds(LegacyWithdrawal, receiver=ADDRESSES, l1_token=ADDRESSES, amount=UINT256)
    | st.builds(AssetWithdrawal, origin_chain_id=UINT256, asset_id=HASHES, transfer_data=st.binary(max_size=200))
)


@given(MESSAGES)
def test_messages_round_trip(message: Any) -> None:
    assert parse_withdrawal_message(message.encode()) == message


def test_the_published_message() -> None:
    message = BaseTokenWithdrawal(receiver=ME, amount=5).encode()
    assert message.hex() == "6c0960f9" + ME.hex() + f"{5:064x}"
    assert len(message) == 56
    assert len(LegacyWithdrawal(receiver=ME, l1_token=DAI, amount=5).encode()) == 76


def test_selectors_are_those_of_the_functions() -> None:
    assert L2_ASSET_ROUTER.finalize_deposit.selector == AssetWithdrawal.SELECTOR
    place = "(uint256,uint256,uint16,bytes,bytes32[])"
    assert keccak256(f"finalizeWithdrawal{place}".encode())[:4] == LegacyWithdrawal.SELECTOR
    assert keccak256(f"finalizeEthWithdrawal{place}".encode())[:4] == BaseTokenWithdrawal.SELECTOR


def test_a_withdrawal_of_a_vault_s_asset_tells_what_is_paid() -> None:
    mint = BridgeMint(original_caller=ME, receiver=ME, origin_token=DAI, amount=7, metadata=b"")
    withdrawal = AssetWithdrawal(origin_chain_id=324, asset_id=DAI_ID, transfer_data=mint.encode())
    assert withdrawal.mint == mint
    with pytest.raises(InputError):
        _ = AssetWithdrawal(origin_chain_id=324, asset_id=DAI_ID, transfer_data=b"\x01").mint


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x6c\x09\x60\xf9",
        BaseTokenWithdrawal.SELECTOR + bytes(51),
        LegacyWithdrawal.SELECTOR + bytes(71),
        LegacyWithdrawal.SELECTOR + bytes(73),
        AssetWithdrawal.SELECTOR + bytes(63),
        b"\xde\xad\xbe\xef" + bytes(100),
    ],
)
def test_other_messages_are_no_withdrawals(message: bytes) -> None:
    with pytest.raises(InputError, match="not a withdrawal"):
        parse_withdrawal_message(message)


# ---------------------------------------------------------------- paymasters
def test_paymaster_inputs() -> None:
    general = Paymaster.general(str(ME), "0x1234")
    assert general == Paymaster(ME, bytes.fromhex("8c5a3445") + eth_abi.encode(["bytes"], [b"\x12\x34"]))
    approval = Paymaster.approval_based(ME, token=DAI, minimal_allowance=5, inner_input=b"\x01")
    encoded = eth_abi.encode(["address", "uint256", "bytes"], [bytes(DAI), 5, b"\x01"])
    assert approval == Paymaster(ME, bytes.fromhex("949431dc") + encoded)
    for allowance in (-1, 2**256, True):
        with pytest.raises(InputError, match="minAllowance"):
            Paymaster.approval_based(ME, token=DAI, minimal_allowance=allowance)
    with pytest.raises(InputError):
        Paymaster.general("0x01")

"""Tokens and what bridges say of them: one name for each token, asset ids, the data of deposits and withdrawals.

Sources, in matter-labs/era-contracts, l1-contracts/contracts: common/libraries/DataEncoding.sol,
bridge/asset-router/L1AssetRouter.sol and AssetRouterBase.sol, bridge/BridgeHelper.sol, bridge/L1Nullifier.sol.
"""

from typing import ClassVar, Final, Self, TypeAlias

import msgspec
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.ethereum import abi
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.addresses import era_create2
from zkcore.protocol.contracts.constants import L2_BASE_TOKEN_ADDRESS, L2_NATIVE_TOKEN_VAULT_ADDRESS, ZERO_ADDRESS
from zkcore.protocol.contracts.l2 import L2_ASSET_ROUTER
from zkcore.types import ETH, Address, AddressLike, Hash32, HexLike, hex_bytes, to_hex, uint

# fmt: off
__all__ = [
    "AssetWithdrawal", "BaseTokenWithdrawal", "BridgeMint", "LegacyWithdrawal", "SecondBridgeDeposit", "TransferData",
    "WithdrawalMessage", "deposit_calldata", "deposit_data_hash", "era_bridged_token", "erc20_metadata", "is_base_token",
    "l1_token", "legacy_deposit_data_hash", "ntv_asset_id", "parse_withdrawal_message",
]
# fmt: on

_NEW_ENCODING: Final = b"\x01"  # NEW_ENCODING_VERSION in bridge/asset-router/IAssetRouterBase.sol
_ETHER = frozenset({ETH, ZERO_ADDRESS})


# ---------------------------------------------------------------- tokens
def l1_token(token: AddressLike, base_token: AddressLike) -> Address:
    """A token by its one L1 name: ether as `ETH` (given as 0x0 or 0x1), 0x800A as the chain's base token.

    `base_token` is the L1 address of the base token (ether in any form). Every other address is itself. Raises
    InputError.
    """
    given = Address(token)
    if given == L2_BASE_TOKEN_ADDRESS:
        given = Address(base_token)
        if given == L2_BASE_TOKEN_ADDRESS:
            raise InputError(f"base_token: expected its address on L1, got {given}")
    return ETH if given in _ETHER else given


def is_base_token(token: AddressLike, base_token: AddressLike) -> bool:
    """Whether a token, however it is given, is the chain's base token. Raises InputError."""
    return l1_token(token, base_token) == l1_token(base_token, base_token)


def ntv_asset_id(origin_chain_id: int, token: AddressLike) -> Hash32:
    """The asset id of a token of the native token vaults: keccak(abi.encode(origin chain, 0x10004, token)).

    Ether is `ETH` with the id of L1; the address is taken as it is. Source: DataEncoding.sol (encodeNTVAssetId).
    Raises InputError.
    """
    vault = L2_NATIVE_TOKEN_VAULT_ADDRESS
    return keccak256(abi.encode(("uint256", "address", "address"), (origin_chain_id, vault, token)))


def era_bridged_token(
    deployer: AddressLike,
    bytecode_hash: HexLike,
    beacon: AddressLike,
    *,
    origin: int,
    token: AddressLike,
    l1_chain_id: int,
) -> Address:
    """Where a token of another chain stands on Era: a beacon's proxy, deployed by the vault there or by the legacy bridge.

    The salt is the token, if it is one of L1, else keccak(abi.encode(origin, token)). Whatever hash and beacon a liar names, no
    other token's address follows from them, but by a preimage. Source: L2NativeTokenVault.sol, L2SharedBridgeLegacy.sol
    (calculateCreate2TokenAddress, _getCreate2Salt). Raises InputError.
    """
    salt = abi.encode(("address",), (token,))
    if origin != l1_chain_id:
        salt = keccak256(abi.encode(("uint256", "address"), (origin, token)))
    return era_create2(deployer, salt, bytecode_hash, abi.encode(("address", "bytes"), (beacon, b"")))


# ---------------------------------------------------------------- what a deposit says on L1
class TransferData(msgspec.Struct, frozen=True):
    """What the native token vault burns or locks: the amount, the receiver on the other side, the token here.

    abi.encode(uint256 amount, address receiver, address token), exactly 96 bytes. The token may be zero only where it
    is registered; give it always, or the asset is not found for a token never bridged before. Raises InputError.
    """

    amount: int
    receiver: Address
    token: Address

    def __post_init__(self) -> None:
        uint(self.amount, "amount")
        force_setattr(self, "receiver", Address(self.receiver))
        force_setattr(self, "token", Address(self.token))

    def encode(self) -> bytes:
        """The 96 bytes."""
        return abi.encode(_TRANSFER, (self.amount, self.receiver, self.token))

    @classmethod
    def decode(cls, data: HexLike) -> Self:
        """Read them. Raises InputError."""
        return cls(*abi.decode(_TRANSFER, hex_bytes(data, "transfer data")))


_TRANSFER = ("uint256", "address", "address")
_LEGACY = ("address", "uint256", "address")


class SecondBridgeDeposit(msgspec.Struct, frozen=True, kw_only=True):
    """The `secondBridgeCalldata` of a deposit by the asset router. `asset_id` None: in the legacy encoding.

    New (v26 on, any token): 0x01 | abi.encode(bytes32 assetId, bytes transferData).
    Legacy (tokens of L1 only): abi.encode(address token, uint256 amount, address receiver), so it begins with 0x00.
    """

    asset_id: Hash32 | None
    transfer: TransferData

    def encode(self) -> bytes:
        """The bytes for the request."""
        transfer = self.transfer
        if self.asset_id is None:
            return abi.encode(_LEGACY, (transfer.token, transfer.amount, transfer.receiver))
        return _NEW_ENCODING + abi.encode(("bytes32", "bytes"), (self.asset_id, transfer.encode()))

    @classmethod
    def decode(cls, data: HexLike) -> Self:
        """Read either encoding. Raises InputError, also for the encodings of other asset handlers."""
        raw = hex_bytes(data, "second bridge calldata")
        if raw[:1] == _NEW_ENCODING:
            asset_id, transfer = abi.decode(("bytes32", "bytes"), raw[1:])
            return cls(asset_id=asset_id, transfer=TransferData.decode(transfer))
        if raw[:1] != b"\x00":
            raise InputError(f"second bridge calldata: unknown encoding version {to_hex(raw[:1])}")
        token, amount, receiver = abi.decode(_LEGACY, raw)
        return cls(asset_id=None, transfer=TransferData(amount, receiver, token))


def legacy_deposit_data_hash(sender: AddressLike, l1_token: AddressLike, amount: int) -> Hash32:
    """What L1Nullifier.depositHappened holds of a deposit in the legacy encoding: keccak(abi.encode(...)).

    `sender` is the caller of the bridgehub, not aliased. Raises InputError.
    """
    return keccak256(abi.encode(("address", "address", "uint256"), (sender, l1_token, amount)))


def deposit_data_hash(sender: AddressLike, asset_id: HexLike, transfer_data: HexLike) -> Hash32:
    """What L1Nullifier.depositHappened holds of a deposit in the new encoding.

    keccak(0x01 | abi.encode(address sender, bytes32 assetId, bytes transferData)), with the very bytes of the deposit's
    transfer data. Source: DataEncoding.sol (encodeTxDataHash). Raises InputError.
    """
    encoded = abi.encode(("address", "bytes32", "bytes"), (sender, asset_id, transfer_data))
    return keccak256(_NEW_ENCODING + encoded)


# ---------------------------------------------------------------- what it says on L2
def erc20_metadata(name: str, symbol: str, decimals: int, *, origin_chain_id: int | None = None) -> bytes:
    """A token's name, symbol and decimals as bridges carry them: each as the token's getter returns it.

    With an origin chain 0x01 | abi.encode(uint256, bytes, bytes, bytes), as since v26; without, abi.encode(bytes,
    bytes, bytes). `L1NativeTokenVault.getERC20Getters` gives the former for any token. Raises InputError.
    """
    texts = (abi.encode(("string",), (text,)) for text in (name, symbol))
    getters = (*texts, abi.encode(("uint8",), (decimals,)))
    if origin_chain_id is None:
        return abi.encode(("bytes", "bytes", "bytes"), getters)
    return _NEW_ENCODING + abi.encode(("uint256", "bytes", "bytes", "bytes"), (origin_chain_id, *getters))


class BridgeMint(msgspec.Struct, frozen=True, kw_only=True):
    """What the vault on the other side mints or releases: bridgeMint's data (DataEncoding.sol, encodeBridgeMintData).

    abi.encode(address originalCaller, address receiver, address originToken, uint256 amount, bytes erc20Metadata).
    """

    original_caller: Address
    receiver: Address
    origin_token: Address
    amount: int
    metadata: bytes

    def encode(self) -> bytes:
        """The bytes."""
        return abi.encode(_MINT, [getattr(self, name) for name in self.__struct_fields__])

    @classmethod
    def decode(cls, data: HexLike) -> Self:
        """Read them. Raises InputError."""
        values = abi.decode(_MINT, hex_bytes(data, "bridge mint data"))
        return cls(**dict(zip(cls.__struct_fields__, values, strict=True)))


_MINT = ("address", "address", "address", "uint256", "bytes")


def deposit_calldata(mint: BridgeMint, *, asset_id: HexLike, origin_chain_id: int, l1_chain_id: int) -> bytes:
    """What the asset router has L2's asset router (0x10003) execute for a deposit: `L1AssetRouter.getDepositCalldata`.

    A token of L1 comes by the five-argument `finalizeDeposit`, in whichever encoding the request was; any other by the
    one with an asset id. Raises InputError.
    """
    if origin_chain_id == l1_chain_id:
        fields = (mint.original_caller, mint.receiver, mint.origin_token, mint.amount, mint.metadata)
        return L2_ASSET_ROUTER.finalize_deposit_legacy.encode(*fields)
    return L2_ASSET_ROUTER.finalize_deposit.encode(l1_chain_id, asset_id, mint.encode())


# ---------------------------------------------------------------- what a withdrawal says to L1
class BaseTokenWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Of the base token, by 0x800A: selector | receiver(20) | amount(32) [| l2Sender(20) | data, if with a message]."""

    # finalizeEthWithdrawal(uint256,uint256,uint16,bytes,bytes32[])
    SELECTOR: ClassVar[bytes] = bytes.fromhex("6c0960f9")

    receiver: Address
    amount: int
    extra: bytes = b""

    def encode(self) -> bytes:
        """The message, without ABI padding."""
        return self.SELECTOR + Address(self.receiver) + uint(self.amount, "amount").to_bytes(32) + self.extra


class LegacyWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Of a token of L1, by a legacy bridge: selector | receiver(20) | l1Token(20) | amount(32)."""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("11a2ccc1")  # finalizeWithdrawal(uint256,uint256,uint16,bytes,bytes32[])

    receiver: Address
    l1_token: Address
    amount: int

    def encode(self) -> bytes:
        """The message, without ABI padding."""
        amount = uint(self.amount, "amount").to_bytes(32)
        return self.SELECTOR + Address(self.receiver) + Address(self.l1_token) + amount


class AssetWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Of any asset, by 0x10003: selector | originChainId(32) | assetId(32) | transferData (of the asset's handler).

    `origin_chain_id` is the chain that withdraws.
    """

    SELECTOR: ClassVar[bytes] = bytes.fromhex("9c884fd1")  # finalizeDeposit(uint256,bytes32,bytes)

    origin_chain_id: int
    asset_id: Hash32
    transfer_data: bytes

    def encode(self) -> bytes:
        """The message, without ABI padding."""
        chain = uint(self.origin_chain_id, "origin_chain_id").to_bytes(32)
        return self.SELECTOR + chain + Hash32(self.asset_id) + self.transfer_data

    @property
    def mint(self) -> BridgeMint:
        """Receiver, token and amount, if the asset is of the native token vaults. Raises InputError if it is not."""
        return BridgeMint.decode(self.transfer_data)


WithdrawalMessage: TypeAlias = BaseTokenWithdrawal | LegacyWithdrawal | AssetWithdrawal


def parse_withdrawal_message(message: HexLike) -> WithdrawalMessage:
    """The withdrawal that an L2->L1 message announces, as L1Nullifier.sol (_parseL2WithdrawalMessage) reads it.

    Raises InputError for a message that is none: unknown selector or wrong length.
    """
    raw = hex_bytes(message, "message")
    selector, body = raw[:4], raw[4:]
    size = len(body)
    if selector == BaseTokenWithdrawal.SELECTOR and size >= 52:
        amount = int.from_bytes(body[20:52])
        return BaseTokenWithdrawal(receiver=Address(body[:20]), amount=amount, extra=body[52:])
    if selector == LegacyWithdrawal.SELECTOR and size == 72:
        amount = int.from_bytes(body[40:])
        return LegacyWithdrawal(receiver=Address(body[:20]), l1_token=Address(body[20:40]), amount=amount)
    if selector == AssetWithdrawal.SELECTOR and size >= 64:
        chain = int.from_bytes(body[:32])
        return AssetWithdrawal(origin_chain_id=chain, asset_id=Hash32(body[32:64]), transfer_data=body[64:])
    shown = f"{to_hex(raw[:80])} ({len(raw)} bytes)"
    raise InputError(f"message {shown} is not a withdrawal: unknown selector or wrong length")

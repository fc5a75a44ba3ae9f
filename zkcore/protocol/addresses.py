"""Addresses that follow from others: aliases of L1 senders on L2, and where contracts are created, in EVM and EraVM."""

from zkcore.ethereum import rlp
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.contracts.constants import ALIAS_OFFSET, CREATE2_PREFIX, CREATE_PREFIX
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes, uint

__all__ = ["apply_alias", "create", "create2", "era_create", "era_create2", "undo_alias"]


def _shifted(address: AddressLike, offset: int) -> Address:
    return Address(((int.from_bytes(Address(address)) + offset) % (1 << 160)).to_bytes(20))


def apply_alias(address: AddressLike) -> Address:
    """The L2 sender of a request by an L1 contract: address + 0x1111...1111 mod 2**160.

    Source: era-contracts l1-contracts/contracts/vendor/AddressAliasHelper.sol. Raises InputError.
    """
    return _shifted(address, ALIAS_OFFSET)


def undo_alias(address: AddressLike) -> Address:
    """The L1 contract behind an aliased L2 sender: the inverse of `apply_alias`. Raises InputError."""
    return _shifted(address, -ALIAS_OFFSET)


def create(sender: AddressLike, nonce: int) -> Address:
    """CREATE in the EVM: keccak(rlp([sender, nonce]))[12:]. Source: yellow paper, section 7. Raises InputError."""
    number = uint(nonce, "nonce", 64)
    return Address(keccak256(rlp.encode([Address(sender), rlp.from_uint(number)]))[12:])


def create2(sender: AddressLike, salt: HexLike, init_code_hash: HexLike) -> Address:
    """CREATE2 in the EVM (EIP-1014): keccak(0xff | sender | salt | keccak(init code))[12:]. Raises InputError."""
    return Address(keccak256(b"\xff" + Address(sender) + Hash32(salt) + Hash32(init_code_hash))[12:])


def era_create(sender: AddressLike, nonce: int) -> Address:
    """CREATE in EraVM: keccak(keccak("zksyncCreate") | sender | nonce)[12:], both as 32-byte words.

    The nonce is the sender's *deployment* nonce (NonceHolder.getDeploymentNonce), not that of its transactions.
    Source: era-contracts l1-contracts/contracts/common/l2-helpers/L2ContractHelper.sol. Raises InputError.
    """
    return Address(keccak256(CREATE_PREFIX + bytes(12) + Address(sender) + uint(nonce, "nonce").to_bytes(32))[12:])


def era_create2(
    sender: AddressLike, salt: HexLike, bytecode_hash: HexLike, constructor_input: HexLike = b""
) -> Address:
    """CREATE2 in EraVM: keccak(keccak("zksyncCreate2") | sender | salt | bytecode hash | keccak(input))[12:].

    `bytecode_hash` is the versioned one (`zkcore.protocol.bytecode`). Source: as `era_create`. Raises InputError.
    """
    inputs = keccak256(hex_bytes(constructor_input, "constructor_input"))
    made_of = CREATE2_PREFIX + bytes(12) + Address(sender) + Hash32(salt) + Hash32(bytecode_hash) + inputs
    return Address(keccak256(made_of)[12:])

"""L2->L1 logs, their leaves, and the proofs that a leaf is in a batch: checked offline against roots read from L1.

Sources, in matter-labs/era-contracts, l1-contracts/contracts: common/libraries/MessageHashing.sol and Merkle.sol,
state-transition/chain-deps/facets/Mailbox.sol (_proveL2LeafInclusion), core/message-root/L1MessageRoot.sol since v31.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from zkcore.errors import InputError, InvalidProof
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.contracts import constants
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes, uint

# fmt: off
__all__ = [
    "L2ToL1Log", "ProofNode", "batch_leaf", "chain_id_leaf", "deciding_batch", "merkle_root", "message_log",
    "parse_proof", "status_log", "verify_proof",
]
# fmt: on

_METADATA_VERSION: Final = 1  # SUPPORTED_PROOF_METADATA_VERSION


# ---------------------------------------------------------------- leaves
class L2ToL1Log(msgspec.Struct, frozen=True, kw_only=True):
    """A log that a batch carries to L1. `tx_number` is that of the transaction in the batch (ZKsync OS: in the block).

    Raises InputError.
    """

    shard_id: int = 0
    is_service: bool
    tx_number: int
    sender: Address
    key: Hash32
    value: Hash32

    def __post_init__(self) -> None:
        uint(self.shard_id, "shard_id", 8)
        uint(self.tx_number, "tx_number", 16)
        if type(self.is_service) is not bool:
            raise InputError(f"is_service: expected a bool, got {self.is_service!r}")
        force_setattr(self, "sender", Address(self.sender))
        force_setattr(self, "key", Hash32(self.key))
        force_setattr(self, "value", Hash32(self.value))

    def encode(self) -> bytes:
        """The 88 bytes: shardId(1) | isService(1) | txNumber(2) | sender(20) | key(32) | value(32)."""
        head = bytes([self.shard_id, self.is_service]) + self.tx_number.to_bytes(2)
        return head + self.sender + self.key + self.value

    def leaf(self) -> Hash32:
        """The leaf in the batch's tree of logs: their hash."""
        return keccak256(self.encode())


def message_log(sender: AddressLike, message: HexLike, tx_number: int) -> L2ToL1Log:
    """The log of a message that `sender` sent to L1 through the messenger at 0x8008. Raises InputError."""
    key, value = Hash32(bytes(12) + Address(sender)), keccak256(hex_bytes(message, "message"))
    messenger = constants.L1_MESSENGER_ADDRESS
    return L2ToL1Log(is_service=True, tx_number=tx_number, sender=messenger, key=key, value=value)


def status_log(l2_tx_hash: HexLike, *, succeeded: bool, tx_number: int) -> L2ToL1Log:
    """The log that says how an L1->L2 transaction ended, sent by the bootloader. Raises InputError."""
    key, value = Hash32(l2_tx_hash), Hash32(succeeded.to_bytes(32))
    return L2ToL1Log(is_service=True, tx_number=tx_number, sender=constants.BOOTLOADER, key=key, value=value)


def batch_leaf(batch_root: HexLike, batch: int, l1_timestamp: int | None = None) -> Hash32:
    """A batch's leaf in its chain's tree on a settlement layer: keccak(keccak("zkSync:BatchLeaf") | root | number).

    Since v33 the batch's time on L1 is in it as well.
    """
    time = b"" if l1_timestamp is None else uint(l1_timestamp, "l1_timestamp").to_bytes(32)
    return keccak256(constants.BATCH_LEAF_PADDING + Hash32(batch_root) + uint(batch, "batch").to_bytes(32) + time)


def chain_id_leaf(chain_root: HexLike, chain_id: int) -> Hash32:
    """A chain's leaf in the tree of a settlement layer's batch: keccak(keccak("zkSync:ChainIdLeaf") | root | id)."""
    return keccak256(constants.CHAIN_ID_LEAF_PADDING + Hash32(chain_root) + uint(chain_id, "chain_id").to_bytes(32))


# ---------------------------------------------------------------- roots
def merkle_root(path: Sequence[HexLike], index: int, leaf: HexLike) -> Hash32:
    """The root that a leaf at this index and its siblings, lowest first, lead to. Raises InvalidProof."""
    if len(path) >= 256:
        raise InvalidProof(f"a path of {len(path)} siblings is too long (MerklePathOutOfBounds)")
    if uint(index, "index") >> len(path):
        raise InvalidProof(f"index {index} does not fit a path of {len(path)} siblings (MerkleIndexOutOfBounds)")
    node = Hash32(leaf)
    for sibling in map(Hash32, path):
        node = keccak256(sibling + node if index & 1 else node + sibling)
        index >>= 1
    return node


class ProofNode(msgspec.Struct, frozen=True, kw_only=True):
    """One chain's part of a proof. The last one is `final`: its root is compared with L1's, the fields below are 0.

    `length`: the words it takes. `batch_mask` and `batch_path` lead from the batch's leaf to the chain's root;
    `settlement_mask` is the index of the chain's leaf in batch `settlement_batch` of chain `settlement_chain_id`.
    `l1_timestamp`: in the batch's leaf since v33.
    """

    length: int
    path: tuple[Hash32, ...]
    final: bool
    batch_mask: int = 0
    batch_path: tuple[Hash32, ...] = ()
    settlement_batch: int = 0
    settlement_mask: int = 0
    settlement_chain_id: int = 0
    l1_timestamp: int | None = None


def parse_proof(proof: Sequence[HexLike]) -> tuple[ProofNode, ...]:
    """The parts of a proof as the node gives it: one where the chain settles on L1, two where it does on a gateway.

    New format (v26 on): a metadata word 0x01 | log path length | batch path length | final, and 28 zero bytes, then
        final:      log path
        otherwise:  log path, [since v33: time on L1,] batch mask, batch path, settlement batch << 128 | settlement mask,
                    settlement chain id, and the settlement layer's part
    Nothing says which of the two it is: read without the time, the latter's settlement chain id is no chain id.
    Old format, told by its first word's last 28 bytes: a bare path. Words after the final part are ignored, as on L1.
    Raises InvalidProof.
    """
    try:
        words = tuple(map(Hash32, proof))
    except InputError as error:
        raise InvalidProof(f"a proof is a list of 32-byte words: {error}") from None
    nodes: list[ProofNode] = []
    while not (nodes and nodes[-1].final):
        nodes.append(_node(words))
        words = words[nodes[-1].length :]
    return tuple(nodes)


def _node(words: tuple[Hash32, ...]) -> ProofNode:
    if not words:
        raise InvalidProof("the proof, or its settlement layer's part, is empty (MerklePathEmpty)")
    if any(words[0][4:]):
        return ProofNode(length=len(words), path=words, final=True)
    version, log_length, batch_length, final = words[0][:4]
    if version != _METADATA_VERSION:
        raise InvalidProof(f"proof metadata of version {version}, expected 1 (UnsupportedProofMetadataVersion)")
    if final and batch_length:
        raise InvalidProof(f"a final part with a batch path of {batch_length} (InvalidProofLengthForFinalNode)")
    length = 1 + log_length + (0 if final else batch_length + 3)
    if len(words) < length:
        raise InvalidProof(f"the proof announces {length} words, has {len(words)}")
    path, rest = words[1 : 1 + log_length], words[1 + log_length : length]
    if final:
        return ProofNode(length=length, path=path, final=True)
    timestamp: int | None = None
    if any(rest[-1][:24]) and len(words) > length:
        timestamp, rest, length = int.from_bytes(rest[0]), (*rest[1:], words[length]), length + 1
    mask, *batch_path, packed, chain_id = rest
    settlement_batch, settlement_mask = divmod(int.from_bytes(packed), 1 << 128)
    return ProofNode(
        length=length,
        path=path,
        final=False,
        batch_mask=int.from_bytes(mask),
        batch_path=tuple(batch_path),
        settlement_batch=settlement_batch,
        settlement_mask=settlement_mask,
        settlement_chain_id=int.from_bytes(chain_id),
        l1_timestamp=timestamp,
    )


def deciding_batch(chain_id: int, batch: int, proof: Sequence[HexLike]) -> tuple[int, int]:
    """The (chain id, batch) whose root on L1 decides about a proof: its own, or the settlement layer's.

    Raises InvalidProof.
    """
    *hops, _ = parse_proof(proof)
    return (hops[-1].settlement_chain_id, hops[-1].settlement_batch) if hops else (chain_id, batch)


def verify_proof(
    *,
    chain_id: int,
    batch: int,
    index: int,
    leaf: HexLike,
    proof: Sequence[HexLike],
    roots: Callable[[int, int], Hash32 | None],
) -> bool:
    """Whether a proof leads from the leaf, at this index of this batch of this chain, to a trusted root.

    `roots(chain_id, batch)` gives the root that L1 holds, None (or zero) if it holds none: DIAMOND.l2_logs_root_hash, or
    since v31 MESSAGE_ROOT.chain_batch_roots, read from L1 and never from the node that gave the proof.
    Raises InvalidProof for a malformed proof, and where there is no root to compare with; InputError.
    """
    node = Hash32(leaf)
    if node == constants.DEFAULT_LEAF:
        raise InvalidProof("the leaf is that of an absent log (HashedLogIsDefault)")
    *hops, last = parse_proof(proof)
    for hop in hops:
        settled = batch_leaf(merkle_root(hop.path, index, node), batch, hop.l1_timestamp)
        node = chain_id_leaf(merkle_root(hop.batch_path, hop.batch_mask, settled), chain_id)
        chain_id, batch, index = hop.settlement_chain_id, hop.settlement_batch, hop.settlement_mask
    root = merkle_root(last.path, index, node)
    trusted = roots(chain_id, batch)
    if trusted is None or not any(trusted):
        raise InvalidProof(f"L1 holds no root of batch {batch} of chain {chain_id}: not executed, or another batch")
    return root == trusted

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkcore.errors import InputError, InvalidProof
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.contracts import DEFAULT_LEAF
from zkcore.protocol.proofs import (
    L2ToL1Log,
    batch_leaf,
    chain_id_leaf,
    deciding_batch,
    merkle_root,
    message_log,
    parse_proof,
    status_log,
    verify_proof,
)
from zkcore.testing.log_tree import LogTree, metadata
from zkcore.types import Address, Hash32

ROUTER = Address("0x0000000000000000000000000000000000010003")
HASHES = st.binary(min_size=32, max_size=32).map(Hash32)


def made(name: str) -> Hash32:
    return keccak256(f"p{name}".encode())


def word(number: int) -> Hash32:
    return Hash32(number.to_bytes(32, "big"))


# ---------------------------------------------------------------- the synthetic proof, taken from the real libraries
LOG = L2ToL1Log(
    is_service=True,
    tx_number=7,
    sender=Address("0x0000000000000000000000000000000000008008"),
    key=Hash32(bytes(12) + ROUTER),
    value=made("msg"),
)
GATEWAY_PROOF = [
    Hash32("0x010f0400" + "00" * 28),
    *(made(f"l{i}") for i in range(15)),
    word(5),
    *(made(f"b{i}") for i in range(4)),
    word(999 << 128 | 9),
    word(9075),
    Hash32("0x01050001" + "00" * 28),
    *(made(f"c{i}") for i in range(5)),
]
GATEWAY_ROOT = Hash32("0xa64f425c3f6479786a65c751ade1caa11d539afc9a4c4ff13a183bac89baa319")


def test_the_synthetic_proof_step_by_step() -> None:
    leaf = LOG.leaf()
    assert leaf == Hash32("0x6a71f3774ef94bcd2c2d0ab7d89c7fbf6f810bb8fa82e0f2a1787b9b1f08b43b")
    first, last = parse_proof(GATEWAY_PROOF)
    root = merkle_root(first.path, 77, leaf)
    assert root == Hash32("0x331a6ce13a4f8d83ab68ac55a0c5dc09cc35b3bf5653bb266aaed56b2b96e744")
    chain_root = merkle_root(first.batch_path, first.batch_mask, batch_leaf(root, 1234))
    assert chain_root == Hash32("0xf724631e323fa50e941817b84a6fa2ba63905d8ce89e673dfcc649b1bec64d33")
    of_chain = chain_id_leaf(chain_root, 324)
    assert of_chain == Hash32("0xaa7555aaa6763727f3f185346594d5622fd088e4c0922b659018263bb9ab7594")
    assert merkle_root(last.path, first.settlement_mask, of_chain) == GATEWAY_ROOT
    assert (first.length, last.length) == (23, 6)  # where the second part begins, and its words
    assert (first.settlement_chain_id, first.settlement_batch, first.settlement_mask) == (9075, 999, 9)
    assert deciding_batch(324, 1234, GATEWAY_PROOF) == (9075, 999)


def gateway(**changes: Any) -> bool:
    roots = {(9075, 999): GATEWAY_ROOT}
    asked = {"chain_id": 324, "batch": 1234, "index": 77, "leaf": LOG.leaf(), "proof": GATEWAY_PROOF, **changes}
    return verify_proof(roots=lambda chain, batch: roots.get((chain, batch)), **asked)


def test_a_proof_by_way_of_the_gateway() -> None:
    assert gateway()
    assert gateway(proof=[str(each) for each in GATEWAY_PROOF])
    assert gateway(proof=[*GATEWAY_PROOF, made("more")])  # as on L1: behind the final part nothing is read
    assert not gateway(chain_id=325)
    assert not gateway(batch=1235)
    assert not gateway(index=76)
    assert not gateway(leaf=made("other"))


@given(st.integers(0, 27), st.integers(0, 31), st.integers(1, 255))
def test_a_tampered_word_is_always_detected(place: int, byte: int, flip: int) -> None:
    changed = bytearray(GATEWAY_PROOF[place])
    changed[byte] ^= flip
    proof = [*GATEWAY_PROOF[:place], Hash32(bytes(changed)), *GATEWAY_PROOF[place + 1 :]]
    try:
        accepted = gateway(proof=proof)
    except InvalidProof:
        return
    # any other number than 0 says "final": the one byte with two spellings
    assert accepted == (place == 23 and byte == 3)


@given(st.integers(0, 27))
def test_a_proof_cut_anywhere_is_detected(length: int) -> None:
    with pytest.raises(InvalidProof, match=r"announces|MerklePathEmpty"):
        gateway(proof=GATEWAY_PROOF[:length])


# ---------------------------------------------------------------- logs
def test_status_log() -> None:
    l2_hash = "0x18509644075c198320cce3589a34eeb513ca6f053235788117192b391b1e39f2"
    failed = status_log(l2_hash, succeeded=False, tx_number=3)
    assert failed.leaf() == Hash32("0x8217f98bac5bb871d30730148aa4c959ed7b100dd7d2e86d392d5698f32b3521")
    assert status_log(l2_hash, succeeded=True, tx_number=3).value == word(1)


def test_message_log_is_the_messenger_s() -> None:
    log = message_log(str(ROUTER), "0x1234", 7)
    assert log == L2ToL1Log(
        is_service=True, tx_number=7, sender=LOG.sender, key=LOG.key, value=keccak256(b"\x12\x34"), shard_id=0
    )
    assert len(log.encode()) == 88


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shard_id", 256),
        ("tx_number", 65536),
        ("tx_number", -1),
        ("is_service", 1),
        ("key", b"\x01"),
        ("value", "0x01"),
        ("sender", "0x01"),
    ],
)
def test_logs_that_do_not_fit_are_refused(field: str, value: Any) -> None:
    fields = {name: getattr(LOG, name) for name in LOG.__struct_fields__}
    with pytest.raises(InputError):
        L2ToL1Log(**{**fields, field: value})


# ---------------------------------------------------------------- trees and direct proofs
LEAVES = st.lists(HASHES, min_size=1, max_size=20, unique=True)


@given(LEAVES, st.data())
def test_each_leaf_of_a_tree_is_proven_and_no_other(leaves: list[Hash32], data: st.DataObject) -> None:
    tree = LogTree(leaves, 32, aggregated_root=data.draw(HASHES))
    index = data.draw(st.integers(0, len(leaves) - 1))

    def verify(leaf: Hash32, at: int, root: Hash32 | None = tree.batch_root) -> bool:
        return verify_proof(
            chain_id=324, batch=1, index=at, leaf=leaf, proof=tree.proof(index), roots=lambda _chain, _batch: root
        )

    assert deciding_batch(324, 1, tree.proof(index)) == (324, 1)
    assert verify(leaves[index], index)
    assert not verify(keccak256(leaves[index]), index)
    assert not verify(leaves[index], index ^ 1)
    assert not verify(leaves[index], index, keccak256(tree.batch_root))
    for absent in (None, word(0)):
        with pytest.raises(InvalidProof, match="no root of batch 1 of chain 324"):
            verify(leaves[index], index, absent)


@given(LEAVES, st.data())
def test_the_old_format_is_a_bare_path(leaves: list[Hash32], data: st.DataObject) -> None:
    tree = LogTree(leaves, 64)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.path(index)
    assert merkle_root(path, index, leaves[index]) == tree.root
    (node,) = parse_proof(path)
    assert (node.final, node.path, node.length) == (True, tuple(path), 6)


def test_the_tree_of_a_batch() -> None:
    empty = LogTree([])
    assert len(empty.path(0)) == 14
    assert len(empty.proof(0)) == 16
    assert empty.proof(0)[0].hex() == "010f0001" + "00" * 28
    assert merkle_root(empty.path(16383), 16383, DEFAULT_LEAF) == empty.root
    assert LogTree([made("a")], 1).root == made("a")
    for size in (0, 3, -2):
        with pytest.raises(InputError, match="power of two"):
            LogTree([], size)
    with pytest.raises(InputError, match="do not fit"):
        LogTree([made("a")] * 3, 2)
    for index in (-1, 16384):
        with pytest.raises(InputError, match="outside"):
            empty.path(index)


# ---------------------------------------------------------------- malformed
@pytest.mark.parametrize(
    ("proof", "told"),
    [
        ([], "MerklePathEmpty"),
        ([metadata(14), *[made("x")] * 13], "announces 15 words, has 14"),
        ([metadata(1, 2, final=False), *[made("x")] * 4], "announces 7 words, has 5"),
        ([metadata(1, 0, final=False), *[made("x")] * 4], "MerklePathEmpty"),  # the settlement layer's part is missing
        ([metadata(1, 1), made("x"), made("y")], "InvalidProofLengthForFinalNode"),
        ([Hash32("0x02010001" + "00" * 28), made("x")], "UnsupportedProofMetadataVersion"),
        ([word(0), made("x")], "UnsupportedProofMetadataVersion"),
        (["0x01"], "32-byte words"),
        ([made("x"), "nonsense"], "32-byte words"),
        ([made("x")] * 256, "MerklePathOutOfBounds"),
    ],
)
def test_malformed_proofs_say_what_is_wrong(proof: list[Any], told: str) -> None:
    with pytest.raises(InvalidProof, match=told):
        verify_proof(chain_id=1, batch=1, index=0, leaf=made("leaf"), proof=proof, roots=lambda _c, _b: made("root"))


def test_a_leaf_that_is_no_log_and_an_index_that_is_no_place() -> None:
    with pytest.raises(InvalidProof, match="HashedLogIsDefault"):
        gateway(leaf=DEFAULT_LEAF)
    with pytest.raises(InvalidProof, match="MerkleIndexOutOfBounds"):
        gateway(index=1 << 15)
    with pytest.raises(InputError):
        gateway(index=-1)
    with pytest.raises(InputError):
        gateway(leaf="0x01")


@given(st.lists(HASHES | st.integers(0, 255).map(lambda n: metadata(n % 4, n // 64, final=n % 2 == 1)), max_size=12))
def test_hostile_proofs_end_in_a_precise_error_or_in_no(proof: list[Hash32]) -> None:
    with suppress(InvalidProof):
        assert not verify_proof(
            chain_id=1, batch=1, index=0, leaf=made("leaf"), proof=proof, roots=lambda _c, _b: made("root")
        )


def test_a_final_part_leads_nowhere() -> None:
    for proof in ([Hash32("0x01020001" + "00" * 28), made("a"), made("b")], [made("a"), made("b")]):
        (node,) = parse_proof(proof)
        assert node.final
        assert (node.batch_mask, node.batch_path, node.l1_timestamp) == (0, (), None)
        assert (node.settlement_batch, node.settlement_mask, node.settlement_chain_id) == (0, 0, 0)


@pytest.mark.parametrize("chain_id", [1, 2**56 - 1, 2**56, 2**64 - 1])
def test_the_highest_chain_id_of_a_settlement_layer_is_no_time(chain_id: int) -> None:
    """A chain id has 64 bits: a word with more is a batch and a mask, which says that a time came before."""
    last = [Hash32("0x01010001" + "00" * 28), made("c")]
    part = [made("l"), word(5), made("b"), word(999 << 128 | 9), word(chain_id)]
    first, _ = parse_proof([Hash32("0x01010100" + "00" * 28), *part, *last])
    assert (first.l1_timestamp, first.settlement_chain_id, first.settlement_batch) == (None, chain_id, 999)
    timed, _ = parse_proof([Hash32("0x01010100" + "00" * 28), part[0], word(1_700_000_000), *part[1:], *last])
    assert (timed.l1_timestamp, timed.settlement_chain_id, timed.settlement_batch) == (1_700_000_000, chain_id, 999)
    assert timed.length == first.length + 1

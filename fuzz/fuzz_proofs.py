"""Proofs and receipts' logs as nodes give them: refused, or read in one way."""

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import InputError, InvalidProof
    from zkcore.protocol.proofs import deciding_batch, parse_proof, verify_proof
    from zkcore.testing.log_tree import LogTree, metadata
    from zkcore.types import Hash32


def check(data: bytes) -> None:
    index, leaf, words = data[:2], data[2:34], data[34:]
    proof = [words[place : place + 32] for place in range(0, len(words), 32)]
    asked: list[tuple[int, int]] = []

    def roots(chain_id: int, batch: int) -> Hash32:
        asked.append((chain_id, batch))
        return Hash32(b"\x01" * 32)

    try:
        valid = verify_proof(chain_id=324, batch=7, index=int.from_bytes(index), leaf=leaf, proof=proof, roots=roots)
    except (InvalidProof, InputError):
        return
    require(not valid, "no leaf can lead to a root that nobody computed")
    require(asked == [deciding_batch(324, 7, proof)], asked)
    nodes = parse_proof(proof)
    require([node.final for node in nodes] == [False] * (len(nodes) - 1) + [True], nodes)
    require(sum(node.length for node in nodes) <= len(proof), nodes)


LEAVES = [bytes([number]) * 32 for number in range(1, 6)]
TREE = LogTree(LEAVES, size=8)
GATEWAY = [
    metadata(3, 1, final=False),
    *TREE.path(2),
    Hash32(bytes(32)),
    LEAVES[0],
    Hash32((5 << 128 | 1).to_bytes(32)),
]
GATEWAY += [Hash32((9).to_bytes(32)), metadata(1), Hash32(LEAVES[1])]
SEEDS = [
    (2).to_bytes(2) + LEAVES[2] + b"".join(map(bytes, proof)) for proof in (TREE.proof(2), TREE.path(2), GATEWAY, [])
]

if __name__ == "__main__":
    fuzz(check, SEEDS)

"""Leaves, trees and proofs of L2->L1 logs."""

from typing import Any

from tests.vectors.runner import Rule, number, same
from zkcore.protocol.contracts import BATCH_LEAF_PADDING, CHAIN_ID_LEAF_PADDING, DEFAULT_LEAF
from zkcore.protocol.proofs import (
    L2ToL1Log,
    batch_leaf,
    chain_id_leaf,
    deciding_batch,
    merkle_root,
    message_log,
    parse_proof,
    verify_proof,
)
from zkcore.testing.log_tree import LogTree
from zkcore.types import Address, Hash32, hex_bytes

Outputs = dict[str, Any]


def log_leaf(given: Any, _: Any) -> Outputs:
    log = given["log"]
    made = L2ToL1Log(
        shard_id=number(log["l2ShardId"]),
        is_service=log["isService"],
        tx_number=number(log["txNumberInBatch"]),
        sender=Address(log["sender"]),
        key=Hash32(log["key"]),
        value=Hash32(log["value"]),
    )
    return {"packed": made.encode(), "leaf": made.leaf()}


def message_leaf(given: Any, _: Any) -> Outputs:
    message = given["message"]
    log = message_log(message["sender"], message["data"], number(message["txNumberInBatch"]))
    fields = {
        "l2ShardId": log.shard_id,
        "isService": log.is_service,
        "txNumberInBatch": log.tx_number,
        "sender": log.sender,
        "key": log.key,
        "value": log.value,
    }
    return {"log": fields, "packed": log.encode(), "leaf": log.leaf()}


def tree(given: Any, expected: Any) -> Outputs:
    leaves = [parsed(hex_bytes(packed)).leaf() for packed in given["packed_logs"]]
    made = LogTree(leaves, number(given["size"]))
    paths = {int(proof["index"]): made.path(int(proof["index"])) for proof in expected["proofs"]}
    for index, path in paths.items():
        same("the root of a path", merkle_root(path, index, leaves[index]), made.root)
    return {
        "leaves": leaves,
        "root": made.root,
        "proofs": [{"index": index, "path": list(path)} for index, path in paths.items()],
    }


def parsed(packed: bytes) -> L2ToL1Log:
    log = L2ToL1Log(
        shard_id=packed[0],
        is_service=bool(packed[1]),
        tx_number=int.from_bytes(packed[2:4]),
        sender=Address(packed[4:24]),
        key=Hash32(packed[24:56]),
        value=Hash32(packed[56:]),
    )
    same("the log packed again", log.encode(), packed)
    return log


def proof(given: Any, _: Any) -> Outputs:
    chain_id, batch, index = (number(given[name]) for name in ("chain_id", "batch_number", "index"))
    leaf, words = Hash32(given["leaf"]), given["proof"]
    known = {(number(k["chain_id"]), number(k["batch_number"])): Hash32(k["root"]) for k in given["known_roots"]}
    asked: list[tuple[int, int]] = []

    def roots(chain: int, number: int) -> Hash32 | None:
        asked.append((chain, number))
        return known.get((chain, number))

    valid = verify_proof(chain_id=chain_id, batch=batch, index=index, leaf=leaf, proof=words, roots=roots)
    same("the batch whose root decides", asked, [deciding_batch(chain_id, batch, words)])

    first = parse_proof(words)[0]
    root = merkle_root(first.path, index, leaf)
    chain_leaf = bytes(32)
    if not first.final:
        settled = merkle_root(first.batch_path, first.batch_mask, batch_leaf(root, batch))
        chain_leaf = chain_id_leaf(settled, chain_id)
    data = {
        "settlement_layer_chain_id": first.settlement_chain_id,
        "settlement_layer_batch_number": first.settlement_batch,
        "settlement_layer_batch_root_mask": first.settlement_mask,
        "batch_leaf_proof_len": len(first.batch_path),
        "batch_settlement_root": root,
        "chain_id_leaf": chain_leaf,
        "ptr": first.length,
        "final_proof_node": first.final,
    }
    return {"valid": valid, "proof_data": data}


SUITES: dict[str, dict[str | None, Rule]] = {
    "merkle": {
        "default_leaf": lambda _given, _: {"leaf": DEFAULT_LEAF},
        "constants": lambda _given, _: {
            "batch_leaf_padding": BATCH_LEAF_PADDING,
            "chain_id_leaf_padding": CHAIN_ID_LEAF_PADDING,
        },
        "log_leaf": log_leaf,
        "message_leaf": message_leaf,
        "chain_id_leaf": lambda given, _: {"leaf": chain_id_leaf(given["root"], number(given["chain_id"]))},
        "batch_leaf": lambda given, _: {"leaf": batch_leaf(given["root"], number(given["number"]))},
        "tree": tree,
        "root": lambda given, _: {"root": merkle_root(given["path"], number(given["index"]), given["leaf"])},
        "proof": proof,
    }
}

"""Replies of nodes: decoded strictly or refused as a ValueError; receipts are read for requests without surprise."""

import json

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, json_tokens, require
    from msgspec import Raw

    from zkcore.errors import L2HashMismatch
    from zkcore.explore.replies import Block
    from zkcore.methods import replies
    from zkcore.methods.decoding import decoder
    from zkcore.protocol.contracts import DIAMOND
    from zkcore.protocol.priority import CanonicalTransaction, priority_requests
    from zkcore.types import Address

KINDS = [replies.Receipt, Block, replies.NodeTransaction, replies.FeeHistory, replies.LogProof, replies.Log]
DECODERS = {kind: decoder(kind) for kind in KINDS}
EMITTER = Address(b"\x32" * 20)


def check(data: bytes) -> None:
    for kind, decode in DECODERS.items():
        try:
            reply = decode(Raw(data))
        except ValueError:
            continue
        require(type(reply) is kind, reply)
        if isinstance(reply, replies.Receipt):
            try:
                requests = priority_requests(reply, EMITTER)
            except L2HashMismatch:
                continue
            require(all(request.transaction.hash() == request.l2_tx_hash for request in requests), requests)


def word(number: int) -> bytes:
    return number.to_bytes(32)


def request() -> bytes:
    """The data of a NewPriorityRequest event."""
    transaction = CanonicalTransaction(
        tx_type=255, from_address=EMITTER, to=EMITTER, gas_limit=1, max_fee_per_gas=2, nonce=3, value=4, data=b"\x01"
    )
    body = transaction.encode()[32:]
    head = word(3) + transaction.hash() + word(0) + word(160) + word(160 + len(body))
    return head + body + word(0)


HASH, ADDRESS = "0x" + "11" * 32, str(EMITTER)
LOG = {
    "address": ADDRESS,
    "topics": [str(DIAMOND.new_priority_request.topic)],
    "data": "0x" + request().hex(),
    "blockNumber": "0x1",
    "blockHash": HASH,
    "transactionHash": HASH,
    "logIndex": "0x0",
}
L2_LOG = {"sender": ADDRESS, "key": HASH, "value": HASH, "isService": True, "shardId": 0, "txIndexInL1Batch": "0x2"}
RECEIPT = {
    "transactionHash": HASH,
    "transactionIndex": "0x0",
    "blockHash": HASH,
    "blockNumber": "0x1",
    "from": ADDRESS,
    "to": None,
    "status": "0x1",
    "type": "0x2",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x1",
    "logs": [LOG],
    "l2ToL1Logs": [L2_LOG, {**L2_LOG, "transactionIndex": 3}],
}
PROOF = {"proof": [HASH, HASH], "id": 3, "root": HASH, "batch_number": 7}
SEEDS = [json.dumps(reply).encode() for reply in (RECEIPT, {**RECEIPT, "logs": []}, LOG, PROOF, [], None)]

if __name__ == "__main__":
    fuzz(check, SEEDS, json_tokens(*SEEDS))

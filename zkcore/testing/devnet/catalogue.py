"""The ways in which nodes were seen to misbehave, by kind, each ready to be put in force:

fault, method = CATALOGUE["it leaves something out"]["L2->L1 logs"]
net.faults.add(fault, node="l2", method=method)
"""

from collections.abc import Mapping

from zkcore.testing.devnet.faults import (
    NOTHING,
    WITHOUT_ZEROS,
    BatchRefused,
    Body,
    Breaks,
    Drop,
    DuplicateId,
    Failure,
    Fault,
    HalfJson,
    Lacks,
    Lie,
    MissingMember,
    Narrow,
    Stale,
    Status,
    WrongId,
    leaves_out,
    null,
)

__all__ = ["CATALOGUE"]

# fmt: off
_LACKED = (
    "eth_simulateV1", "eth_feeHistory", "eth_maxPriorityFeePerGas", "zks_getBridgehubContract", "zks_getTransactionDetails",
    "zks_estimateGasL1ToL2", "zks_getL2ToL1LogProof",
)
# fmt: on

_NO_L2_LOGS = Lie(lambda receipt: receipt and receipt | ({"l2ToL1Logs": []} if "l2ToL1Logs" in receipt else {}))
_NO_NUMBER = Lie(lambda receipt: receipt and receipt | {"blockNumber": None})
_NULLS = null("effectiveGasPrice", "type", "logsBloom", "contractAddress", "cumulativeGasUsed", "transactionIndex")

# Each kind in which nodes were seen to misbehave, with examples: the fault, and of which methods. `add(*CATALOGUE[kind][name])`
CATALOGUE: Mapping[str, Mapping[str, tuple[Fault, str]]] = {
    "it is away": {
        "reset": (Drop(), "*"),
        "half": (HalfJson(), "*"),
        "half, and closed": (HalfJson(short=True), "*"),
        "502": (Status(502), "*"),
        "503": (Status(503), "*"),
        "521 of a proxy": (Status(521, body="<html>Web server is down</html>"), "*"),
    },
    "it will not": {
        "429": (Status(429), "*"),
        "429, later": (Status(429, retry_after=0.01), "*"),
        "rate limit in words": (Failure(-32005, "daily request count exceeded, request rate limited"), "*"),
        "compute units": (Failure(429, "Your app has exceeded its compute units per second capacity"), "*"),
        "401": (Status(401, body="invalid project id"), "*"),
        "403": (Status(403), "*"),
    },
    "it says something else": {
        "a page": (Body(), "*"),
        "nothing": (Body(""), "*"),
        "500": (Status(500), "*"),
        "internal error": (Failure(-32603, "Internal error"), "*"),
        "header not found": (Failure(-32000, "header not found"), "*"),
        "missing trie node": (
            Failure(-32000, "missing trie node 5a5a (path ) state 0x5a is not available"),
            "eth_call",
        ),
        "upstream lost": (Failure(-32097, "no response or no available upstream for this method"), "*"),
        "timed out": (Failure(-32002, "request timed out"), "*"),
        "wrong ids": (WrongId(), "*"),
        "missing rows": (MissingMember(), "eth_getBalance"),
        "doubled rows": (DuplicateId(), "*"),
    },
    "it lacks a method": {
        **{name: (Lacks(), name) for name in _LACKED},
        "pending nonces": (
            Failure(-32602, "unsupported block tag", only=lambda params: "pending" in params),
            "eth_getTransactionCount",
        ),
        "overrides": (
            Failure(
                -32602,
                "too many arguments, want at most 2",
                only=lambda params: len(params) > 2 and isinstance(params[2], dict),
            ),
            "eth_*",
        ),
    },
    "it leaves something out": {
        "L2->L1 logs": (leaves_out("l2ToL1Logs"), "eth_getTransactionReceipt"),
        "L2->L1 logs, null": (null("l2ToL1Logs"), "eth_getTransactionReceipt"),
        "L2->L1 logs, empty": (_NO_L2_LOGS, "eth_getTransactionReceipt"),
        "the block": (null("blockHash", "blockNumber"), "eth_getTransactionReceipt"),
        "the block's number": (_NO_NUMBER, "eth_getTransactionReceipt"),
        "the price, null": (_NULLS, "eth_getTransactionReceipt"),
        "the price": (leaves_out("effectiveGasPrice", "type", "to"), "eth_getTransactionReceipt"),
        "the root": (leaves_out("root"), "zks_getL2ToL1LogProof"),
        "the tips": (leaves_out("reward", "gasUsedRatio"), "eth_feeHistory"),
        "the details": (leaves_out("receivedAt", "fee"), "zks_getTransactionDetails"),
        "zeros": (WITHOUT_ZEROS, "eth_getStorageAt"),
    },
    "it takes no large batches": {
        "none": (BatchRefused(), "*"),
        "of three": (
            BatchRefused(3, message="Batch of more than 3 requests are not allowed on free tier", status=500),
            "*",
        ),
        "drops them": (Breaks(4), "*"),
    },
    "it takes no long ranges": {
        "by an error": (Narrow(2, Failure(-32005, "query exceeds max block range 2")), "eth_getLogs"),
        "by dropping": (Narrow(2, Drop()), "eth_getLogs"),
        "by 504": (Narrow(2, Status(504)), "eth_getLogs"),
    },
    "it lags": {
        "receipts": (NOTHING, "eth_getTransactionReceipt"),
        "proofs": (NOTHING, "zks_getL2ToL1LogProof"),
        "a block": (Stale(1), "*"),
    },
}

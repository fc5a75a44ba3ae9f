"""What nodes say to `eth_sendRawTransaction`, and what may be concluded from it about the bytes that were sent.

A wrong conclusion pays twice, so there are few: only what is listed here means anything, and the lists tell where a text comes
from. Whatever else a node says (or does not) means that the bytes may be out.
"""

import re
from typing import Final, Literal, TypeAlias

from msgspec import Raw

from zkcore.effects import Reply
from zkcore.errors import MethodNotFound, RpcError
from zkcore.methods.decoding import decoder
from zkcore.types import Hash32

__all__ = ["Answer", "answer", "says_too_cheap"]

Answer: TypeAlias = Literal[
    "taken",  # its hash: the node has it
    "there",  # it had these very bytes before
    "occupied",  # it has another transaction with that nonce, and keeps that one
    "refused",  # it will never take these bytes as things are
    "unknown",  # anything else, silence too
]

# geth core/txpool/errors.go "already known", before 2021 "known transaction: 0x.."; Alchemy, Infura: as geth. erigon
# txnprovider/txpool/txpoolcfg "already known", by its API "ALREADY_EXISTS: already known", "INTERNAL_ERROR: existing tx with
# same hash". nethermind TxPool/AcceptTxResult.cs "AlreadyKnown", of late "already known". besu RpcErrorType.java "Known
# transaction". reth crates/transaction-pool/src/error.rs "already imported", by its API "already known"; ZKsync OS has that pool.
# parity rpc/src/v1/helpers/errors.rs "Transaction with the same hash was already imported." Era: gives the hash again, older
# ones "known transaction. transaction with hash .. is already in the system". anvil "transaction already imported".
_THERE: Final = re.compile(
    r"(?i)already.?(known|exists|imported|pooled|in (the )?(mem|tx|transaction )?pool|in the system)"
    r"|(?<!not a )(?<!no )\bknown.?transaction\b(?!.(type|field))"  # an unknown one is another matter
    r"|same hash (was|is)? ?already|(existing|already) tx with (the )?same hash|duplicate (transaction|tx\b)"
)
# geth, Alchemy, Infura, besu "replacement transaction underpriced"; nethermind "ReplacementNotAllowed"; erigon "could not
# replace existing tx"; reth "insufficient gas price to replace existing transaction"; parity "Transaction gas price .. too
# low. There is another transaction with same nonce in the queue"; Era "insertion of another transaction with the same
# nonce is in progress". nethermind may say so of the very bytes it has (OffchainLabs/nitro pull 3196): they are looked up.
_OCCUPIED: Final = re.compile(
    r"(?i)replacement|\breplace (existing|it\b|an|another)|too low to replace"
    r"|another transaction with (the )?same nonce"
)
# rules of the chain or of the account, checked before a pool is touched. geth core/error.go, core/txpool/errors.go; erigon
# txpoolcfg; reth error.rs; nethermind AcceptTxResult.cs; besu RpcErrorType.java; parity errors.rs; Era
# core/node/api_server/src/tx_sender/result.rs. Not: nonces that are used (ours may have) or too high, full pools, reverts.
_REFUSED: Final = re.compile(
    r"(?i)insufficient.?(funds|balance)|not enough (balance|funds)|upfront cost exceeds|overdraws from account"
    r"|intrinsic gas|gas (limit )?(is )?too (low|high)|(exceeds|exceeding|above) (the |current )?block('s)? gas limit"
    r"|gas ?limit ?exceeded|exceeds transaction gas (cap|limit)|supplied gas is beyond limit|cost exceeds current gas limit"
    r"|exceeds the configured cap|fee ?cap exceeded"
    r"|priority fee per gas (higher than|exceeds)|tip above fee cap"
    r"|oversized data|input data too large|transaction is too big|max(imum)? ?(init ?code|tx ?size)"
    r"|invalid (sender|signature|chain.?id|transaction type|rlp)|wrong chain.?id|chainid (not supported|is required)"
    r"|(tx|transaction) type not supported|notsupportedtxtype|sender (not an eoa|is ?contract)|senderiscontract"
    r"|(sender|recipient|code) is banned|not (permitted|authorized)|only replay-protected"
    r"|too many factory dependencies|paymaster (validation|preparation)|can't start a transaction from a non-account"
)

# words of a node, or of several behind it, by which these very bytes may be out, whatever else it says
_DOUBTED: Final = re.compile(
    r"(?i)nonce.{0,30}\b(low|used|old)|old.?nonce|tim(ed?|ing).?out|already.?(mined|included|executed)"
)

# of what is refused, what is about fees: geth, Infura "max fee per gas less than block base fee", Era the same; erigon "fee cap
# .. below"; nethermind "FeeTooLow"; parity "below configured minimum", "minimal gas price"; besu, reth "below current base fee"
_CHEAP: Final = re.compile(
    r"(?i)max fee per gas less than block base fee|fee ?cap .*below|below current base ?fee|(^|: )transaction underpriced"
    r"|fee ?too ?low|below configured minimum|minimal gas price"
)


def says_too_cheap(error: RpcError) -> bool:
    """Whether a node refused it for fees that are too low."""
    return not any(other.search(error.message) for other in (_THERE, _OCCUPIED)) and bool(_CHEAP.search(error.message))


def answer(reply: Reply, tx_hash: Hash32) -> Answer:
    """What a reply to the send of a transaction says of it."""
    if isinstance(reply, Raw):
        try:
            return "taken" if decoder(Hash32)(reply) == tx_hash else "unknown"
        except ValueError:
            return "unknown"
    if isinstance(reply, MethodNotFound):
        return "refused"
    if isinstance(reply, RpcError):
        doubted = _DOUBTED.search(reply.message) is not None
        for pattern, meaning in _MEANINGS:
            if pattern.search(reply.message):
                return "unknown" if doubted and meaning == "refused" else meaning
    return "unknown"


_MEANINGS: Final[tuple[tuple[re.Pattern[str], Answer], ...]] = (
    (_THERE, "there"),
    (_OCCUPIED, "occupied"),
    (_REFUSED, "refused"),
    (_CHEAP, "refused"),
)

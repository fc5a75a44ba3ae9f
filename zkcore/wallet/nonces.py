"""Which nonce a one-shot method takes, when several are under way in one wallet."""

from zkcore.effects import Chain, Flow, gather
from zkcore.errors import NonceTaken
from zkcore.methods import calls
from zkcore.plans.plan import Plan
from zkcore.types import Hash32

__all__ = ["Nonces"]

_REMEMBERED = 1_024  # sent transactions: more are never waiting


class Nonces:
    """The nonces that this wallet has sent under, a chain. Held by the caller's lock while it is asked and told."""

    def __init__(self) -> None:
        self._next: dict[Chain, int] = {}
        self._sent: dict[tuple[Chain, int], Hash32] = {}

    def marks(self) -> dict[Chain, int]:
        """What is sent until now: take it before the node is asked for its pending count, and give it to `choose`."""
        return {"l1": self._next.get("l1", 0), "l2": self._next.get("l2", 0)}

    def choose(self, plan: Plan[str], mark: int) -> Flow[int]:
        """The first nonce for a plan whose nonces are the node's pending count, asked for after `mark`.

        A count of at least the mark has seen all that was sent before: what came since is ours, and ours goes on. A lower
        one means that a transaction was dropped, or that the node lags: it is asked whether it knows the first one missing.
        """
        chain, sender = plan.steps[0].chain, plan.sender
        counted, ours = plan.steps[0].transaction.nonce, self._next.get(chain, 0)
        if counted >= mark:
            return max(counted, ours)
        tx_hash = self._sent.get((chain, counted))
        if tx_hash is None:
            return counted
        known, count = yield from gather(
            calls.get_transaction(chain, tx_hash), calls.get_transaction_count(chain, sender, block="pending")
        )
        if known is not None or count > counted:
            return max(count, ours)
        if len(plan.steps) > 1 and counted + 1 < ours:  # the gap has room for one
            raise NonceTaken(chain=chain, address=sender, nonce=counted + 1, next_nonce=counted)
        return counted

    def sent(self, chain: Chain, nonce: int, tx_hash: Hash32) -> None:
        """A transaction was sent."""
        self._next[chain] = max(self._next.get(chain, 0), nonce + 1)
        self._sent[chain, nonce] = tx_hash
        if len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]

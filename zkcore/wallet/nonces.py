"""The one register of nonces in this process: they belong to a chain and an account, not to a wallet.

Wallets that share a journal meet in that as well, from any process. What is kept here is for those that have none, or another.
"""

from threading import Lock

from zkcore.journal import Journal
from zkcore.types import Address

__all__ = ["REGISTER", "Register"]


class Register:
    """Who holds what, and which nonces are signed under; and the journal in memory of wallets that were given none."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Begin anew. For tests whose chains begin anew: an account that forgets what it has signed may sign it again."""
        with self._lock:
            self._held: set[str] = set()
            self._taken: dict[tuple[int, Address], set[int]] = {}
            self.journal = Journal(":memory:")

    def hold(self, name: str) -> bool:
        """Take what nobody holds. False: somebody does."""
        with self._lock:
            free = name not in self._held
            self._held.add(name)
        return free

    def let_go(self, name: str) -> None:
        """Give it back."""
        with self._lock:
            self._held.discard(name)

    def take(self, chain_id: int, account: Address, nonce: int) -> None:
        """A transaction was signed under it."""
        with self._lock:
            self._taken.setdefault((chain_id, account), set()).add(nonce)

    def free(self, chain_id: int, account: Address, nonce: int) -> None:
        """What was signed under it is nowhere."""
        with self._lock:
            self._taken.get((chain_id, account), set()).discard(nonce)

    def taken(self, chain_id: int, account: Address, first: int) -> set[int]:
        """Those from `first` on. What is a thousand below is in blocks, and not remembered."""
        with self._lock:
            known = self._taken.get((chain_id, account), set())
            known -= {nonce for nonce in known if nonce < first - 1_000}
            return {nonce for nonce in known if nonce >= first}


REGISTER = Register()

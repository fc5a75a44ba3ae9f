"""What a journal keeps: an entry for each order, in one of ten states, and the protocol that every journal follows."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from zkcore.plans.facts import PlanKind
from zkcore.plans.plan import SignedPlan
from zkcore.types import Address, Hash32

__all__ = ["AGAIN", "MOVING", "Entry", "JournalLike", "Nonces", "State"]

State: TypeAlias = Literal[
    "asked",  # nothing is signed, or nothing that was signed has left: only the caller can ask again
    "signed",  # the bytes are kept here, and perhaps with the nodes
    "uncertain",  # sent, and no node has told what became of it
    "sent",  # with the nodes
    "claimable",  # failed on L2; L1 keeps it to be claimed
    "done",
    "failed",  # included, and failed; a claimable one that was claimed
    "replaced",  # another transaction has its nonce, for good
    "refused",  # by the signer, or by the nodes: nothing is out
    "dropped",  # forgotten, by the caller's word
]
MOVING: Final = ("signed", "uncertain", "sent", "claimable")  # what may still move money
AGAIN: Final = ("asked", "refused", "replaced")  # what may be signed anew, if asked for again
Nonces: TypeAlias = Iterable[tuple[int, int]]  # (chain id, nonce) of each step


class Entry(Struct, frozen=True, kw_only=True):
    """An order: what it is, how far it is, and what it takes to go on.

    `reference`: the caller's name of it, or the hash of its plan. Times are seconds since 1970. `hashes`: of its plans and their
    last transactions, those that were replaced too, and of what they did on L2. `plan`: as it was signed; None before.
    `handle`: for `Wallet.resume`; None before it is signed. `ask`: what was asked for, in JSON. `note`: why it is in this state.
    `approval`: the plan, in JSON, that people are asked to sign (`signers.ApprovalSigner`): the id of the request is made of it,
    and the order, asked for again, takes that plan up. None or empty if nobody is.
    """

    reference: str
    state: State
    kind: PlanKind
    account: Address
    l1_chain_id: int
    l2_chain_id: int
    asked_at: float
    changed_at: float
    ask: str = ""
    hashes: tuple[Hash32, ...] = ()
    plan: SignedPlan[Any] | None = None
    handle: str | None = None
    note: str = ""
    approval: str | None = None


class JournalLike(Protocol):
    """What wallets and keepers ask of a journal. Every method is one transaction, durable when it returns, for any thread.

    Raises JournalError if the journal cannot be read or written; `ask`, `find`, `with_hash`: PlanTampered for a damaged entry.
    """

    @property
    def name(self) -> str:
        """Which journal it is, among those of this process."""
        ...

    def ask(self, entry: Entry) -> Entry | None:
        """Write an order that is to be signed; or the one that bears its reference, unless that may be signed `AGAIN`."""
        ...

    def sign(self, entry: Entry, nonces: Nonces) -> bool:
        """Write what was signed for it, before it is sent, and take its nonces, none above. Written again, it is the same.

        False: another order has one of them; or the order has ended, or is known by a hash that this entry lacks, since somebody
        else went on with it after this one was read.
        """
        ...

    def move(
        self,
        reference: str,
        state: State,
        *,
        since: Iterable[State],
        free: bool = False,
        hashes: Iterable[Hash32] = (),
        was: str | None = None,
        **fields: str,
    ) -> bool:
        """Change the state, if it is one of `since`, and its handle still what it `was`; False: not so. `free`: its nonces too.

        `hashes`: what it is known by from now on too. `fields`: note, handle, approval, where they change.
        """
        ...

    def find(self, reference: str) -> Entry | None:
        """The order with this reference."""
        ...

    def with_hash(self, hash: Hash32) -> list[Entry]:  # noqa: A002
        """The orders that have this hash: of their plan, of a transaction, or of what that did on L2."""
        ...

    def taken(self, chain_id: int, account: Address, first: int) -> Mapping[int, str]:
        """The nonces from `first` on that are signed under, each with the reference of its order."""
        ...

    def pending(self) -> list[Entry]:
        """What may still move money, in the order it was asked for. What cannot be read is in `unreadable`."""
        ...

    def asked(self) -> list[Entry]:
        """What was asked for and never signed: a resume does not sign it, only asking again does."""
        ...

    def history(self, *, since: float = 0.0) -> list[Entry]:
        """All that was ever ordered; or what has changed since so many seconds after 1970."""
        ...

    def drop(self, entry: Entry) -> None:
        """Forget an order. Its nonces go to the next ones, so that its bytes, if they are out, are displaced by those."""
        ...

    def lease_all(self, names: Iterable[str]) -> set[str]:
        """Take leases, until `release` or the death of this process: those of them that no other one that lives has.

        Within a process, users of one journal keep out of each other's way by themselves. A lease saves work, no more: whoever
        lost it unawares is stopped by `ask` and `sign`. So leases need not be durable.
        """
        ...

    def release(self, *names: str) -> None:
        """Give leases back. No error for those that are gone."""
        ...

    def close(self) -> None:
        """Close what is open, and give back every lease."""
        ...

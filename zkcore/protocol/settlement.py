"""Which messages of L2 are withdrawals, which events tell of them, and what L1 is given of one to pay it out."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from zkcore.errors import InputError
from zkcore.protocol.assets import AssetWithdrawal, BaseTokenWithdrawal, parse_withdrawal_message
from zkcore.protocol.bundles import BundleWithdrawal, is_bundle_of_v31
from zkcore.protocol.contracts import (
    INTEROP_CENTER_ADDRESS,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
    NULLIFIER,
)
from zkcore.protocol.proofs import message_log
from zkcore.types import Address, Hash32

__all__ = ["FinalizeParams", "is_bundle", "is_withdrawal", "paid_to", "withdrawal_filters", "withdrawer"]

# Who announces a withdrawal of a kind: anybody can send a message that looks like one. L1Nullifier.sol, _verifyWithdrawal
_SENDERS: Final[dict[type, Address]] = {
    BaseTokenWithdrawal: L2_BASE_TOKEN_ADDRESS,
    AssetWithdrawal: L2_ASSET_ROUTER_ADDRESS,
}


def is_bundle(sender: Address, message: bytes) -> bool:
    """Whether a message is a bundle to L1: all that the interop center sends, but for the bundles of v31 to other chains."""
    identified = sender == INTEROP_CENTER_ADDRESS and message[:1] == BundleWithdrawal.IDENTIFIER
    return identified and not is_bundle_of_v31(message)


def is_withdrawal(sender: Address, message: bytes) -> bool:
    """Whether a message announces a withdrawal: of its sender's kind. A legacy bridge has an address of its own."""
    if is_bundle(sender, message):
        return True
    try:
        kind = type(parse_withdrawal_message(message))
    except InputError:
        return False
    return sender == _SENDERS.get(kind, sender)


# Each withdrawal emits one of these, with the sender as the first indexed argument
_EVENTS: Final = {
    L2_BASE_TOKEN_ADDRESS: (L2_BASE_TOKEN.withdrawal, L2_BASE_TOKEN.withdrawal_with_message),
    L2_ASSET_ROUTER_ADDRESS: (L2_ASSET_ROUTER.withdrawal_initiated_asset_router,),
}
_BY_BUNDLE: Final = L2_ASSET_ROUTER.bridgehub_deposit_initiated  # or this: the chain it goes to, a hash, the sender


def withdrawal_filters(
    owner: Address | None, l1_chain_id: int, *, receiver: Address | None = None, bridges: Sequence[Address] = ()
) -> list[tuple[Address, Sequence[bytes | Sequence[bytes] | None]]]:
    """By which emitter and topics the events of an account's withdrawals are found, or of those to a `receiver` on L1.

    The asset router's do not index the receiver: whose they are, is in their data. `bridges`: on L2, beside the vault.
    """
    sender, to = (None if account is None else bytes(12) + account for account in (owner, receiver))
    to_l1 = l1_chain_id.to_bytes(32)
    base, router = ([event.topic for event in events] for events in _EVENTS.values())
    return [
        (L2_BASE_TOKEN_ADDRESS, (base, sender, to)),
        (L2_ASSET_ROUTER_ADDRESS, (router, sender)),
        (L2_ASSET_ROUTER_ADDRESS, (_BY_BUNDLE.topic, to_l1, None, sender)),
        *[(at, (L2_ASSET_ROUTER.withdrawal_initiated.topic, sender, to)) for at in bridges],
    ]


def withdrawer(
    emitter: Address, topics: Sequence[bytes], l1_chain_id: int, bridges: Sequence[Address] = ()
) -> Address | None:
    """Whose withdrawal an event tells of; None if it tells of none. Raises IndexError for one that does not say."""
    events = (L2_ASSET_ROUTER.withdrawal_initiated,) if emitter in bridges else _EVENTS.get(emitter, ())
    if any(topics[:1] == (event.topic,) for event in events):
        return Address(topics[1][12:])
    by_bundle = topics[:2] == (_BY_BUNDLE.topic, l1_chain_id.to_bytes(32))
    return Address(topics[3][12:]) if by_bundle and emitter == L2_ASSET_ROUTER_ADDRESS else None


def paid_to(message: bytes) -> tuple[Address, int] | None:
    """Whom a withdrawal's message pays on L1, and how much; None if only the asset's own handler can tell."""
    try:
        if message[:1] == BundleWithdrawal.IDENTIFIER:
            mint = BundleWithdrawal.decode(message).mint
            return mint.receiver, mint.amount
        said = parse_withdrawal_message(message)
        found = said.mint if isinstance(said, AssetWithdrawal) else said
    except InputError:
        return None
    return found.receiver, found.amount


# ---------------------------------------------------------------- what L1 is given
class FinalizeParams(Struct, frozen=True, kw_only=True):
    """A message from L2 and the proof that it is in a batch: what L1Nullifier.finalizeDeposit takes (FinalizeL1DepositParams).

    `bundle_hash`: of a withdrawal by interop bundle, which L1InteropHandler.executeBundle takes; None of any other.
    """

    chain_id: int
    l2_batch_number: int
    l2_message_index: int
    l2_sender: Address
    l2_tx_number_in_batch: int
    message: bytes
    merkle_proof: tuple[Hash32, ...]
    bundle_hash: Hash32 | None = None

    def calldata(self) -> bytes:
        """The call of finalizeDeposit, or of executeBundle."""
        if self.bundle_hash is None:
            names = self.__struct_fields__[:-1]
            return NULLIFIER.finalize_deposit.encode(tuple(getattr(self, name) for name in names))
        return BundleWithdrawal.decode(self.message).execution(
            batch=self.l2_batch_number,
            index=self.l2_message_index,
            tx_number=self.l2_tx_number_in_batch,
            proof=self.merkle_proof,
        )

    @property
    def leaf(self) -> Hash32:
        """The leaf of the batch's tree of logs that the message is."""
        return message_log(self.l2_sender, self.message, self.l2_tx_number_in_batch).leaf()

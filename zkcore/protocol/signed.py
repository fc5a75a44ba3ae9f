"""What a signed call asks of the bridge, and whether what a chain says of it is that."""

from typing import Any

from msgspec import Struct

from zkcore.errors import InputError
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.assets import (
    BaseTokenWithdrawal,
    LegacyWithdrawal,
    TransferData,
    WithdrawalMessage,
    parse_withdrawal_message,
)
from zkcore.protocol.bundles import BundleRequest, BundleWithdrawal
from zkcore.protocol.contracts import (
    BRIDGEHUB,
    INTEROP_CENTER_ADDRESS,
    L2_ASSET_ROUTER,
    L2_ASSET_ROUTER_ADDRESS,
    L2_BASE_TOKEN,
    L2_BASE_TOKEN_ADDRESS,
)
from zkcore.protocol.priority import CanonicalTransaction
from zkcore.transactions import Transaction
from zkcore.types import Address, Hash32

__all__ = ["AskedWithdrawal", "announced", "asked_withdrawal", "is_request_of"]


def is_request_of(transaction: CanonicalTransaction, signed: Transaction) -> bool:
    """Whether the bridgehub made this request of the call that was signed: target, sender, values, gas, calldata.

    Its mint value may be that of a replacement. What a second bridge asks for is its own; but the alias is that bridge's.
    """
    direct, two_bridges = BRIDGEHUB.request_l2_transaction_direct, BRIDGEHUB.request_l2_transaction_two_bridges
    asked: tuple[object, ...]
    said: tuple[object, ...]
    try:
        if signed.data[:4] == direct.selector:
            ((_, _, to, value, data, gas, pubdata, _, _),) = direct.decode_arguments(signed.data)
            asked, said = (to, data, value, gas, pubdata), (transaction.to, transaction.data)
        else:
            ((_, _, value, gas, pubdata, _, second, _, _),) = two_bridges.decode_arguments(signed.data)
            asked, said = (apply_alias(second), value, gas, pubdata), (transaction.from_address,)
    except InputError:
        return True  # not a request to the bridgehub as made here: nothing to compare with
    said += (transaction.value, transaction.gas_limit, transaction.gas_per_pubdata_byte_limit)
    return said == asked


def announced(message: bytes) -> WithdrawalMessage | BundleWithdrawal:
    """The withdrawal that a message to L1 announces, of either kind. Raises InputError for one that is none."""
    bundle = message[:1] == BundleWithdrawal.IDENTIFIER
    return BundleWithdrawal.decode(message) if bundle else parse_withdrawal_message(message)


class AskedWithdrawal(Struct, frozen=True, kw_only=True):
    """A withdrawal as its sender signed it on a chain. `asset_id` is None for the base token, but in a `bundle`; `extra` goes
    with a message.
    """

    sender: Address
    chain_id: int
    receiver: Address
    amount: int
    asset_id: Hash32 | None = None
    extra: bytes = b""
    bundle: BundleRequest | None = None

    def is_announced_by(self, said: WithdrawalMessage | BundleWithdrawal) -> bool:
        """Whether a message to L1 announces just this. Raises InputError for an asset that is not of the vaults."""
        if self.asset_id is None:
            return said == BaseTokenWithdrawal(receiver=self.receiver, amount=self.amount, extra=self.extra)
        if isinstance(said, BaseTokenWithdrawal | LegacyWithdrawal):
            return False
        asked, told = self.bundle and (self.bundle.l1_chain_id, self.bundle.salt, self.bundle.executor), None
        chain = said.source_chain_id if isinstance(said, BundleWithdrawal) else said.origin_chain_id
        if isinstance(said, BundleWithdrawal):
            told = (said.l1_chain_id, said.sender_salt, said.executor)
        mint = said.mint
        made = (chain, said.asset_id, mint.original_caller, mint.receiver, mint.amount, told)
        return made == (self.chain_id, self.asset_id, self.sender, self.receiver, self.amount, asked)


def asked_withdrawal(sender: Address, chain_id: int, signed: Transaction) -> AskedWithdrawal | None:
    """What a call withdraws; None for another contract's."""
    try:
        if signed.to == L2_BASE_TOKEN_ADDRESS and signed.data[:4] == L2_BASE_TOKEN.withdraw.selector:
            (receiver,) = L2_BASE_TOKEN.withdraw.decode_arguments(signed.data)
            return AskedWithdrawal(sender=sender, chain_id=chain_id, receiver=receiver, amount=signed.value)
        if signed.to == L2_BASE_TOKEN_ADDRESS:
            receiver, data = L2_BASE_TOKEN.withdraw_with_message.decode_arguments(signed.data)
            extra = sender + data
            return AskedWithdrawal(
                sender=sender, chain_id=chain_id, receiver=receiver, amount=signed.value, extra=extra
            )
        if signed.to == L2_ASSET_ROUTER_ADDRESS:
            asset_id, data = L2_ASSET_ROUTER.withdraw.decode_arguments(signed.data)
            to = TransferData.decode(data)
            return AskedWithdrawal(
                sender=sender, chain_id=chain_id, receiver=to.receiver, amount=to.amount, asset_id=Hash32(asset_id)
            )
        if signed.to == INTEROP_CENTER_ADDRESS:
            request = BundleRequest.decode(signed.data)
            made: dict[str, Any] = {name: getattr(request.transfer, name) for name in ("receiver", "amount")}
            made |= {"asset_id": request.asset_id, "bundle": request}
            return AskedWithdrawal(sender=sender, chain_id=chain_id, **made)
    except InputError:
        pass
    return None

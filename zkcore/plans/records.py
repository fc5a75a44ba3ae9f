"""What a handle must remember to go on in another process: frozen data, to and from JSON."""

from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zkcore.errors import InputError
from zkcore.plans.plan import Plan, SignedPlan
from zkcore.protocol.chains import Bridge
from zkcore.protocol.deployments import created
from zkcore.types import Address, Hash32, check_nesting, to_hex

__all__ = ["Elsewhere", "Record", "RequestRecord", "SettlementRecord", "TransactionRecord", "WithdrawalRecord"]
__all__ += ["known_hashes", "last_transaction", "learned", "record_from_json", "record_of", "record_to_json"]

VERSION: Final = 1


class Elsewhere(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to another chain, in the same transaction of L1: a wallet of that chain follows it."""

    l2_chain_id: int
    l2_tx_hash: Hash32


class RequestRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deposit or a call from L1. `replaced`: earlier transactions with the same nonce, which may yet be the one included.

    `bridge`, here and in the others: the pair beside the vault that it goes by.
    `signed`: the transaction in hex, to make a replacement from; `approvals`: those under the nonces right before its own.
    `approves`: whether its plan may approve what it takes.
    `claimable`: whether L1 keeps a failed one to be claimed.
    `reference`, here and in the others: of the order in the journal. `elsewhere`: what its transaction requests of other chains,
    where it was found by that.
    """

    kind: Literal["deposit", "execution"]
    l1_chain_id: int
    l2_chain_id: int
    diamond: Address
    sender: Address
    nonce: int
    l1_tx_hash: Hash32
    replaced: tuple[Hash32, ...] = ()
    l2_tx_hash: Hash32 | None = None
    claimable: bool
    signed: str = ""
    approvals: tuple[str, ...] = ()
    approves: bool = True
    reference: str | None = None
    bridge: Bridge | None = None
    elsewhere: tuple[Elsewhere, ...] = ()


class WithdrawalRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A withdrawal: the `index`th of its L2 transaction. `finalization`: the L1 transaction that finalizes it, once sent."""

    kind: Literal["withdrawal"] = "withdrawal"
    l1_chain_id: int
    l2_chain_id: int
    l2_tx_hash: Hash32
    index: int = 0
    finalization: Hash32 | None = None
    signed: str | None = None
    reference: str | None = None
    bridge: Bridge | None = None


class SettlementRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finalization or a claim on L1. `l1_tx_hash` is None where it had been done before. `bridge`: as in the others."""

    kind: Literal["finalization", "claim"]
    l1_chain_id: int
    l2_chain_id: int
    l2_tx_hash: Hash32
    index: int = 0
    l1_tx_hash: Hash32 | None
    signed: str | None = None
    reference: str | None = None
    bridge: Bridge | None = None


class TransactionRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transaction that no bridge is waited for: an approval, a transfer, a call, a cancellation of what it `replaces`.

    `contract`: the address at which a deployment creates its contract.
    """

    kind: Literal["transaction", "deployment"] = "transaction"
    chain: Literal["l1", "l2"]
    chain_id: int
    tx_hash: Hash32
    replaces: tuple[Hash32, ...] = ()
    contract: Address | None = None
    signed: str | None = None
    reference: str | None = None


Record: TypeAlias = RequestRecord | WithdrawalRecord | SettlementRecord | TransactionRecord

_BY_KIND: Final[dict[str, type[Record]]] = {
    "deposit": RequestRecord,
    "execution": RequestRecord,
    "withdrawal": WithdrawalRecord,
    "finalization": SettlementRecord,
    "claim": SettlementRecord,
    "transaction": TransactionRecord,
    "deployment": TransactionRecord,
}


def record_to_json(record: Record) -> str:
    """Canonical JSON; `record_from_json` reads it."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    for name in ("reference", "signed", "approvals", "replaces", "bridge", "elsewhere", "contract"):
        if not fields.get(name, True):
            del fields[name]
    if fields.get("approves"):
        del fields["approves"]
    return msgspec.json.encode({"zkcore_handle": VERSION, **fields}, enc_hook=str, order="sorted").decode()


def record_from_json(text: str | bytes) -> Record:
    """Raises InputError for anything but the JSON of a handle."""
    if not isinstance(text, str | bytes):
        raise InputError(f"a handle is resumed from its JSON, got {text!r}")
    check_nesting(text)
    try:
        data: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
        version, kind = data.pop("zkcore_handle", None), data.get("kind")
        if version != VERSION or not isinstance(kind, str) or kind not in _BY_KIND:
            raise InputError(f"this is not a handle that zkcore reads: version {version!r}, kind {kind!r}")
        return msgspec.convert(data, _BY_KIND[kind], dec_hook=_parsed)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InputError(f"this is not the JSON of a handle: {error}") from error


def _parsed(kind: type, value: Any) -> Any:
    return kind(value)  # Address, Hash32: they check what they are given


def record_of(signed: SignedPlan[Any], reference: str | None = None) -> Record:
    """What to remember of a signed plan: its last step is what the plan is for."""
    plan: Plan[Any] = signed.plan
    step, tx_hash, facts = plan.steps[-1], signed.tx_hashes[-1], plan.facts
    raw: dict[str, Any] = {"signed": to_hex(signed.raw_transactions[-1]), "reference": reference}
    chains: dict[str, Any] = {"l1_chain_id": facts.l1_chain_id, "l2_chain_id": facts.l2_chain_id, **raw}
    pair: dict[str, Any] = (
        {"bridge": Bridge(l1_address=facts.bridge, l2_address=facts.l2_bridge)}
        if facts.bridge and facts.l2_bridge
        else {}
    )
    match plan.kind:
        case "deposit" | "execution" as kind:
            return RequestRecord(
                kind=kind,
                diamond=facts.diamond,
                sender=plan.sender,
                nonce=step.transaction.nonce,
                l1_tx_hash=tx_hash,
                replaced=facts.replaces,
                claimable=is_claimable(step.transaction.data),
                approvals=tuple(map(to_hex, signed.raw_transactions[:-1])),
                approves=facts.approves,
                **pair,
                **chains,
            )
        case "withdrawal":
            return WithdrawalRecord(l2_tx_hash=tx_hash, **pair, **chains)
        case "finalization" | "claim" as kind:
            return SettlementRecord(
                kind=kind, l2_tx_hash=_settled(plan), index=facts.l2_index, l1_tx_hash=tx_hash, **pair, **chains
            )
        case "deployment":
            contract = created(step.transaction, plan.sender, facts.deployment_nonce).address
            of: dict[str, Any] = {"chain_id": facts.l2_chain_id, "tx_hash": tx_hash, "contract": contract, **raw}
            return TransactionRecord(kind="deployment", chain="l2", **of)
        case _:
            chain_id = facts.l1_chain_id if step.chain == "l1" else facts.l2_chain_id
            return TransactionRecord(
                chain=step.chain, chain_id=chain_id, tx_hash=tx_hash, replaces=facts.replaces, **raw
            )


def learned(record: RequestRecord, *, l1_tx_hash: Hash32, l2_tx_hash: Hash32 | None) -> RequestRecord:
    """The record with the L2 hash, and with the transaction that was included (it may be a replaced one) as the first."""
    others = tuple(h for h in (record.l1_tx_hash, *record.replaced) if h != l1_tx_hash)
    return replace(record, l1_tx_hash=l1_tx_hash, replaced=others, l2_tx_hash=l2_tx_hash)


def is_claimable(calldata: bytes) -> bool:
    """Whether L1 keeps what a request brings: only two-bridges deposits are recorded in L1Nullifier.depositHappened."""
    from zkcore.protocol.contracts import BRIDGEHUB

    return calldata[:4] == BRIDGEHUB.request_l2_transaction_two_bridges.selector


def _settled(plan: Plan[Any]) -> Hash32:
    """The L2 transaction that a finalization or a claim settles: the plan keeps it in its facts."""
    if plan.facts.l2_tx_hash is None:
        raise InputError(f"a plan of kind {plan.kind} names the L2 transaction it settles")
    return plan.facts.l2_tx_hash


def last_transaction(record: Record) -> Hash32 | None:
    """The transaction by which a journal knows what this is the record of."""
    match record:
        case RequestRecord() | SettlementRecord():
            return record.l1_tx_hash
        case TransactionRecord():
            return record.tx_hash
        case _:
            return record.l2_tx_hash


def known_hashes(record: Record) -> tuple[Hash32, ...]:
    """Every transaction that is or was of it, on either chain."""
    match record:
        case RequestRecord():
            named = (record.l1_tx_hash, *record.replaced, record.l2_tx_hash)
        case WithdrawalRecord():
            named = (record.l2_tx_hash, record.finalization)
        case _:
            named = (last_transaction(record),)
    return tuple(tx_hash for tx_hash in named if tx_hash is not None)

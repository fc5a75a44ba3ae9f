"""Bytes back into words: what a signer is about to sign, decoded from the very bytes that will be signed.

No label is trusted that could not be checked: contracts have the names that the profile pins, tokens the symbols that
it vouches for; everything else is shown as it is in the bytes, and unknown calldata is called unknown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from zkcore.errors import InputError
from zkcore.ethereum.abi import Parameter
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.hashing import calldata_digest, keccak256
from zkcore.plans.claims import claims, profile_of, vouched_by
from zkcore.plans.facts import UNPINNED, PlanFacts, PlanKind, PlanStep
from zkcore.plans.names import OnChain
from zkcore.plans.rules import RIGHTS, second_bridge
from zkcore.protocol.assets import BaseTokenWithdrawal, SecondBridgeDeposit, TransferData, parse_withdrawal_message
from zkcore.protocol.bundles import BundleRequest, BundleWithdrawal
from zkcore.protocol.chains import ChainProfile
from zkcore.protocol.contracts import (
    DETERMINISTIC_DEPLOYER_ADDRESS,
    ERC20,
    INTEROP_CENTER,
    L2_BASE_TOKEN_ADDRESS,
    functions,
)
from zkcore.protocol.deployments import created
from zkcore.protocol.paymaster import Paymaster
from zkcore.protocol.pinned import known_profile
from zkcore.transactions import Eip712Transaction, LegacyTransaction, Transaction, parse_transaction
from zkcore.transactions.parse import highest_cost, highest_gas_price
from zkcore.types import Address, Hash32, HexLike, format_units, to_hex
from zkcore.words import NOBODY, Names, laid_out, nested

__all__ = ["Field", "Preview", "preview", "preview_plan"]

_LONG = 68  # bytes of unknown data that are shown whole
_UNLIMITED = (
    1 << 96
) - 1  # an allowance of this much or more has no end: some tokens take this for it, no supply reaches it


class Field(Struct, frozen=True):
    """One line: `value` for people, `raw` for programs, `depth` of nesting."""

    label: str
    value: str
    raw: object = None
    depth: int = 0


class Preview(Struct, frozen=True):
    """What will be signed. `str()` is for people."""

    title: str
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        rows = [(field.label, field.value, field.depth) for field in self.fields]
        return "\n".join([*laid_out(self.title, ()).splitlines(), *nested(rows)])

    def __getitem__(self, label: str) -> object:
        """The raw value of the first field of this label. Raises KeyError."""
        for field in self.fields:
            if field.label == label:
                return field.raw
        raise KeyError(label)


def preview(what: Transaction | TypedData | HexLike, profile: ChainProfile | None = None) -> Preview:
    """The words for a transaction, typed data, or the bytes of a transaction, signed or not. Raises InputError."""
    if isinstance(what, str | bytes):
        what, _ = parse_transaction(what)
    if isinstance(what, TypedData):
        return Preview(f"Typed data: {what.primary_type}", tuple(_typed_data(what)))
    names = OnChain(profile, what.chain_id)
    return Preview(f"Transaction on {names.network(what.chain_id)}", tuple(_transaction(what, names)))


def preview_plan(
    kind: PlanKind,
    plan_hash: Hash32,
    sender: Address,
    steps: Sequence[PlanStep],
    facts: PlanFacts,
    names: Names = NOBODY,
) -> Preview:
    """The words for all steps of a plan, and the facts it was built on. See `Plan.preview`."""
    pinned = known_profile(facts.l1_chain_id, facts.l2_chain_id)
    profile = names.profile
    vouched = profile or (None if facts.origins.get("bridgehub") == UNPINNED else pinned)
    known = profile_of(facts, vouched, names.stated)
    fields = [
        Field("plan hash", str(plan_hash), plan_hash),
        Field("sender", str(sender), sender),
        Field("bridgehub", f"{facts.bridgehub} ({vouched_by(facts, profile, pinned)})", facts.bridgehub),
    ]
    if pinned is not None and facts.bridgehub != pinned.bridgehub:
        text = f"these are NOT the contracts pinned for {pinned.name}: its bridgehub is {pinned.bridgehub}"
        fields.append(Field("warning", text, pinned.bridgehub))
    if facts.holds_up_to_gas_price is not None:
        text = f"{format_units(facts.holds_up_to_gas_price, 9)} gwei of L1 gas price, the plan claims: then the request reverts"
        fields.append(Field("holds up to", text, facts.holds_up_to_gas_price))
    if facts.expires_after_l1_block is not None:
        text = f"L1 block {facts.expires_after_l1_block}, the plan claims"
        fields.append(Field("expires after", text, facts.expires_after_l1_block))
    notes = (
        facts.notes if vouched else ("the contracts' names are the plan's: no profile vouches for them", *facts.notes)
    )
    fields += [Field("claimed", note, note) for note in (*notes, *claims(facts))]
    for place, step in enumerate(steps, 1):
        on = OnChain(known, step.transaction.chain_id)
        fields.append(Field(f"step {place}", f"{step.kind}, on {on.network(step.transaction.chain_id)}", step.kind))
        fields += [Field(f.label, f.value, f.raw, f.depth + 1) for f in _transaction(step.transaction, on)]
        if step.kind == "deploy":
            fields.append(_created(step.transaction, sender, facts))
    total = sum(f.raw for f in fields if f.label == "maximal total" and isinstance(f.raw, int))
    chain_id = steps[0].transaction.chain_id  # the steps of a plan are on one chain
    on = OnChain(known, chain_id)
    fields.append(Field("in total, at most", on.amount(total, on.base_token(chain_id)), total))
    through = next(
        (b for b in (second_bridge(s.transaction.data) for s in steps) if b not in (None, facts.asset_router)), None
    )
    custom = f" THROUGH THE CUSTOM BRIDGE {through}" if through else ""
    return Preview(f"Plan: {kind}{custom} in {len(steps)} transaction(s)", tuple(fields))


def _created(tx: Transaction, sender: Address, facts: PlanFacts) -> Field:
    made, nonce = created(tx, sender, facts.deployment_nonce), facts.deployment_nonce
    by = made.way if nonce is None else f"{made.way}, if {nonce} is the account's deployment nonce, as the plan claims"
    return Field("creates", f"{made.address} ({by}), of the code {made.code_hash}", made.address, 1)


# ---------------------------------------------------------------- transactions
def _transaction(tx: Transaction, names: OnChain) -> Iterator[Field]:
    value_token = names.base_token(tx.chain_id)
    price = highest_gas_price(tx)
    if isinstance(tx, Eip712Transaction):
        yield Field("from", names.address(tx.from_address), tx.from_address)
    yield Field("to", "a new contract" if tx.to is None else names.address(tx.to), tx.to)
    yield Field("value", names.amount(tx.value, value_token), tx.value)
    yield Field("nonce", str(tx.nonce), tx.nonce)
    fee = tx.gas_limit * price
    by = ", by the paymaster" if isinstance(tx, Eip712Transaction) and tx.paymaster is not None else ""
    yield Field("maximal fee", f"{names.amount(fee, value_token)}: {tx.gas_limit} gas at {price} wei{by}", fee)
    yield Field("maximal total", names.amount(highest_cost(tx), value_token), highest_cost(tx))
    yield from _calldata(tx, names)
    if isinstance(tx, Eip712Transaction):
        if tx.paymaster is not None:
            yield Field("paymaster", names.address(tx.paymaster.address), tx.paymaster.address)
            yield from _paymaster(tx.paymaster, names)
        yield Field("gas per pubdata", str(tx.gas_per_pubdata), tx.gas_per_pubdata)
        if tx.factory_deps:
            yield Field("factory deps", f"{len(tx.factory_deps)} bytecodes", tx.factory_deps)
        yield from _digests(tx.typed_data())
    else:
        shown = "blind: the calldata only as a hash" if tx.data else "clear: every field"
        yield Field("on a device", shown, not tx.data)
        yield Field(
            "transaction hash", f"{tx.signing_hash()} (to be signed, as the device shows it)", tx.signing_hash()
        )
    if isinstance(tx, LegacyTransaction) and tx.chain_id is None:
        yield Field("warning", "not bound to a chain (before EIP-155)", None)


def _paymaster(paymaster: Paymaster, names: OnChain) -> Iterator[Field]:
    yield from _call(paymaster.input, names, None, "paymaster input")
    try:
        allowed = paymaster.approval
    except InputError:
        return
    if allowed is not None:
        token, amount = allowed
        unlimited = " UNLIMITED" if amount >= _UNLIMITED else ""
        yield Field("lets it take", f"{names.amount(amount, token)}{unlimited} of {names.address(token)}", amount)


def _calldata(tx: Transaction, names: OnChain) -> Iterator[Field]:
    if not tx.data:
        yield Field("call", "none: a plain transfer" if tx.to is not None else "none", b"")
        return
    token = tx.to if tx.to is not None and tx.data[:4] in (ERC20.approve.selector, ERC20.transfer.selector) else None
    if tx.to in (None, DETERMINISTIC_DEPLOYER_ADDRESS):
        salt = "" if tx.to is None else f", with the salt {to_hex(tx.data[:32])}"
        code = tx.data if tx.to is None else tx.data[32:]
        yield Field("init code", f"{len(code)} bytes, keccak256 {keccak256(code)}{salt}", code)
    else:
        yield from _call(tx.data, names, token, "call")
    if tx.data[:4] in RIGHTS and tx.data[:4] != ERC20.approve.selector:
        yield Field("warning", "by this name others get a right to tokens, or take some", None)
    yield Field("calldata digest", f"{calldata_digest(tx.data)} (ERC-8213)", calldata_digest(tx.data))


def _call(data: bytes, names: OnChain, token: Address | None, label: str) -> Iterator[Field]:
    function = functions().get(data[:4])
    arguments: tuple[Any, ...] = ()
    try:
        arguments = function.decode_arguments(data) if function else ()
    except InputError:
        function = None
    if function is None:
        shown = to_hex(data[:_LONG]) + ("..." if len(data) > _LONG else "")
        yield Field(label, f"UNKNOWN calldata of {len(data)} bytes: {shown}", data)
        return
    yield Field(label, function.name, function.name)
    if function == INTEROP_CENTER.send_bundle:
        try:
            yield from _bundle_request(data, names)
        except InputError:  # a bundle that is no withdrawal: as any other call
            pass
        else:
            return
    for parameter, argument in zip(function.inputs, arguments, strict=True):
        yield from _argument(parameter, argument, names, token, 1)


def _argument(parameter: Parameter, value: Any, names: OnChain, token: Address | None, depth: int) -> Iterator[Field]:
    label = parameter.name or parameter.type
    if parameter.components and not parameter.is_array:
        whole = dict(zip((part.name for part in parameter.components), value, strict=True))
        for part, item in zip(parameter.components, value, strict=True):
            if part.name == "secondBridgeCalldata" and whole.get("secondBridgeAddress") != names.router:
                yield from _raw(part.name, item, depth)  # what it means is that bridge's to say
            else:
                yield from _argument(part, item, names, token, depth)
    elif _is_nested(value):
        yield Field(label, f"{len(value)} item(s)", value, depth)
    elif isinstance(value, Address):
        yield Field(label, (names.on_l2() if label in _ON_L2 else names).address(value), value, depth)
    elif isinstance(value, bytes):
        yield from _bytes(label, value, names, depth)
    elif label == "chainId":
        yield Field(label, names.network(value), value, depth)
    elif label in _BASE_TOKEN_AMOUNTS:
        base = names.profile.base_token if names.profile else None
        yield Field(label, names.amount(value, base), value, depth)
    elif label == "amount" and token is not None:
        unlimited = " UNLIMITED" if value >= _UNLIMITED else ""
        yield Field(label, names.amount(value, token) + unlimited, value, depth)
    else:
        yield Field(label, str(value), value, depth)


_ON_L2 = frozenset({"l2Contract", "l2Sender", "refundRecipient"})
_BASE_TOKEN_AMOUNTS = frozenset({"mintValue", "l2Value"})


def _bytes(label: str, value: bytes, names: OnChain, depth: int) -> Iterator[Field]:
    inside = _INSIDE.get(label)
    if inside is not None and value:
        try:
            yield from inside(label, value, names, depth)
        except InputError:
            pass
        else:
            return
    yield from _raw(label, value, depth)


def _raw(label: str, value: bytes, depth: int) -> Iterator[Field]:
    shown = to_hex(value[:_LONG]) + ("..." if len(value) > _LONG else "")
    yield Field(label, f"{len(value)} bytes: {shown}" if len(value) > 32 else shown if value else "empty", value, depth)


def _second_bridge(label: str, value: bytes, names: OnChain, depth: int) -> Iterator[Field]:
    deposit = SecondBridgeDeposit.decode(value)
    asset = f"asset {deposit.asset_id}" if deposit.asset_id else "in the legacy encoding"
    yield Field(label, f"reads as a deposit by the asset router, {asset}", value, depth)
    yield from _transfer(deposit.transfer, names, depth + 1)


def _asset_data(label: str, value: bytes, names: OnChain, depth: int) -> Iterator[Field]:
    transfer = TransferData.decode(value)
    yield Field(label, "a transfer by the native token vault", value, depth)
    yield from _transfer(transfer, names, depth + 1)


def _transfer(
    transfer: TransferData, names: OnChain, depth: int, token: Address | None = None, unit: Address | None = None
) -> Iterator[Field]:
    token = token or transfer.token
    yield Field("token", names.address(token), token, depth)
    yield Field("amount", names.amount(transfer.amount, unit or token), transfer.amount, depth)
    yield Field("receiver", names.address(transfer.receiver), transfer.receiver, depth)


def _bundle_request(data: bytes, names: OnChain) -> Iterator[Field]:
    request = BundleRequest.decode(data)
    yield Field("destination", names.network(request.l1_chain_id), request.l1_chain_id, 1)
    yield Field("assetId", str(request.asset_id), request.asset_id, 1)
    transfer = request.transfer
    token = transfer.token if any(transfer.token) else L2_BASE_TOKEN_ADDRESS
    base = names.base_token(names.profile.l2_chain_id if names.profile else None)
    yield from _transfer(transfer, names, 1, token, base if token == L2_BASE_TOKEN_ADDRESS else token)
    for label, who in (("only executor", request.executor), ("unbundler", request.unbundler)):
        if who is not None:
            yield Field(label, f"{who} on L1", who, 1)
    yield Field("salt", str(request.salt), request.salt, 1)


def _bundle(label: str, value: bytes, names: OnChain, depth: int) -> Iterator[Field]:
    bundle = BundleWithdrawal.decode(BundleWithdrawal.IDENTIFIER + value)
    yield Field(
        label, f"a withdrawal from {names.network(bundle.source_chain_id)}, asset {bundle.asset_id}", value, depth
    )
    mint = bundle.mint
    yield Field("receiver", names.address(mint.receiver), mint.receiver, depth + 1)
    yield Field("amount", names.amount(mint.amount, mint.origin_token), mint.amount, depth + 1)
    yield Field("token", f"{names.address(mint.origin_token)}, where it comes from", mint.origin_token, depth + 1)


def _message(label: str, value: bytes, names: OnChain, depth: int) -> Iterator[Field]:
    message, base = parse_withdrawal_message(value), names.profile.base_token if names.profile else None
    yield Field(label, type(message).__name__, value, depth)
    for name in message.__struct_fields__:
        item = getattr(message, name)
        token = base if isinstance(message, BaseTokenWithdrawal) else getattr(message, "l1_token", None)
        if isinstance(item, Address):
            yield Field(name, names.address(item), item, depth + 1)
        else:
            amount = names.amount(item, token) if name == "amount" and isinstance(item, int) else str(item)
            yield Field(name, to_hex(item) if isinstance(item, bytes) else amount, item, depth + 1)


_INSIDE: Final[dict[str, Callable[[str, bytes, OnChain, int], Iterator[Field]]]] = {
    "secondBridgeCalldata": _second_bridge,
    "assetData": _asset_data,
    "bundle": _bundle,
    "message": _message,
}


# ---------------------------------------------------------------- typed data
def _typed_data(data: TypedData) -> Iterator[Field]:
    content = data.to_dict()
    zksync = data.primary_type == "Transaction" and content["domain"].get("name") == "zkSync"
    for label in ("domain",) if data.primary_type == DOMAIN else ("domain", "message"):
        yield Field(label, "", content[label])
        yield from _members(content[label], 1, zksync and label == "message")
    yield from _digests(data)


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _members(content: Mapping[str, Any] | Sequence[Any], depth: int, zksync: bool) -> Iterator[Field]:
    named = content if isinstance(content, Mapping) else {f"[{i}]": item for i, item in enumerate(content)}
    for label, value in named.items():
        if _is_nested(value):
            yield Field(label, "", value, depth)
            yield from _members(value, depth + 1, zksync)
            continue
        shown = "null" if value is None else to_hex(value) if type(value) is bytes else str(value)
        # 0x71 has addresses as uint256: the device shows the decimals
        number = int(shown) if zksync and label in {"from", "to", "paymaster"} and shown.isdecimal() else 1 << 160
        if number < 1 << 160:  # what is named so and is no address is shown as it is
            shown += f" = {Address(number.to_bytes(20, 'big'))}"
        yield Field(label, shown, value, depth)


def _digests(data: TypedData) -> Iterator[Field]:
    yield Field("domain hash", f"{data.domain_separator()} (as the device shows it)", data.domain_separator())
    shown = "depends on the device: field by field, or by the two hashes (Ledger: its verbose or raw-message setting)"
    yield Field("on a device", shown, None)
    name, last = ("digest", data.digest()) if data.primary_type == DOMAIN else ("message hash", data.struct_hash())
    yield Field(name, f"{last} (as the device shows it)", last)

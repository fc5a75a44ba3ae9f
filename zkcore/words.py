"""Words for people: what `print` shows of a quote, a plan, a status, a handle, a receipt. Nothing is decided or signed by them.

A few aligned lines in 80 columns, hashes whole, and what happens next. An amount has a symbol and decimals where the profile
vouches for them, or the token's contract states them, which is said; else it is the raw number. `repr` is for programs: short.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from msgspec import Struct

from zkcore.errors import BASE_TOKEN, plain_units, printable
from zkcore.protocol.chains import ChainProfile, Token
from zkcore.types import ETH, format_units

__all__ = ["NOBODY", "PHASES", "Names", "Told", "knowing", "laid_out", "nested", "of_handle", "units"]

_WIDTH, _LABEL = 80, 12  # a label, its gap and a whole hash (66) fill a line
_WHOLE: Final[dict[str, Any]] = {"break_on_hyphens": False, "break_long_words": False}
Row: TypeAlias = tuple[str, object]  # None or "": no line

# what a phase means, how long it usually lasts on a public chain, and what to do then
PHASES: Final[dict[str, tuple[str, str, str]]] = {
    "L1_PENDING": ("sent: L1 has not included it yet", "usually under a minute", "wait(); speed_up() pays more for it"),
    "L1_DROPPED": ("no L1 node knows it any more, its nonce is free", "", "wait() or resume_all() sends the same bytes again"),
    "L1_UNKNOWN": ("its nonce is used, and no node shows by what", "usually a few minutes", "wait()"),
    "L1_REPLACED": ("another transaction used its nonce: it never ran", "", "order it anew, if it is still wanted"),
    "L1_FAILED": ("it failed on L1: nothing went to L2", "", "wait() raises TransactionFailed, with the reason"),
    "L1_INCLUDED": ("L1 has included it; L2 has not taken it up yet", "usually 1 to 5 minutes", "wait()"),
    "L2_PENDING": ("it is on its way on L2", "usually seconds", "wait()"),
    "L2_DROPPED": ("no L2 node knows it any more, its nonce is free", "", "wait() or resume_all() sends the same bytes again"),
    "L2_UNKNOWN": ("its nonce is used, and no node shows by what", "hours, until its batch is executed", "wait()"),
    "L2_REPLACED": ("another transaction used its nonce: it never ran", "", "order it anew, if it is still wanted"),
    "L2_EXECUTED": ("done: it ran on L2", "", ""),
    "L2_FAILED": ("it failed on L2", "", "wait() raises the error that says what can be done"),
    "BATCH_PENDING": ("it ran on L2 and is in no batch yet", "usually minutes, up to an hour", "wait()"),
    "PROOF_PENDING": ("its batch is not executed on L1 yet", "usually hours, up to a day", "wait()"),
    "READY": ("ready: L1 will pay it out when asked", "", "finalize()"),
    "FINALIZING": ("its finalization is sent, not included yet", "usually under a minute", "wait(until='finalized')"),
    "FINALIZED": ("done: L1 has paid it out", "", ""),
    "CANCELLED": ("its bundle was cancelled on L1: it will never be paid out", "", ""),
    "BLOCKED": ("L1 refuses it, and waiting does not help", "", "see the reason"),
    "UNKNOWN": ("no node has answered yet", "", "wait()"),
}  # fmt: skip


class Names(Struct, frozen=True):
    """What is known of a chain's tokens: whom the caller's profile vouches for, and what contracts state of themselves."""

    profile: ChainProfile | None = None
    stated: tuple[Token, ...] = ()

    def tokens(self) -> tuple[Token, ...]:
        """Those of the profile, then those that only their contracts speak for."""
        return (*(self.profile.tokens if self.profile else ()), *self.stated)

    def amount(self, amount: int, token: object) -> str:
        """An amount of the token of this L1 address, for people."""
        known, at = self._known(token)
        return units(amount, known, ether=at == ETH)

    def _known(self, token: object) -> tuple[Token | None, object]:
        at = self.profile.base_token if self.profile and token == BASE_TOKEN else token
        named = (one for one in self.tokens() if at is not None and at in (one.l1_address, one.l2_address))
        return next(named, None), at

    def exactly(self, token: object) -> tuple[Callable[[int], str], str]:
        """The text of an amount of a token on either chain, with the raw number, and whose word it is: for errors."""
        known, at = self._known(token)
        if known is None:
            return plain_units(at)
        symbol, decimals = known.symbol, known.decimals
        remark = "" if known.vouched else " (symbol and decimals: the contract says)"
        return (lambda amount: f"{format_units(amount, decimals)} {symbol} ({amount})"), remark


NOBODY: Final = Names()  # vouches for anything


def units(amount: int, token: Token | None, *, ether: bool = False) -> str:
    """`0.1 ETH`; `5 USDC`; with the raw number and whose word it is, where nobody vouches for the token."""
    if token is None:
        return f"{format_units(amount, 18)} ETH" if ether else f"{amount} of its smallest unit"
    shown = f"{format_units(amount, token.decimals)} {token.symbol}"
    return shown if token.vouched else f"{shown} ({amount}; symbol and decimals: the contract says)"


def knowing(thing: Any, names: Names) -> Any:
    """The thing itself, with what is known of its chain: for its words alone, it neither compares nor serializes."""
    thing.__dict__["_names"] = names
    return thing


class Told:
    """What `str` and `repr` make of a struct: words for people, and a few fields for programs."""

    __slots__ = ()

    def __str__(self) -> str:
        names = getattr(self, "__dict__", {}).get("_names", NOBODY)
        title, rows = _WORDS[type(self).__name__](self, names)
        return laid_out(title, rows)

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in _FIELDS[type(self).__name__])
        return f"{type(self).__name__}({', '.join(shown)})"


def laid_out(title: str, rows: Iterable[Row]) -> str:
    """Title and aligned lines of at most 80 columns. Nobody's text makes lines of its own."""
    from textwrap import wrap

    lines = wrap(printable(title), _WIDTH, subsequent_indent="  ", **_WHOLE)
    for label, value in rows:
        if value in (None, ""):
            continue
        head = f"  {label.ljust(_LABEL - 1)} "
        lines += wrap(
            printable(str(value)),
            _WIDTH,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def nested(fields: Iterable[tuple[str, str, int]], width: int = _WIDTH) -> list[str]:
    """Label, value and depth, as lines that fit: a value that does not stands on lines of its own, hashes whole."""
    from textwrap import wrap

    told = [("  " * (depth + 1) + printable(label), printable(value), 2 * depth) for label, value, depth in fields]
    labels, lines = min(max((len(head) for head, _, _ in told), default=0), 20), list[str]()
    for head, value, indented in told:
        first = f"{head.ljust(labels + 1)} {value}".rstrip()
        if len(first) <= width:
            lines.append(first)
            continue
        indent = " " * min(labels + 2, indented + 6)
        lines += wrap(
            head, width, subsequent_indent=indent, break_on_hyphens=False
        )  # spelled out, even a label can be long
        lines += wrap(value, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return lines


def _gwei(price: int) -> str:
    return f"{format_units(price, 9)} gwei"


def _quote(quote: Any, names: Names) -> tuple[str, Iterator[Row]]:
    base = quote.base_token
    if quote.route == "call":
        title = f"Quote: a call on L2 of {quote.to}"
    else:
        title = f"Quote: a deposit of {names.amount(quote.amount, quote.token)}"

    def rows() -> Iterator[Row]:
        if quote.route != "call":
            yield "token", None if quote.token == ETH else quote.token
            yield "receiver", quote.to
        yield "refunds to", quote.refund_lands_at
        yield "route", f"{quote.route}: {quote.why}"
        yield "L2 value", names.amount(quote.l2_value, base) if quote.l2_value else None
        yield (
            "L2 fee",
            f"at most {names.amount(quote.base_cost, base)} for {quote.l2_gas_limit} gas; the rest is refunded",
        )
        yield "operator tip", names.amount(quote.operator_tip, base) if quote.operator_tip else None
        yield "L2 mint", names.amount(quote.mint_value, base)
        for one in quote.approvals:
            yield "approve", f"{names.amount(one.amount, one.token)} of {one.token} to {one.spender}"
        price = _gwei(quote.max_fee_per_gas)
        yield "L1 fee", f"at most {names.amount(quote.max_l1_fee, ETH)}, for {sum(quote.gas_limits)} gas at {price}"
        yield "in total", f"at most {names.amount(quote.max_total, ETH)} leave the account on L1"
        holds = quote.holds_up_to_gas_price
        yield (
            "holds up to",
            None if holds is None else f"an L1 gas price of {_gwei(holds)}; above it the request reverts",
        )
        yield from _missing_and_notes(quote, names)
        yield "next", "nothing is signed or sent yet: prepare_... makes the plan to sign"

    return title, rows()


def _transaction_quote(quote: Any, names: Names) -> tuple[str, Iterator[Row]]:
    unit = ETH if quote.chain == "l1" else names.profile and names.profile.base_token
    price = _gwei(quote.max_fee_per_gas)

    def rows() -> Iterator[Row]:
        yield "value", names.amount(quote.value, unit)
        by = f", paid by the paymaster {quote.paymaster}" if quote.paymaster else ""
        if quote.paymaster_token is not None:
            taken = names.amount(quote.paymaster_allowance, quote.paymaster_token)
            by += f", which may take {taken} of {quote.paymaster_token} for each"
        yield "fee", f"at most {names.amount(quote.max_fee, unit)}, for {sum(quote.gas_limits)} gas at {price}{by}"
        yield "in total", f"at most {names.amount(quote.max_total, unit)}"
        yield "contract", quote.contract
        yield from _missing_and_notes(quote, names)
        yield "next", "nothing is signed or sent yet: prepare_... makes the plan to sign"

    return f"Quote: {len(quote.gas_limits)} transaction(s) on {quote.chain.upper()}", rows()


def _missing_and_notes(quote: Any, names: Names) -> Iterator[Row]:
    for one in quote.missing:
        token = ETH if one.token == "ETH" else one.token
        why = f" for {one.purpose}" if one.purpose else ""
        what = "" if token == ETH else f" of {token}"
        needs = f"needs {names.amount(one.needed, token)}{what}{why}"
        yield "MISSING", f"the account holds {names.amount(one.balance, token)}, {needs}"
    for note in quote.notes:
        yield "note", note


def _plan(plan: Any, names: Names) -> tuple[str, Iterator[Row]]:
    facts, steps = plan.facts, plan.steps

    def rows() -> Iterator[Row]:
        yield "plan hash", plan.hash
        yield "sender", plan.sender
        yield "reference", facts.reference
        for place, step in enumerate(steps, 1):
            transaction = step.transaction
            yield (
                f"step {place}",
                f"{step.kind} on {step.chain.upper()}, nonce {transaction.nonce}, to {transaction.to}",
            )
            unit = ETH if step.chain == "l1" else facts.base_token
            yield "  value", names.amount(transaction.value, unit) if transaction.value else None
        holds = facts.holds_up_to_gas_price
        yield "holds up to", None if holds is None else f"an L1 gas price of {_gwei(holds)}"
        if facts.expires_after_l1_block is not None:
            yield "expires", f"after L1 block {facts.expires_after_l1_block}"
        yield "next", "read preview(), then submit(plan); or sign_plan(plan, signer) on another machine"

    where = f"chain {facts.l2_chain_id} and its L1, chain {facts.l1_chain_id}"
    return f"Plan, not signed: {plan.kind} in {len(steps)} transaction(s), for {where}", rows()


def _signed_plan(signed: Any, _: Names) -> tuple[str, Iterator[Row]]:
    def rows() -> Iterator[Row]:
        yield "plan hash", signed.hash
        yield "sender", signed.plan.sender
        for place, tx_hash in enumerate(signed.tx_hashes, 1):
            yield f"step {place}", tx_hash
        yield "next", "submit(signed) sends it; to send it twice pays once"

    return f"Signed plan: {signed.kind} in {len(signed.signatures)} transaction(s)", rows()


def _phase(status: Any) -> tuple[str, str]:
    meaning, usually, then = PHASES[status.phase]
    return f"{status.phase}: {meaning}" + (f" ({usually})" if usually else ""), then


def _request_status(status: Any, _: Names) -> tuple[str, Iterator[Row]]:
    title, then = _phase(status)
    if status.claimed:
        title, then = f"{title}, and was claimed back on L1", ""

    def rows() -> Iterator[Row]:
        yield "L1 hash", status.l1_tx_hash
        yield "in", _block(status.l1_receipt)
        yield "L2 hash", status.l2_tx_hash
        yield "in", _block(status.l2_receipt)
        for told, name in (
            (("committed", "commit"), ("proved", "prove"), ("executed", "execute")) if status.details else ()
        ):
            yield told, getattr(status.details, f"eth_{name}_tx_hash")
        yield "trouble", status.trouble
        yield "next", then

    return title, rows()


def _withdrawal_status(status: Any, _: Names) -> tuple[str, Iterator[Row]]:
    title, then = _phase(status)

    def rows() -> Iterator[Row]:
        if status.l2_receipt is not None:
            yield "L2 hash", status.l2_receipt.transaction_hash
            yield "in", _block(status.l2_receipt)
        if status.params is not None:
            yield "batch", f"{status.params.l2_batch_number}, message {status.params.l2_message_index}"
        yield "reason", status.reason
        yield "L1 says", status.blocked
        yield "paid out by", status.finalization
        yield "trouble", status.trouble
        yield "next", then

    return title, rows()


def _block(receipt: Any) -> str | None:
    return None if receipt is None else f"block {receipt.block_number}"


def _receipt(receipt: Any, _: Names) -> tuple[str, Iterator[Row]]:
    def rows() -> Iterator[Row]:
        yield "hash", receipt.transaction_hash
        yield "from", receipt.from_address
        yield "to", receipt.to
        yield "created", receipt.contract_address
        price = receipt.effective_gas_price
        yield "gas used", f"{receipt.gas_used}" + ("" if price is None else f" at {_gwei(price)}")
        yield "events", len(receipt.logs)
        if receipt.l1_batch_number is not None:
            yield "batch", receipt.l1_batch_number

    return f"{'Succeeded' if receipt.status == 1 else 'FAILED'}, in block {receipt.block_number}", rows()


def of_handle(handle: Any) -> str:
    """The words of a handle, of what it remembers: it asks nothing."""
    record = handle._record  # noqa: SLF001

    def rows() -> Iterator[Row]:
        for label in ("l1_tx_hash", "l2_tx_hash", "tx_hash"):
            if hasattr(record, label):
                missing = "known once L1 has included it" if label[:2] == "l2" else "none: it was done before"
                yield (
                    label.replace("_tx_", " ").replace("tx_", "").replace("l", "L"),
                    getattr(record, label) or missing,
                )
        yield "number", record.index if getattr(record, "index", 0) else None
        yield "paid out by", getattr(record, "finalization", None)
        yield "contract", getattr(record, "contract", None)
        yield "sender", getattr(record, "sender", None)
        yield "reference", record.reference
        yield "next", "status() looks, wait() waits, to_json() keeps it for resume()"

    if record.kind in ("transaction", "deployment"):
        where = f"sent on {record.chain.upper()}, chain {record.chain_id}"
    else:
        where = f"between L1, chain {record.l1_chain_id}, and L2, chain {record.l2_chain_id}"
    return laid_out(f"{record.kind.capitalize()} {where}", rows())


_WORDS: Final[dict[str, Callable[[Any, Names], tuple[str, Iterator[Row]]]]] = {
    "Quote": _quote,
    "TxQuote": _transaction_quote,
    "Plan": _plan,
    "SignedPlan": _signed_plan,
    "RequestStatus": _request_status,
    "WithdrawalStatus": _withdrawal_status,
    "Receipt": _receipt,
}
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Quote": ("route", "token", "amount", "max_total"),
    "TxQuote": ("chain", "value", "max_total"),
    "Plan": ("kind", "sender", "hash"),
    "SignedPlan": ("kind", "hash"),
    "RequestStatus": ("phase", "l1_tx_hash", "l2_tx_hash"),
    "WithdrawalStatus": ("phase", "reason", "finalization"),
    "Receipt": ("transaction_hash", "status", "block_number"),
}

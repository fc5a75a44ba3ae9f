"""What only reads: chains, balances, prices, how far something is, what is in flight."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from zkcore.cli.amounts import shown, token_of
from zkcore.cli.exits import Exit, StopError
from zkcore.cli.lookup import watching
from zkcore.cli.options import command
from zkcore.cli.progress import PHASES, follow, identity, seconds
from zkcore.cli.sending import fields_of, told
from zkcore.errors import InputError, NoContract, Reverted
from zkcore.types import ETH, Address, format_units

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.plans.preview import Field
    from zkcore.wallet.wallet import Wallet

__all__ = ["register"]

_What = Annotated[str, typer.Argument(metavar="HASH", help="A hash of L1 or of L2, or your reference.")]


def chains(run: "Run") -> None:
    """The chains that are pinned: whose contracts on L1 are known, and by whom they are named."""
    from zkcore import known_chains

    profiles = known_chains()
    own = run.settings.networks
    run.voice.give({"chains": profiles, "networks": sorted(own)})
    rows = [
        (p.name, str(p.l2_chain_id), str(p.l1_chain_id), p.ecosystem + (" (no deposits)" if p.no_deposits else ""))
        for p in profiles
    ]
    rows += [(name, "", "", "(your configuration)") for name in sorted(own)]
    run.voice.tell(run.voice.table(("name", "L2 id", "L1 id", "ecosystem"), rows))


def balance(
    run: "Run",
    token: Annotated[str | None, typer.Argument(metavar="[TOKEN]", help="eth, a symbol, an address; else all.")] = None,
) -> None:
    """What the account has on L1 and on L2."""
    with run.wallet() as wallet:
        rows = _one_balance(run, wallet, token) if token is not None else _balances(run, wallet)
        address = wallet.address
    data = [
        {"side": side, "symbol": symbol, "token": token, "balance": amount, "decimals": decimals}
        for side, symbol, token, amount, decimals in rows
    ]
    run.voice.give({"address": address, "balances": data})
    lines = [(side, shown(amount, decimals, symbol)) for side, symbol, _, amount, decimals in rows]
    run.voice.tell([str(address), *(f"  {side}  {text}" for side, text in lines)])


_Row = tuple[str, str, Any, int, int]


def _one_balance(run: "Run", wallet: "Wallet", text: str) -> list[_Row]:
    from zkcore.cli.amounts import decimals_of

    address, vouched = token_of(run, text)
    symbol = vouched.symbol if vouched else "ETH" if address == ETH else str(address)
    decimals = 18 if address == ETH else decimals_of(wallet, address, "l2")[0]
    rows: list[_Row] = []
    for side, ask in (("L1", wallet.get_l1_balance), ("L2", wallet.get_balance)):
        try:
            rows.append((side, symbol, address, ask(address), decimals))
        except (InputError, Reverted, NoContract):  # it is none of this side's tokens
            continue
    if not rows:
        raise StopError(f"token: {text} is a token of neither chain", Exit.USAGE)
    return rows


def _balances(run: "Run", wallet: "Wallet") -> list[_Row]:
    base = wallet.get_base_token()
    symbol, decimals = _called(run, wallet, base)
    rows: list[_Row] = [("L1", "ETH", ETH, wallet.get_l1_balance(), 18)]
    rows.append(("L2", symbol, base, wallet.get_balance(), decimals))
    if base != ETH:
        with suppress(InputError):  # ether was never bridged there
            rows.append(("L2", "ETH", ETH, wallet.get_balance(ETH), 18))
    for token in run.known.tokens if run.known else ():
        if token.l1_address is None:
            continue
        rows.append(("L1", token.symbol, token.l1_address, wallet.get_l1_balance(token.l1_address), token.decimals))
        if token.l1_address != base:
            try:
                amount = wallet.get_balance(token.l1_address)
            except InputError:  # it was never bridged
                continue
            rows.append(("L2", token.symbol, token.l1_address, amount, token.decimals))
    return rows


def _called(run: "Run", wallet: "Wallet", base: Address) -> tuple[str, int]:
    from zkcore.cli.amounts import decimals_of

    if base == ETH:
        return "ETH", 18
    vouched = [token for token in (run.known.tokens if run.known else ()) if token.l1_address == base]
    return (vouched[0].symbol, vouched[0].decimals) if vouched else (str(base), decimals_of(wallet, base, "l1")[0])


def base_cost(
    run: "Run",
    l2_gas_limit: Annotated[int, typer.Argument(metavar="L2_GAS", help="The L2 gas limit.")],
    l1_gas_price: Annotated[int | None, typer.Option("--l1-gas-price", metavar="WEI", help="At this price.")] = None,
) -> None:
    """What so much L2 gas costs a request from L1, in base-token wei."""
    with run.wallet(anyone=True) as wallet:
        cost = wallet.get_base_cost(l2_gas_limit, l1_gas_price=l1_gas_price)
    run.voice.give({"l2_gas_limit": l2_gas_limit, "l1_gas_price": l1_gas_price, "base_cost": cost})
    run.voice.tell(f"{format_units(cost, 18)} of the base token ({cost} wei)")


# ---------------------------------------------------------------- how far it is
def status(run: "Run", what: _What) -> None:
    """How far a deposit, a call or a withdrawal is."""
    with watching(run, what) as (wallet, handles):
        if not handles:
            _of_l2(run, wallet, what)
            return
        every = [{**fields_of(handle), "status": told(handle)} for handle in handles]
    run.voice.give(every[0] if len(every) == 1 else {"orders": every})
    for one in every:
        state = one["status"]
        words, usual = PHASES.get(state["phase"], (state["phase"], ""))
        usual = f" ({usual})" if usual else ""
        rows = [("phase", state["phase"], 0), ("means", words + usual, 0)]
        rows += [(name, str(value), 0) for name, value in state.items() if name != "phase"]
        run.voice.tell([str(one["kind"]), *run.voice.rows(rows)])


def _of_l2(run: "Run", wallet: "Wallet", what: str) -> None:
    """An L2 transaction that withdraws nothing: how it ended, as the L2 node says."""
    from zkcore.methods import calls

    receipt = wallet.run(calls.get_receipt("l2", what))
    phase = "L2_PENDING" if receipt is None else "L2_EXECUTED" if receipt.status == 1 else "L2_FAILED"
    block = None if receipt is None else receipt.block_number
    run.voice.give({"kind": "l2", "l2_tx_hash": what, "status": {"phase": phase, "block_number": block}})
    run.voice.tell([f"a transaction of L2 that withdraws nothing: {PHASES[phase][0]}"])


def wait(
    run: "Run",
    what: _What,
    until: Annotated[
        str | None, typer.Option("--until", metavar="PHASE", help="l1, l2; of a withdrawal: l2, ready, finalized.")
    ] = None,
) -> int:
    """Wait until it ran on L2 (a deposit, a call) or is ready to be finalized (a withdrawal)."""
    timeout = seconds(run.settings.text("timeout"))
    with watching(run, what) as (_, handles):
        if not handles:
            raise StopError(f"{what} withdraws nothing: there is nothing to wait for", Exit.USAGE)
        for handle in handles:
            follow(run, handle, until=until, timeout=timeout)
            state = told(handle)
            run.voice.give({**fields_of(handle), "status": state})
            words = PHASES.get(state["phase"], (state["phase"], ""))[0]
            run.voice.tell(f"{handle.kind} {identity(handle)}: {words}")
    return Exit.DONE


# ---------------------------------------------------------------- many
_From = Annotated[
    int | None,
    typer.Option("--from-block", metavar="N", help="The first L2 block to look at; else the last 1,000,000."),
]


def withdrawals(
    run: "Run",
    address: Annotated[str | None, typer.Argument(metavar="[ADDRESS]", help="Whose; else the account's.")] = None,
    from_block: _From = None,
) -> None:
    """The withdrawals of an address that L1 has not paid out yet."""
    with run.wallet(anyone=address is not None) as wallet:
        owner = run.settings.address(address) if address is not None else wallet.address
        handles = unpaid(run, wallet, owner, from_block)
        every = [{**fields_of(handle), "status": told(handle)} for handle in handles]
    run.voice.give({"address": owner, "withdrawals": every})
    rows = [(str(e["l2_tx_hash"]), str(e["index"]), str(e["status"]["phase"])) for e in every]
    run.voice.tell(run.voice.table(("L2 transaction", "index", "phase"), rows) if rows else "none")


def unpaid(run: "Run", wallet: "Wallet", owner: Any, from_block: int | None) -> list[Any]:
    """What `find_withdrawals` finds, from the block that was given or far enough back."""
    from zkcore.methods import calls

    if from_block is None:
        from_block = max(0, wallet.run(calls.block_number("l2")) - 1_000_000)
    run.voice.say(f"looking at L2 from block {from_block} on")
    return list(wallet.find_withdrawals(owner, from_block=from_block))


def pending(run: "Run") -> None:
    """What is in flight, as the journal has it: what may still move money. Of all chains, or of the one that is named."""
    _entries(run, "pending")


def history(run: "Run") -> None:
    """All that was ever ordered, as the journal has it. Of all chains, or of the one that is named."""
    _entries(run, "history")


def _entries(run: "Run", which: str) -> None:
    journal = run.journal()
    if journal is None:
        raise StopError("there is no journal: --journal is none", Exit.USAGE)
    with journal:
        entries = [entry for entry in getattr(journal, which)() if _of_chain(run, entry)]
    moved = [_moved(run, entry) for entry in entries]
    run.voice.give({which: [_entry(entry, what) for entry, what in zip(entries, moved, strict=True)]})
    lines: list[str] = []
    for entry, what in zip(entries, moved, strict=True):
        changed = datetime.fromtimestamp(entry.changed_at, tz=UTC).strftime("%Y-%m-%d %H:%M")
        lines.append(f"{changed}  {entry.kind}: {entry.state}, chain {entry.l2_chain_id}")
        words = f"{what[0].value} to {what[1].value}" if what else ""
        lines += run.voice.rows([("", text, 0) for text in (words, entry.reference, entry.note) if text])
    run.voice.tell(lines or "none")


def _of_chain(run: "Run", entry: Any) -> bool:
    """Whether it is of the chain that is named on the command line; of any, if none is."""
    if not run.settings.said("chain"):
        return True
    chain: Any = run.settings.chain()
    if isinstance(chain, str):
        raise StopError(
            f"chain: {chain!r} is not known", Exit.USAGE, "`zkcore chains` lists those that are; or give its id"
        )
    return bool(entry.l2_chain_id == getattr(chain, "l2_chain_id", chain))


# What an order moves and to whom, by the names that its preview has for them: the first of these that it has.
_MOVED: Final = (("amount", "receiver"), ("l2Value", "l2Contract"), ("value", "l1Receiver"), ("value", "to"))


def _moved(run: "Run", entry: Any) -> "tuple[Field, Field] | None":
    """The amount and the receiver, decoded from the bytes that were signed; None where there is neither."""
    from zkcore.protocol.pinned import known_chain

    if entry.plan is None:
        return None
    known = run.known if run.settings.text("chain") else None
    if known is None or known.l2_chain_id != entry.l2_chain_id:
        known = None
        with suppress(InputError):  # an id that two ecosystems have
            known = known_chain(entry.l2_chain_id)
    fields = {field.label: field for field in entry.plan.plan.preview(known).fields}  # of several steps, the last one's
    for amount, whom in _MOVED:
        if amount in fields and whom in fields and fields[amount].raw:
            return fields[amount], fields[whom]
    return None


def _entry(entry: Any, moved: "tuple[Field, Field] | None") -> dict[str, Any]:
    kept = ("reference", "state", "kind", "account", "l1_chain_id", "l2_chain_id", "asked_at", "changed_at", "hashes")
    amount, receiver = (moved[0].raw, moved[1].raw) if moved else (None, None)
    return {
        **{name: getattr(entry, name) for name in (*kept, "handle", "note")},
        "amount": amount,
        "receiver": receiver,
    }


def register(app: typer.Typer) -> None:
    """Make the commands."""
    example = "0x5b25f5d5f5a3cf1a1d4c06ddc7d3a0e2b9f9a8d0a5cdd7a0b5f0f7f2c6b0a1d2 --chain era"
    command(app, "chains", example="zkcore chains")(chains)
    where: Any = ("where", "who")
    command(app, "balance", example="zkcore balance eth --chain era --account ADDRESS", options=where)(balance)
    command(app, "base-cost", example="zkcore base-cost 500000 --chain era", options=("where",))(base_cost)
    full: Any = ("where", "bridge", "who", "journal")
    command(app, "status", example=f"zkcore status {example}", options=full)(status)
    command(app, "wait", example=f"zkcore wait {example}", options=(*full, "timeout"))(wait)
    command(app, "withdrawals", example="zkcore withdrawals --chain era --account ADDRESS", options=full)(withdrawals)
    command(app, "pending", example="zkcore pending", options=("where", "journal"))(pending)
    command(app, "history", example="zkcore history --json", options=("where", "journal"))(history)

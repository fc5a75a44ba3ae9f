"""Deposit, withdraw, execute: each as a command of its own, and under `quote` and `prepare`."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from msgspec import Struct

from zkcore.cli.amounts import Meant, meant
from zkcore.cli.options import command
from zkcore.cli.sending import send
from zkcore.cli.words import plain
from zkcore.types import format_units

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.wallet.wallet import Wallet

__all__ = ["Order", "prepared", "register"]

_Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="As people write it: 0.1, or `max`.")]
_Token = Annotated[str, typer.Argument(metavar="TOKEN", help="eth, a symbol that is vouched for, or an address.")]
_To = Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="The receiver; you, if it is left out.")]
_L2Gas = Annotated[int | None, typer.Option("--l2-gas-limit", metavar="GAS", help="Kept exactly; else estimated.")]
_Refund = Annotated[
    str | None,
    typer.Option("--refund-recipient", metavar="ADDRESS", help="Who gets on L2 what is not used; you, if left out."),
]


class Order(Struct, frozen=True, kw_only=True):
    """What is asked of the wallet: the method (after `quote_`, `prepare_`), its arguments, and the amount in words."""

    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any] = {}
    meant: Meant | None = None


_BridgeAddress = Annotated[
    str | None, typer.Option("--bridge-address", metavar="ADDRESS", help="A second bridge of your own, on L1.")
]
_BridgeData = Annotated[
    str | None, typer.Option("--custom-bridge-data", metavar="HEX", help="The calldata of a bridge, as it is.")
]
_AsNative = Annotated[
    bool,
    typer.Option("--as-native", help="Let a token of a bridge beside the vault leave by the vault all the same."),
]
Ordering = Callable[["Run", "Wallet"], Order]


def _deposit(
    _run: "Run",
    amount: _Amount,
    token: _Token,
    to: _To = None,
    l2_gas_limit: _L2Gas = None,
    refund_recipient: _Refund = None,
    bridge_address: _BridgeAddress = None,
    custom_bridge_data: _BridgeData = None,
) -> Ordering:
    """Move ether or a token from L1 to L2."""

    def order(run: "Run", wallet: "Wallet") -> Order:
        what = meant(run, wallet, amount, token)
        named = _addresses(run, to=to, refund_recipient=refund_recipient, bridge_address=bridge_address)
        given = {"l2_gas_limit": l2_gas_limit, "custom_bridge_data": custom_bridge_data}
        named |= {name: value for name, value in given.items() if value is not None} | run.by_bridge()
        return Order(method="deposit", arguments=(what.token, what.amount), named=named, meant=what)

    return order


def _withdraw(_run: "Run", amount: _Amount, token: _Token, to: _To = None, as_native: _AsNative = False) -> Ordering:
    """Move ether or a token from L2 towards L1; `zkcore finalize` has L1 pay it out, hours later."""

    def order(run: "Run", wallet: "Wallet") -> Order:
        what = meant(run, wallet, amount, token, side="l2")
        named = _addresses(run, to=to) | run.by_bridge() | ({"as_native": True} if as_native else {})
        return Order(method="withdraw", arguments=(what.token, what.amount), named=named, meant=what)

    return order


def _execute(
    _run: "Run",
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract on L2.")],
    calldata: Annotated[str, typer.Argument(metavar="[CALLDATA]", help="The call, as 0x hex.")] = "0x",
    l2_value: Annotated[int, typer.Option("--l2-value", metavar="WEI", help="Base-token wei for the call.")] = 0,
    mint_value: Annotated[
        int | None, typer.Option("--mint-value", metavar="WEI", help="All that is put in; else what is needed.")
    ] = None,
    l2_gas_limit: _L2Gas = None,
    refund_recipient: _Refund = None,
) -> Ordering:
    """Call a contract on L2 from L1."""

    def order(run: "Run", _wallet: "Wallet") -> Order:
        named = _addresses(run, refund_recipient=refund_recipient)
        given = {"l2_value": l2_value, "mint_value": mint_value, "l2_gas_limit": l2_gas_limit}
        named |= {name: value for name, value in given.items() if value is not None}
        return Order(method="request_execute", arguments=(run.settings.address(contract), calldata), named=named)

    return order


def _addresses(run: "Run", **named: str | None) -> dict[str, Any]:
    return {name: run.settings.address(text) for name, text in named.items() if text is not None}


# ---------------------------------------------------------------- quote, prepare, send
def _quote(run: "Run", ordering: Ordering) -> None:
    with run.wallet() as wallet:
        order = ordering(run, wallet)
        quote = getattr(wallet, f"quote_{order.method}")(*order.arguments, **order.named)
    run.voice.give({"quote": quote, "amount": order.meant})
    rows = [] if order.meant is None else [("amount", order.meant.words(), 0)]
    told = {name: value for name, value in plain(quote).items() if value not in (None, "", [], {})}
    if "paymaster" not in told:
        told.pop("paymaster_allowance", None)
    rows += [(name, _readable(name, value), 0) for name, value in told.items()]
    run.voice.tell(run.voice.rows(rows))


_ETHER = frozenset({"l1_value", "max_l1_fee", "max_total", "max_fee", "value", "base_cost", "mint_value"})


def _readable(name: str, value: Any) -> str:
    if name in _ETHER and isinstance(value, str):
        return f"{format_units(int(value), 18)} ({value} wei)"
    if name.endswith(("_gas_price", "fee_per_gas")):
        return f"{format_units(int(value), 9)} gwei"
    return ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)


def prepared(run: "Run", wallet: "Wallet", order: Order) -> Any:
    """The plan of an order, under the reference that was given."""
    named = dict(order.named)
    method = getattr(wallet, f"prepare_{order.method}")
    reference = run.settings.said("reference")
    if reference is not None and "reference" in inspect.signature(method).parameters:
        named["reference"] = reference
    return method(*order.arguments, **named)


def _prepare(run: "Run", ordering: Ordering, output: str | None) -> None:
    with run.wallet() as wallet:
        plan = prepared(run, wallet, ordering(run, wallet))
    write_plan(run, plan, output)


def write_plan(run: "Run", plan: Any, output: str | None) -> None:
    """Show the plan, and write it: to the file, or to stdout."""
    run.voice.preview(plan.preview(run.known))
    if output is None:
        run.voice.give({"plan_hash": plan.hash, "plan": plan.to_json()})
        run.voice.tell(plan.to_json())
        return
    Path(output).write_text(plan.to_json() + "\n", encoding="utf-8")
    run.voice.give({"plan_hash": plan.hash, "file": output})
    run.voice.tell([f"{output}: compare its hash where it is signed:", f"  zkcore sign {output} --expect {plan.hash}"])


def _send(run: "Run", ordering: Ordering) -> int:
    with run.wallet(signs=not run.settings.flag("dry_run")) as wallet:
        order = ordering(run, wallet)
        note = "" if order.meant is None else f"you asked for {order.meant.words()}"
        return send(run, wallet, prepared(run, wallet, order), note=note)


_OUTPUT = inspect.Parameter(
    "output",
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    annotation=Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where the plan goes.")],
    default=None,
)
_ORDERS: tuple[tuple[str, Callable[..., Ordering], str], ...] = (
    ("deposit", _deposit, "0.1 eth --chain era --ledger"),
    ("withdraw", _withdraw, "5 usdc --chain era --ledger"),
    ("execute", _execute, "0x36615Cf349d7F6344891B1e7CA7C72883F5dc049 0x1234 --chain era --ledger"),
)


def register(app: typer.Typer, quote: typer.Typer, prepare: typer.Typer) -> None:
    """Make the nine commands."""
    for name, ordering, example in _ORDERS:
        shape = inspect.signature(ordering)
        for where, action, extra, label in (
            (app, _send, [], ""),
            (quote, _quote, [], "quote "),
            (prepare, _prepare, [_OUTPUT], "prepare "),
        ):
            function = _bound(ordering, action)
            vars(function)["__signature__"] = shape.replace(parameters=[*shape.parameters.values(), *extra])
            function.__doc__ = ordering.__doc__
            watch = example.replace("--ledger", "--account ADDRESS") if label else example
            shown = f"zkcore {label}{name} {watch}{' -o plan.json' if extra else ''}"
            by: tuple[str, ...] = () if name == "execute" else ("bridge",)
            sending = {"": ("send",), "quote ": ("max_fee",), "prepare ": ("reference", "max_fee")}[label]
            options: Any = ("where", *by, "who", "journal", *sending)
            command(where, name, example=shown, options=options)(function)


def _bound(ordering: Callable[..., Ordering], action: Callable[..., Any]) -> Callable[..., Any]:
    def function(run: "Run", **given: Any) -> Any:
        extra = [given.pop("output")] if "output" in given else []
        return action(run, ordering(run, **given), *extra)

    return function

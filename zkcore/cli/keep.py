"""`zkcore keep`: the library's Keeper over the accounts of a journal, until it is stopped."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from time import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkcore.cli.exits import Exit, StopError, exit_code, facts
from zkcore.cli.options import command
from zkcore.cli.progress import seconds
from zkcore.errors import printable

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.types import Address
    from zkcore.wallet.wallet import Wallet

__all__ = ["register"]

_Interval = Annotated[str, typer.Option("--interval", metavar="SECONDS", help="Between two rounds.")]
_Replace = Annotated[
    str,
    typer.Option("--replace-after", metavar="SECONDS", help="What L1 has not included by then is sent again; `never`."),
]
_NoFinalize = Annotated[bool, typer.Option("--no-finalize", help="Finalize no withdrawal.")]
_NoClaim = Annotated[bool, typer.Option("--no-claim", help="Claim no failed deposit.")]
_Once = Annotated[bool, typer.Option("--once", help="One round, for a timer of your own.")]


def keep(
    run: "Run",
    interval: _Interval = "12",
    replace_after: _Replace = "900",
    no_finalize: _NoFinalize = False,
    no_claim: _NoClaim = False,
    once: _Once = False,
) -> int:
    """Drive all that is in flight to its end, until SIGTERM or Ctrl-C.

    Sends what is signed, finalizes what is ready, claims what failed, replaces what is stuck: of every account that signs here,
    that is named, or else that has something in flight in the journal.

    Dry about money: without --max-fee nothing is signed, and it says what would be; what was signed before is sent and followed.

    Any number of them, on any machines, may share a journal (--journal takes a file, or the DSN of PostgreSQL).

    With --json, one JSON object a line on stdout, for each thing that happens.
    """
    from zkcore import Keeper, KeeperPolicy

    policy = KeeperPolicy(
        dry=run.settings.text("max_fee") is None,
        finalize=not no_finalize,
        claim=not no_claim,
        replace_after=None if replace_after == "never" else seconds(replace_after, "--replace-after"),
        interval=seconds(interval, "--interval") or 0.0,
    )
    with _wallets(run) as (wallets, signing):
        told = _Told(run, wallets, signing, dry=policy.dry)
        keeper = Keeper(wallets, policy=policy, on_change=told.change)
        if once:
            told.rounds(keeper.round())
        else:
            keeper.run(on_round=told.rounds)
        told.end()
    return told.worst if once else Exit.DONE


@contextmanager
def _wallets(run: "Run") -> "Generator[tuple[list[Wallet], set[Address]], None, None]":
    """A wallet for each account: with its signer, or watching. Raises StopError where there is none."""
    from zkcore.cli.signing import signers_of

    with ExitStack() as stack:
        journal = run.journal()
        if journal is None:
            raise StopError("there is nothing to keep: --journal is none", Exit.USAGE, "--journal FILE, or a DSN")
        stack.callback(journal.close)
        signers = [stack.enter_context(made) for made in signers_of(run)]
        named = [run.settings.address(text) for text in run.settings.many("account")]
        if not named:
            chain = getattr(run.profile, "l2_chain_id", run.profile)
            named = [entry.account for entry in journal.pending() if entry.l2_chain_id == chain]
        who = {signer.address: signer for signer in signers}
        for address in named:
            who.setdefault(address, address)
        if not who:
            hint = "--account ADDRESS to watch one; to spend for it, who signs and --max-fee AMOUNT"
            raise StopError(
                "whose orders? Nothing is in flight on this chain, and no account is named", Exit.USAGE, hint
            )
        wallets = [stack.enter_context(run.wallet_of(one, journal)) for one in who.values()]
        yield wallets, {signer.address for signer in signers}


class _Told:
    """Says what happens: lines for people, NDJSON for programs. What goes on as it was is said once."""

    def __init__(self, run: "Run", wallets: "list[Wallet]", signing: "set[Address]", *, dry: bool) -> None:
        self._run, self._wallets, self._dry = run, wallets, dry
        self._said: set[str] = set()
        self._rounds, self.worst = 0, Exit.DONE
        accounts = [{"account": one.address, "signs": one.address in signing} for one in wallets]
        ceiling = run.settings.text("max_fee")
        self._event("started", accounts=accounts, chain=run.settings.text("chain"), max_fee=ceiling)
        for one in accounts:
            run.voice.tell(f"{one['account']}: {'signs' if one['signs'] else 'is watched'}")
        if dry:
            run.voice.tell("dry: nothing is signed. --max-fee AMOUNT (ether, a transaction) lets it finalize and claim")
        else:
            run.voice.tell(f"spends at most {ceiling} ether of fees for each transaction")

    def change(self, entry: Any) -> None:
        """An order has changed."""
        kept = ("reference", "state", "kind", "account", "note")
        self._event("change", **{name: getattr(entry, name) for name in kept}, hashes=entry.hashes)
        note = f" ({entry.note})" if entry.note else ""
        self._run.voice.tell(printable(f"{entry.kind} {entry.reference}: {entry.state}{note}"))

    def rounds(self, rounds: Any) -> None:
        """A round of each wallet has ended."""
        self._rounds += 1
        now: set[str] = set()
        for wallet, found in zip(self._wallets, rounds, strict=True):
            for name in found.ordered:
                self._event("ordered", account=wallet.address, reference=name)
                self._run.voice.tell(f"ordered: {name}")
            for name in found.due:
                now.add(f"due {name}")
                if f"due {name}" not in self._said:
                    self._event("due", account=wallet.address, reference=name)
                    self._run.voice.tell(
                        f"due: {name} ({'dry: not done' if self._dry else 'nobody signs for it here'})"
                    )
            for error in found.errors:
                self.worst = exit_code(error)
                now.add(f"{wallet.address} {error}")
                if f"{wallet.address} {error}" not in self._said:
                    self._event("trouble", account=wallet.address, **facts(error))
                    self._run.voice.trouble(error)
        self._said = now  # what goes away and comes back is said again

    def end(self) -> None:
        """It was stopped."""
        left = sum(len(wallet.in_flight()) for wallet in self._wallets)
        self._event("stopped", rounds=self._rounds, in_flight=left)
        self._run.voice.tell(f"stopped; {left} in flight")

    def _event(self, event: str, **more: object) -> None:
        self._run.voice.give({"event": event, "at": round(time(), 3), **more})


def register(app: typer.Typer) -> None:
    """Make the command."""
    example = "zkcore keep --chain era --key-file one.key --key-file two.key --max-fee 0.01 --json"
    command(app, "keep", example=example, options=("where", "bridge", "keepers", "journal", "max_fee"))(keep)

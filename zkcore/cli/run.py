"""One run of a command: its settings, its voice, its wallet, and how it ends."""

import os
import sys
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkcore.cli.exits import Exit, StopError, exit_code
from zkcore.cli.settings import state_dir
from zkcore.cli.state import State
from zkcore.errors import ZkCoreError

if TYPE_CHECKING:
    from zkcore.journal import Journal, JournalLike, PostgresJournal
    from zkcore.rpc import HttpTransport
    from zkcore.types import Address
    from zkcore.wallet.wallet import Wallet

__all__ = ["Run"]

_DSN = ("postgresql://", "postgres://")


class Run(State):
    """What a command is given beside its own arguments: what it is told, its wallet, and its end."""

    def guarded(self, function: Callable[..., object], arguments: Mapping[str, Any]) -> int:
        """Run the command, and say how it ended. The exit code."""
        try:
            code = function(self, **arguments)
        except BrokenPipeError:  # whoever reads has enough (docs.python.org, "Note on SIGPIPE")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.FAILED
        except (ZkCoreError, StopError, OSError) as error:
            return self._ended(error)
        except KeyboardInterrupt as stop:
            if self.going_on:
                return self._stopped()
            return self._ended(self._uncertain() if self.sent and not self._only_asked() else stop)
        except Exception as error:  # noqa: BLE001  # the rim: a fault of ours is told as one, not as a traceback
            if self.given.get("debug"):
                traceback.print_exc()
            self.voice.error(error)
            self.voice.say("  this is a fault of zkcore: please report it, with what --debug shows")
            return Exit.FAILED
        return int(code) if isinstance(code, int) else Exit.DONE

    def _ended(self, error: BaseException) -> int:
        if self.given.get("debug"):
            traceback.print_exception(error)
        self.voice.error(error)
        return exit_code(error)

    def _stopped(self) -> int:
        self.voice.say(f"stopped waiting; nothing is lost. Go on: {self.going_on}")
        if elsewhere := self.nodes_elsewhere():
            self.voice.say(elsewhere.strip())
        self.voice.give({"stopped": True, "go_on": self.going_on, "exit_code": int(Exit.NOT_READY)})
        return Exit.NOT_READY

    def _only_asked(self) -> bool:
        """Whether the journal has it as asked for: what is signed is written there before it is sent."""
        try:
            if not self.ordering or (journal := self.journal()) is None:
                return False
            with journal:
                entry = journal.find(self.ordering)
        except (ZkCoreError, StopError, OSError):  # who cannot look does not know
            return False
        return entry is not None and entry.state == "asked"

    def _uncertain(self) -> StopError:
        hint = f"do not order it again: `zkcore resume{self.again()}` goes on, and pays it once{self.nodes_elsewhere()}"
        return StopError("interrupted while it was being sent: it may be out", Exit.UNCERTAIN, hint)

    # ------------------------------------------------------------ the library
    @contextmanager
    def wallet(
        self, *, signs: bool = False, anyone: bool = False, of: "Address | None" = None
    ) -> Generator["Wallet", None, None]:
        """The wallet of the account. `signs`: somebody must be there to sign. `anyone`: whose it is does not matter.

        `of`: this account, watched.
        """
        from zkcore.cli.signing import opened

        with ExitStack() as stack:
            _ = (
                self.profile,
                self.nodes("l1"),
                self.nodes("l2"),
            )  # what is missing there is said before a password is asked for
            who: Any = of if of is not None else stack.enter_context(opened(self, required=signs, anyone=anyone))
            if journal := self.journal():
                stack.callback(journal.close)
            yield stack.enter_context(self.wallet_of(who, journal))

    def wallet_of(self, who: Any, journal: "JournalLike | None") -> "Wallet":
        """The wallet of a signer, or of an address that is watched, as the settings have it."""
        from zkcore import FeePolicy, Wallet

        options: dict[str, Any] = {"bridgehub": self.settings.text("bridgehub")}
        if options["bridgehub"]:
            options["bridgehub"] = self.settings.address(options["bridgehub"])
        options["trust_l2"] = self.settings.flag("trust_l2")
        options["fees"] = _ceiling(FeePolicy, self.settings.text("max_fee"))
        nodes: dict[str, Any] = {"l1": self.nodes("l1"), "l2": self.nodes("l2")}
        return Wallet(who, chain=self.profile, **nodes, **options, journal=journal)

    def nodes(self, side: str) -> Any:
        """The nodes of one side. Raises StopError where none is named."""
        urls = self.settings.many(side)
        if not urls:
            text = f"which node of {side.upper()}?"
            hint = f"--{side} URL, ZKCORE_{side.upper()}, or {side} under [networks.NAME] of {self.settings.path}"
            raise StopError(text, Exit.USAGE, hint)
        made = [self.node(url, side) for url in urls]
        return made[0] if len(made) == 1 else made

    def node(self, url: str, side: str) -> "HttpTransport":
        """A node, with the headers of its side."""
        from zkcore import HttpTransport

        return HttpTransport(url, headers=dict(map(_header, self.settings.many(f"{side}_header"))))

    def journal(self) -> "Journal | PostgresJournal | None":
        """The journal: the one that is named, or the user's own; `none`: nothing is kept. A DSN is one in PostgreSQL."""
        from zkcore.journal import Journal, PostgresJournal

        named = self.settings.text("journal")
        if named == "none":
            return None
        if named and named.startswith(_DSN):
            return PostgresJournal(named)
        path = Path(named) if named else state_dir() / "journal.sqlite"
        if not named:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Journal(path)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise StopError("header: expected 'Name: value', 'Name: env:VAR' or 'Name: file:PATH'", Exit.USAGE)
    value = value.strip()
    kind, _, where = value.partition(":")
    if kind == "env":
        if where not in os.environ:
            raise StopError(f"header {name}: the environment variable {where} is not set", Exit.USAGE)
        value = os.environ[where]
    elif kind == "file":
        value = Path(where).read_text(encoding="utf-8").strip()
    return name.strip(), value


def _ceiling(policy: Any, text: str | None) -> Any:
    from zkcore.types import ether

    if text is None:
        return policy()
    return policy(max_total=ether(text), l2_max_total=ether(text))

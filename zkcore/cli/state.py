"""What a command is told: its settings, its voice, the chain; and how far it has gone."""

import re
import shlex
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from zkcore.cli.exits import Exit, StopError
from zkcore.cli.settings import Settings
from zkcore.cli.words import Voice

if TYPE_CHECKING:
    from zkcore.protocol.chains import Bridge, ChainProfile

__all__ = ["State"]

_LOCAL = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/?")


class State:
    """What every part of a command shares."""

    def __init__(self, given: Mapping[str, Any], *, command: str) -> None:
        self.given, self.command = given, command
        self.voice = Voice(as_json=bool(given.get("json")))
        self.confirms = False  # each signature is shown and asked for: there is no plan to show before
        self.sent = False  # bytes may be out: what ends the command now is no refusal
        self.ordering = ""  # what the journal knows by now that is being sent
        self.going_on = ""  # the command that goes on with what was sent

    @cached_property
    def settings(self) -> Settings:
        """Read when first asked for, so that what is wrong with it is an error like others."""
        return Settings(self.given)

    def again(self) -> str:
        """The options to give once more, to be pasted as they are; a node's URL may hold a key, and is shown if it is local."""
        said = [(name, self.settings.said(name)) for name in ("chain", "bridgehub", "journal", "config")]
        shown = "".join(f" --{name} {shlex.quote(str(value))}" for name, value in said if value)
        shown += " --trust-l2" if self.settings.said("trust_l2") else ""
        return shown + "".join(f" --{side} {url}" for side, url in self._nodes_said() if _LOCAL.fullmatch(url))

    def nodes_elsewhere(self) -> str:
        """What else has to be given once more, where it cannot be shown."""
        sides = [side for side, url in self._nodes_said() if not _LOCAL.fullmatch(url)]
        variables = " and ".join(f"ZKCORE_{side.upper()}" for side in dict.fromkeys(sides))
        return f" (its nodes as before: {variables}, or the configuration)" if sides else ""

    def _nodes_said(self) -> list[tuple[str, str]]:
        return [(side, url) for side in ("l1", "l2") for url in self.settings.said(side) or ()]

    @cached_property
    def profile(self) -> "ChainProfile | int | str":
        """The chain, with the tokens whose symbols are vouched for, and the bridges that are named."""
        from zkcore.cli.tokens import with_tokens
        from zkcore.protocol.chains import ChainProfile

        chain = self.settings.chain()
        if not isinstance(chain, ChainProfile):
            return chain
        named = tuple(self.bridges)
        known = tuple(one for one in chain.bridges if one.l2_address not in {bridge.l2_address for bridge in named})
        return replace(with_tokens(chain), bridges=(*named, *known))

    @cached_property
    def bridges(self) -> "list[Bridge]":
        """The bridges that are named. Raises StopError, InputError."""
        from zkcore import Bridge

        found: list[Bridge] = []
        for text in self.settings.many("bridge"):
            on_l1, _, rest = text.partition(":")
            on_l2, _, kind = rest.partition(":")
            if not on_l2:
                raise StopError(
                    f"--bridge: expected L1_ADDRESS:L2_ADDRESS, or that and :usdc, :custom, got {text!r}", Exit.USAGE
                )
            both = {"l1_address": self.settings.address(on_l1), "l2_address": self.settings.address(on_l2)}
            found.append(Bridge(**both, **({"kind": cast("Any", kind)} if kind else {})))
        return found

    def by_bridge(self) -> dict[str, Any]:
        """The bridge to order by, as the wallet's methods take it. Raises StopError where several are named."""
        if len(self.bridges) > 1:
            raise StopError(
                "--bridge: by which of them?", Exit.USAGE, "name one; the others may be pinned in a profile"
            )
        return {"bridge": self.bridges[0]} if self.bridges else {}

    @cached_property
    def known(self) -> "ChainProfile | None":
        """The profile; None for a chain that is not pinned."""
        from zkcore.protocol.chains import ChainProfile

        return self.profile if isinstance(self.profile, ChainProfile) else None

    def ask(self, question: str) -> None:
        """Go on only by a yes. Raises StopError for a no, and where nobody can be asked."""
        if self.settings.flag("yes"):
            return
        if not sys.stdin.isatty():
            raise StopError("nobody is there to say yes", Exit.USAGE, "give --yes, or run it on a terminal")
        self.voice.err.file.write(f"{question} [y/N] ")
        self.voice.err.file.flush()
        answer = sys.stdin.readline().strip().lower()
        if answer not in {"y", "yes"}:
            raise StopError("not confirmed: nothing was signed or sent", Exit.REJECTED)

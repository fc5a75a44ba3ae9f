"""What was given: on the command line, else in the environment (ZKCORE_...), else in the configuration file."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zkcore.cli.exits import Exit, StopError

if TYPE_CHECKING:
    from zkcore.protocol.chains import ChainProfile

__all__ = ["Settings", "config_file", "state_dir"]


def config_file() -> Path:
    """Where the configuration is looked for: `$XDG_CONFIG_HOME/zkcore/config.toml`."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "zkcore" / "config.toml"


def state_dir() -> Path:
    """Where the journal and a running devnet are kept: `$XDG_STATE_HOME/zkcore`."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "zkcore"


class Settings:
    """The options of a command, wherever they stand. `text("chain")`, `many("l1")`, `flag("trust_l2")`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        named = given.get("config") or os.environ.get("ZKCORE_CONFIG")
        self.path = Path(named) if named else config_file()
        self._config = _read(self.path, must_exist=bool(named))
        # `zkcore devnet` tells here what runs; a network of the same name in the configuration comes first
        self._running = _read(state_dir() / "devnet.toml", must_exist=False)

    # ------------------------------------------------------------ one setting
    def text(self, name: str) -> str | None:
        """The text of a setting; None if it was not given."""
        found = self._find(name)
        if found is None or found == "":
            return None
        if not isinstance(found, str | int):
            raise StopError(f"{name}: expected a text, got {found!r} in {self.path}", Exit.USAGE)
        return str(found)

    def many(self, name: str) -> list[str]:
        """The values of a setting that may be repeated; as one text they are set apart by blanks, files by line ends."""
        found = self._find(name)
        if isinstance(found, str):
            return found.split() if name in {"l1", "l2", "account", "bridge"} else found.split("\n") if found else []
        if not isinstance(found, list | tuple | None):
            raise StopError(f"{name}: expected a list, got {found!r} in {self.path}", Exit.USAGE)
        return [str(one) for one in cast("list[object]", found or [])]

    def flag(self, name: str) -> bool:
        """Whether it was said."""
        found = self._find(name)
        return found if isinstance(found, bool) else str(found or "").lower() in {"1", "true", "yes", "on"}

    def said(self, name: str) -> Any:
        """What stands on the command line itself."""
        return self._given.get(name)

    def _find(self, name: str) -> object:
        given = self._given.get(name)
        if given not in (None, [], (), False):
            return given
        if (found := os.environ.get(f"ZKCORE_{name.upper()}")) is not None:
            return found
        network: Mapping[str, object] = {} if name == "chain" else self.network
        if name in network:
            return network[name]
        return _section(self._config, "defaults").get(name)

    # ------------------------------------------------------------ networks, bookmarks
    @property
    def networks(self) -> dict[str, Mapping[str, object]]:
        """The networks of the configuration, and those of a devnet that runs."""
        both = {**_section(self._running, "networks"), **_section(self._config, "networks")}
        return {name: _section(both, name) for name in both}

    @property
    def network(self) -> Mapping[str, object]:
        """What the configuration says of the chain that was named."""
        return self.networks.get(self.text("chain") or "", {})

    @property
    def bookmarks(self) -> dict[str, str]:
        """The addresses that have names."""
        return {name: str(address) for name, address in _section(self._config, "bookmarks").items()}

    def address(self, text: str) -> Any:
        """An address, or a bookmark's. Names of ENS and its kin are not resolved. Raises InputError, StopError."""
        from zkcore.types import Address

        if text in self.bookmarks:
            return Address(self.bookmarks[text])
        if not text.lower().startswith("0x"):
            hint = f"names are not resolved: give the 0x address, or put a bookmark into {self.path}"
            raise StopError(f"address: {text!r} is neither an address nor a bookmark", Exit.USAGE, hint)
        return Address(text)

    def chain(self) -> "int | str | ChainProfile":
        """The chain that was named: a network of the configuration, a profile's file, a pinned chain's name, an id."""
        from zkcore.protocol.chains import Bridge, ChainProfile, Token
        from zkcore.protocol.pinned import known_chain

        named = self.text("chain")
        if named is None:
            hint = "name it: --chain era (`zkcore chains` lists them), or --chain devnet while `zkcore devnet` runs"
            raise StopError("which chain?", Exit.USAGE, hint)
        if named in self.networks:
            network = self.networks[named]
            profile = network.get("profile")
            if isinstance(profile, Mapping):
                fields: dict[str, Any] = dict(cast("Mapping[str, Any]", profile))
                try:
                    fields["tokens"] = tuple(Token(**token) for token in fields.pop("tokens", ()))
                    fields["bridges"] = tuple(Bridge(**bridge) for bridge in fields.pop("bridges", ()))
                    fields.setdefault("name", named)
                    return ChainProfile(**fields)
                except TypeError as error:
                    raise StopError(f"{self.path}: networks.{named}.profile: {error}", Exit.USAGE) from error
            if isinstance(profile, str):
                return ChainProfile.from_toml(self.path.parent / profile)
            named = str(network.get("chain", named))
        if named == "devnet":
            raise StopError("no devnet is running", Exit.USAGE, "start one, in a terminal of its own: zkcore devnet")
        if named.endswith(".toml"):
            return ChainProfile.from_toml(named)
        chain = int(named) if named.isdecimal() else named
        found = known_chain(chain)
        return chain if found is None else found


def _read(path: Path, *, must_exist: bool) -> Mapping[str, object]:
    if not must_exist and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise StopError(f"the configuration {path}: {error}", Exit.USAGE) from error


def _section(config: Mapping[str, object], name: str) -> Mapping[str, object]:
    section = config.get(name, {})
    if not isinstance(section, Mapping):
        raise StopError(f"the configuration: [{name}] is no table", Exit.USAGE)
    return cast("Mapping[str, object]", section)

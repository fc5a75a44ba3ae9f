"""The command line's own parsers: amounts as people write them, and configuration files."""

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    import os
    import tempfile
    from contextlib import suppress
    from decimal import Decimal
    from pathlib import Path

    from harness import fuzz, require

    from zkcore.cli.exits import StopError
    from zkcore.cli.settings import Settings
    from zkcore.errors import InputError
    from zkcore.types import format_units, parse_units

FOLDER = tempfile.TemporaryDirectory()
FILE = Path(FOLDER.name, "config.toml")
for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):  # no configuration of whoever runs this
    os.environ[name] = FOLDER.name
SETTINGS = ("chain", "journal", "max_fee", "keystore")


def check(data: bytes) -> None:
    """The first byte says which parser: of amounts with so many decimals, or of a configuration."""
    if not data:
        return
    if data[0] < 128:
        amount(data[1:].decode(errors="replace"), data[0])
    else:
        configuration(data[1:])


def amount(text: str, decimals: int) -> None:
    try:
        units = parse_units(text, decimals)
    except InputError:
        return
    require(units >= 0, units)
    require(parse_units(format_units(units, decimals), decimals) == units, units)
    require(Decimal(text) * 10**decimals == units if len(text) < 20 and decimals < 20 else True, text)


def configuration(content: bytes) -> None:
    FILE.write_bytes(content)
    try:
        settings = Settings({"config": str(FILE)})
    except StopError:
        return
    for name in SETTINGS:
        with suppress(StopError):
            require(isinstance(settings.text(name), str | None), name)
    for name in ("l1", "l2", "account"):
        with suppress(StopError):
            require(all(isinstance(one, str) for one in settings.many(name)), name)
    names: list[str] = []
    with suppress(StopError):
        require(isinstance(settings.flag("trust_l2"), bool), "trust_l2")
    with suppress(StopError):
        names = list(settings.networks)
    for name in names[:3]:
        with suppress(StopError, InputError):
            Settings({"config": str(FILE), "chain": name}).chain()
    with suppress(StopError):
        for name in list(settings.bookmarks)[:3]:
            with suppress(StopError, InputError):
                settings.address(name)


AMOUNTS = (
    "0.1",
    "5",
    "1_000.000001",
    "1e18",
    ".5",
    "5.",
    "-1",
    "0x10",
    "1 000",
    "\u0661",
    "nan",
    "inf",
    "",
    "115792089237316195423570985",
)
CONFIG = b"""
[defaults]
chain = "mine"
l1 = ["http://a", "http://b"]
max_fee = 5
trust_l2 = true
[networks.mine]
l2 = "http://n"
chain = "era"
[networks.own]
profile = {l1_chain_id = 5, l2_chain_id = 7, bridgehub = "0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}
[networks.full.profile]
l1_chain_id = 5
l2_chain_id = 7
bridgehub = "0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
tokens = [{symbol = "USDC", decimals = 6, l1_address = "0x0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}]
bridges = [{l1 = "0x0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", l2 = "0x0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d"}]
[bookmarks]
cold = "0x0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e"
"""
SEEDS = [bytes([decimals]) + text.encode() for decimals in (0, 6, 18, 77) for text in AMOUNTS] + [b"\x80" + CONFIG]

if __name__ == "__main__":
    fuzz(
        check,
        SEEDS,
        {b"[networks.", b"[bookmarks]", b"profile", b"tokens", b"bridges", b" = ", b"[[", b"]]", b"{", b"}", b'"""'},
    )

"""What tests need, yours too: a devnet, and what stands in for nodes and devices. Each is loaded when first named."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zkcore.testing.conformance import check_signer
    from zkcore.testing.scripted import AsyncScriptedTransport, Played, ScriptedTransport, play, reply_of
    from zkcore.testing.transcript import AsyncRecorder, AsyncReplay, Recorder, Replay
    from zkcore.testing.wrapping import AsyncCounting, AsyncNoSend, Counting, NoSend

# fmt: off
__all__ = [
    "AsyncCounting", "AsyncNoSend", "AsyncRecorder", "AsyncReplay", "AsyncScriptedTransport", "Counting", "NoSend",
    "Played", "Recorder", "Replay", "ScriptedTransport", "check_signer", "play", "reply_of",
]
# fmt: on

_HOMES = {
    "conformance": ("check_signer",),
    "scripted": ("AsyncScriptedTransport", "Played", "ScriptedTransport", "play", "reply_of"),
    "transcript": ("AsyncRecorder", "AsyncReplay", "Recorder", "Replay"),
    "wrapping": ("AsyncCounting", "AsyncNoSend", "Counting", "NoSend"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Network definitions for tests: well formed, and signed by nobody."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trezorlib.messages import EthereumNetworkInfo
from trezorlib.protobuf import dump_message


def encoded(*, chain_id: int = 324, slip44: int = 60, symbol: str = "ZKE", kind: int = 0, **other: Any) -> bytes:
    payload = BytesIO()
    dump_message(payload, EthereumNetworkInfo(chain_id=chain_id, symbol=symbol, slip44=slip44, name="ZKsync"))
    data = payload.getvalue()
    head = struct.pack("<5sBIH", other.get("magic", b"trzd1"), kind, 2_000_000_000, len(data))
    return head + data + b"\1" + bytes(32) + b"\3" + bytes(64)


@contextmanager
def written(definition: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.dat"
        path.write_bytes(definition)
        yield path

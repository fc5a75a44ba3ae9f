"""Network definitions for tests: signed with the keys of the firmware's debug builds, or by nobody."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from trezorlib import cosi
from trezorlib.messages import EthereumNetworkInfo
from trezorlib.protobuf import dump_message

DEBUG_KEYS = [byte * 32 for byte in (b"\xdd", b"\xde")]  # trezorlib.testing.common.PRIVATE_KEYS_DEV, two of three


def encoded(
    *,
    chain_id: int = 324,
    slip44: int = 60,
    symbol: str = "ZKE",
    kind: int = 0,
    timestamp: int = 2_000_000_000,
    magic: bytes = b"trzd1",
    signed: bool = True,
) -> bytes:
    payload = BytesIO()
    dump_message(payload, EthereumNetworkInfo(chain_id=chain_id, symbol=symbol, slip44=slip44, name="ZKsync"))
    data = payload.getvalue()
    leaf = struct.pack("<5sBIH", magic, kind, timestamp, len(data)) + data
    root = sha256(b"\0" + leaf).digest()
    signature = cosi.sign_with_privkeys(root, DEBUG_KEYS) if signed else bytes(64)
    return leaf + b"\0\3" + signature


@contextmanager
def written(definition: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.dat"
        path.write_bytes(definition)
        yield path

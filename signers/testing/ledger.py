# ruff: noqa: ARG002 - handlers and dongles take what the protocol gives them
"""Ledgers for tests: a fake that follows app-ethereum, and the exchanges of a real one, recorded and replayed.

LedgerSigner.connect(open_dongle=FakeLedger(key).open)
LedgerSigner.connect(open_dongle=Replay(exchanges).open)
"""

import re
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, Self

from msgspec import Struct

from signers.ledger import Dongle, OpenDongle
from zkcore.ethereum import rlp
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import DOMAIN, Field, Leaf, StructType, TypedData, Value
from zkcore.ethereum.hashing import keccak256

__all__ = ["Exchange", "FakeLedger", "Recorder", "Replay", "StatusError"]

_TYPES: Final = ("", "int", "uint", "address", "bool", "string", "bytes", "bytes")


class StatusError(Exception):
    """A status word other than 9000, as ledgerblue's CommException has it."""

    def __init__(self, status: int) -> None:
        self.sw = status
        super().__init__(f"Invalid status {status:04x}")


class Exchange(Struct, frozen=True):
    """One command and its answer, in hex, and the status word."""

    command: str
    answer: str = ""
    status: int = 0x9000


class Recorder:
    """Passes on to a dongle, and keeps what was said in `exchanges`."""

    def __init__(self, open_dongle: OpenDongle) -> None:
        self._open = open_dongle
        self._dongle: Dongle | None = None
        self.exchanges: list[Exchange] = []

    def open(self) -> Self:
        """Open the dongle."""
        self._dongle = self._open()
        return self

    def exchange(self, apdu: bytearray, timeout: float = 0) -> bytes:
        """Pass on, and keep."""
        command = apdu.hex()
        if self._dongle is None:
            raise RuntimeError("the dongle was not opened")
        try:
            answer = bytes(self._dongle.exchange(apdu, timeout=timeout))
        except Exception as error:
            status: Any = getattr(error, "sw", None)
            if isinstance(status, int):
                self.exchanges.append(Exchange(command, status=status))
            raise
        self.exchanges.append(Exchange(command, answer.hex()))
        return answer

    def close(self) -> None:
        """Close the dongle."""
        if self._dongle is not None:
            self._dongle.close()


class Replay:
    """Answers the very commands that were recorded, in order; AssertionError for any other."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.left = list(exchanges)

    def open(self) -> Self:
        """As a dongle."""
        return self

    def exchange(self, apdu: bytearray, timeout: float = 0) -> bytes:
        """The recorded answer, or StatusError."""
        if not self.left or self.left[0].command != apdu.hex():
            expected = self.left[0].command if self.left else "nothing more"
            raise AssertionError(f"expected the command {expected}, got {apdu.hex()}")
        recorded = self.left.pop(0)
        if recorded.status != 0x9000:
            raise StatusError(recorded.status)
        return bytes.fromhex(recorded.answer)

    def close(self) -> None:
        """Nothing to close."""


class FakeLedger:
    """A Ledger with the Ethereum app, as far as `LedgerSigner` can tell. Its accounts come from `seed` and the path.

    It takes commands as app-ethereum does, checks that they are complete and in order, rebuilds from them what is to be
    signed, and signs that. `shown` has what stood on its screen, as the app of this version on this model ("nano" or
    "flex") shows it with its settings. `approve=False`: its user rejects everything; None: does nothing, so that the
    time is up and the review stays there (`reviewing`); a button pressed when an address was asked for meanwhile
    crashes the app, as 1.22.1 did. `before` is called with the number of each command (from 0) and the command, and
    may raise what a broken device or line would, or return what to answer.
    """

    def __init__(
        self,
        seed: bytes = b"fake ledger",
        *,
        app: str = "Ethereum",
        version: tuple[int, int, int] = (1, 22, 0),
        suffix: str = "",
        model: str = "flex",
        blind_signing: bool = False,
        raw_messages: bool = True,
        approve: bool | None = True,
        before: Callable[[int, bytes], bytes | None] | None = None,
    ) -> None:
        self.seed, self.app, self.version, self.before = seed, app, version, before
        self.blind_signing, self.raw_messages, self.approve = blind_signing, raw_messages, approve
        self.waitImpl: Any = self
        self.suffix = suffix  # of its version, such as "-dev"
        self.model, self.reviewing, self.crashed = model, False, False
        self.shown: list[str] = []
        self.commands: list[bytes] = []
        self.opened = self.closed = 0
        self._forget()

    def _forget(self) -> None:
        self._address_asked = False
        self._payload = b""
        self._structs: dict[str, list[Field]] = {}
        self._roots: list[tuple[str, Value]] = []
        self._reading: Generator[None, None, None] | None = None
        self._value = b""

    # ------------------------------------------------------------ as a dongle
    def open(self) -> Self:
        """As a dongle."""
        self.opened += 1
        return self

    def close(self) -> None:
        """Count it."""
        self.closed += 1

    def exchange(self, apdu: bytearray, timeout: float = 0) -> bytes:
        """The app's answer. Raises StatusError, and what `before` raises."""
        command, self._timeout = bytes(apdu), timeout
        if self.crashed:
            raise OSError("the app has crashed")
        self.commands.append(command)
        answer = self.before(len(self.commands) - 1, command) if self.before else None
        if answer is not None:
            return answer
        cla, ins, p1, p2, length = command[:5]
        data = command[5:]
        if length != len(data):
            raise StatusError(0x6700)
        if (cla, ins) == (0xB0, 0x01):
            version = ".".join(map(str, self.version)) + self.suffix
            return b"\1" + _counted(self.app.encode()) + _counted(version.encode()) + _counted(b"\0")
        if cla != 0xE0 or self.app != "Ethereum":
            raise StatusError(0x6E00)
        handler = self._HANDLERS.get(ins)
        if handler is None:
            raise StatusError(0x6D00)
        try:
            return handler(self, p1, p2, data)
        except StatusError:
            self.reviewing = False
            self._forget()
            raise

    def waitFirstResponse(self, timeout: float) -> bytes:  # noqa: N802 - ledgerblue's name
        """Nothing comes."""
        time.sleep(timeout)
        raise TimeoutError("Timeout")

    def press(self) -> None:
        """A button pressed long after: on a review that nobody waits for any more."""
        self.crashed = self.crashed or (self.reviewing and self._address_asked)
        self.reviewing = False

    def address(self, path: bytes) -> str:
        """The account at a packed path, in lower-case hex without 0x."""
        address: bytes = self._key(path).public_key.to_canonical_address()
        return address.hex()

    def _key(self, path: bytes) -> Any:
        from eth_keys.main import KeyAPI

        return KeyAPI().PrivateKey(keccak256(self.seed + path))

    # ------------------------------------------------------------ commands
    def _configuration(self, p1: int, p2: int, data: bytes) -> bytes:
        return bytes([0x02 | self.blind_signing, *self.version])

    def _address(self, p1: int, p2: int, data: bytes) -> bytes:
        path, _ = _split_path(data)
        self._payload = b""
        self._address_asked = self._address_asked or self.reviewing
        if p1:
            self._review([self.address(path)])
        public_key = b"\4" + self._key(path).public_key.to_bytes()
        return _counted(public_key) + _counted(self.address(path).encode())

    def _transaction(self, p1: int, p2: int, data: bytes) -> bytes:
        path, transaction = self._collect(p1, data)
        legacy = transaction[0] > 0x7F
        if not legacy and transaction[0] not in {1, 2}:
            raise StatusError(0x6501)
        try:
            items = rlp.decode(transaction if legacy else transaction[1:])
        except ValueError:
            return b""  # not complete
        fields = [item if isinstance(item, bytes) else b"" for item in items if not isinstance(item, int)]
        if fields[5 if legacy else 5 + transaction[0]] and not self.blind_signing:
            raise StatusError(0x6A80)
        chain_id = int.from_bytes(fields[6]) if legacy else 0
        digest = keccak256(transaction)
        hashed = self.version >= (1, 14, 0) and fields[5 if legacy else 5 + transaction[0]]
        return self._sign(path, digest, (35 + 2 * chain_id) if legacy else 0, [str(digest)] if hashed else [])

    def _message(self, p1: int, p2: int, data: bytes) -> bytes:
        path, payload = self._collect(p1, data)
        length, message = int.from_bytes(payload[:4]), payload[4:]
        if length != len(message):
            return b""
        text = all(0x20 <= byte < 0x7F or 0x09 <= byte <= 0x0D for byte in message)
        whole = message.decode() if text else "0x" + message.hex()
        shown = re.sub(r"\s", " ", whole) if self.model == "nano" else whole
        return self._sign(path, message_hash(message), 27, [shown if self.version >= (1, 9, 20) else shown[:255]])

    def _definition(self, p1: int, p2: int, data: bytes) -> bytes:
        if self._roots or self._reading:
            raise StatusError(0x6A00)
        if p2 == 0:
            self._structs[data.decode()] = []
        else:
            list(self._structs.values())[-1].append(_read_field(data))
        return b""

    def _struct_value(self, p1: int, p2: int, data: bytes) -> bytes:
        if p2 not in {0x00, 0x0F, 0xFF} or not self._structs:
            raise StatusError(0x6B00 if self._structs else 0x6980)
        if self.version >= (1, 12, 0) and not self.blind_signing and not self.raw_messages:
            raise StatusError(0x6A80)
        if p2 == 0x00:
            self._reading = self._read(data.decode())
        elif self._reading is None:
            raise StatusError(0x6A80)
        else:
            self._value += data
            if p1:
                return b""
            if p2 == 0xFF and int.from_bytes(self._value[:2]) != len(self._value) - 2:
                raise StatusError(0x6A80)
        next(self._reading, None)
        return b""

    def _read(self, root: str) -> Generator[None, None, None]:
        value = yield from self._read_value(root)
        self._roots.append((root, value))
        self._reading = None

    def _read_value(self, type_: str) -> Generator[None, None, Value]:
        if type_.endswith("]"):
            yield
            count, self._value = self._value[0], b""
            members: list[Value] = []
            for _ in range(count):
                members.append((yield from self._read_value(type_[: type_.rindex("[")])))  # noqa: PERF401
            return tuple(members)
        if type_ in self._structs:
            held: list[Value] = []
            for field in self._structs[type_]:
                held.append((yield from self._read_value(field.type)))  # noqa: PERF401
            return tuple(held)
        yield
        raw, self._value = self._value[2:], b""
        return _read_leaf(type_, raw)

    def _typed_data(self, p1: int, p2: int, data: bytes) -> bytes:
        path, rest = _split_path(data)
        if p2 == 0:
            if (self.version >= (1, 12, 0) and not self.blind_signing) or len(rest) != 64:
                raise StatusError(0x6A80)
            return self._sign(path, keccak256(b"\x19\x01" + rest), 27, [rest[:32].hex(), rest[32:].hex()])
        if rest or [root for root, _ in self._roots][:1] != [DOMAIN] or len(self._roots) != 2:
            raise StatusError(0x6A80)
        (_, domain), (primary_type, message) = self._roots  # pyright: ignore[reportAssignmentType]
        types = tuple(StructType(name, tuple(fields)) for name, fields in self._structs.items())
        typed = TypedData(types=types, primary_type=primary_type, domain=domain, message=message)  # type: ignore[arg-type]
        self._forget()
        return self._sign(path, typed.digest(), 27, self._fields(typed))

    _HANDLERS: Final[dict[int, Callable[["FakeLedger", int, int, bytes], bytes]]] = {
        0x02: _address,
        0x04: _transaction,
        0x06: _configuration,
        0x08: _message,
        0x0C: _typed_data,
        0x1A: _definition,
        0x1C: _struct_value,
    }

    def _collect(self, p1: int, data: bytes) -> tuple[bytes, bytes]:
        if (p1 == 0) == bool(self._payload):
            raise StatusError(0x6980)
        self._payload += data
        return _split_path(self._payload)

    def _fields(self, typed: TypedData) -> list[str]:
        """Of typed data: the domain always, the message only where the settings or the model want it, or its hash."""
        whole = self.raw_messages or (self.model == "flex" and self.version >= (1, 12, 0))
        limit = 379 if self.model == "flex" or self.version >= (1, 18, 0) else 255
        roots = [DOMAIN, typed.primary_type] if whole else [DOMAIN]
        leaves = [_written(item[1]) for root in roots for item in typed.walk(root) if not isinstance(item, int)]
        cut = [text if len(text) <= limit else text[: limit - 3] + "..." for text in leaves]
        return cut if whole else [*cut, typed.struct_hash().hex()]

    def _review(self, shown: list[str]) -> None:
        """Something on the screen, until its user has decided."""
        self.shown += shown
        if self.approve is None:
            self.reviewing, self._address_asked = True, False
            self.waitImpl.waitFirstResponse(self._timeout)
        if not self.approve:
            raise StatusError(0x6985)

    def _sign(self, path: bytes, digest: bytes, base: int, shown: list[str]) -> bytes:
        self._forget()
        self._review(shown)
        signature = self._key(path).sign_msg_hash(digest)
        r, s, parity = int(signature.r), int(signature.s), int(signature.v)
        return bytes([(base + parity) % 256]) + r.to_bytes(32) + s.to_bytes(32)


def _written(value: Leaf) -> str:
    """A value as the screen has it: up to its first NUL, without the letters that the font lacks."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    text = str(value).split("\0")[0]
    return "".join(letter for letter in text if 0x20 <= ord(letter) < 0x7F)


def _counted(raw: bytes) -> bytes:
    return bytes([len(raw)]) + raw


def _split_path(data: bytes) -> tuple[bytes, bytes]:
    end = 1 + 4 * data[0]
    return data[:end], data[end:]


def _read_field(data: bytes) -> Field:
    """A member from its definition; the reverse of what the signer sends."""
    code, rest = data[0] & 0x0F, data[1:]
    type_ = _TYPES[code]
    if code == 0:
        type_, rest = rest[1 : 1 + rest[0]].decode(), rest[1 + rest[0] :]
    if data[0] & 0x40:
        type_, rest = type_ + str(rest[0] * (8 if code in {1, 2} else 1)), rest[1:]
    if data[0] & 0x80:
        count, rest = rest[0], rest[1:]
        for _ in range(count):
            type_ += f"[{rest[1]}]" if rest[0] else "[]"
            rest = rest[1 + rest[0] :]
    return Field(rest[1 : 1 + rest[0]].decode(), type_)


def _read_leaf(type_: str, raw: bytes) -> Leaf:
    if type_ == "string":
        return raw.decode()
    if type_ == "address" or type_.startswith("bytes"):
        return raw
    if type_ == "bool":
        return raw != b"\0"
    return int.from_bytes(raw, signed=type_.startswith("int") and len(raw) * 8 == int(type_[3:]))

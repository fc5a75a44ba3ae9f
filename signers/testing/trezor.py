"""Trezors without a Trezor: a fake that speaks the protocol, a recorder of a real one, the replay of a recording.

All three are transports of trezorlib: `TrezorSigner.connect(transport=FakeTrezor())` runs all of trezorlib and of the
signer. The fake follows trezor-firmware (core/src/apps/ethereum, legacy/firmware/ethereum.c) in what it asks for, shows
and signs; its keys are not derived by BIP-32. It speaks protocol v1, in chunks, without encryption, as all but the Safe 7
do: a message that was begun makes it take all that comes for data, until that has the announced length.
"""

import struct
import time
from collections.abc import Callable, Generator, Sequence
from threading import Condition
from typing import Any, ClassVar, Final, TypeAlias

from trezorlib import messages, protocol_v1
from trezorlib.mapping import DEFAULT_MAPPING
from trezorlib.protobuf import MessageType
from trezorlib.transport import Timeout, Transport, TransportException

from signers.testing._trezor_keys import any_key, sign_digest
from signers.testing._trezor_screens import FETCHED, OLD_TRANSFER, transaction_screens
from signers.testing._trezor_typed import TypedHasher
from zkcore.ethereum import rlp
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.hashing import keccak256
from zkcore.types import Address

__all__ = ["FakeTrezor", "Line", "RecordingTransport", "ReplayTransport"]

Line: TypeAlias = tuple[str, str, str]  # "host" or "device", the message's name, its bytes in hex
Workflow: TypeAlias = Generator[MessageType | None, MessageType, MessageType]
_CHUNK: Final = 1024
_THP_BUFFER: Final = 8_680  # of 8,704, what the encryption takes left out


def _packed(message: MessageType) -> bytes:
    kind, data = DEFAULT_MAPPING.encode(message)
    return struct.pack(">HL", kind, len(data)) + data


def _unpacked(chunk: bytes) -> MessageType:
    kind, size = struct.unpack_from(">HL", chunk)
    return DEFAULT_MAPPING.decode(kind, chunk[6 : 6 + size])


class _MessageTransport(Transport):
    """A transport of whole messages, like the bridge's."""

    PATH_PREFIX = "testing"
    ENABLED = False
    CHUNK_SIZE: ClassVar[int | None] = None

    def __init__(self) -> None:
        self._is_open = False

    def get_path(self) -> str:
        """Each of these is a device of its own."""
        return f"{self.PATH_PREFIX}:{id(self)}"

    def is_open(self) -> bool:
        """Whether it is open."""
        return self._is_open

    def _open(self) -> None:
        self._is_open = True

    def _close(self) -> None:
        self._is_open = False


class RecordingTransport(_MessageTransport):
    """Passes messages on to a real device, and keeps them in `lines`."""

    def __init__(self, inner: Transport) -> None:
        super().__init__()
        self._inner = inner
        self.lines: list[Line] = []

    def _open(self) -> None:
        self._inner.open()
        super()._open()

    def _close(self) -> None:
        super()._close()
        self._inner.close()

    def write_chunk(self, chunk: bytes, /) -> None:
        """Pass a message on."""
        self._keep("host", chunk)
        kind, size = struct.unpack_from(">HL", chunk)
        protocol_v1.write(self._inner, kind, chunk[6 : 6 + size])

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        """Wait for a message of the device."""
        kind, data = protocol_v1.read(self._inner, timeout=timeout)
        chunk = struct.pack(">HL", kind, len(data)) + data
        self._keep("device", chunk)
        return chunk

    def _keep(self, who: str, chunk: bytes) -> None:
        self.lines.append((who, type(_unpacked(chunk)).__name__, chunk.hex()))


class ReplayTransport(_MessageTransport):
    """Answers what a recorded device answered, as long as it is asked the very same; else raises AssertionError."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = list(lines)

    @property
    def left(self) -> list[Line]:
        """The messages of the recording that have not been used."""
        return list(self._lines)

    def write_chunk(self, chunk: bytes, /) -> None:
        """Take a message of the host, which must be the recorded one."""
        who, name, recorded = self._lines.pop(0) if self._lines else ("nobody", "nothing", "")
        if (who, recorded) != ("host", chunk.hex()):
            raise AssertionError(f"the host sends {_unpacked(chunk)}, recorded is {name} from the {who}")

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        """The recorded answer; none where the recorded device was silent."""
        if self._lines and self._lines[0][0] == "device":
            return bytes.fromhex(self._lines.pop(0)[2])
        time.sleep(min(timeout or 0.0, 0.1))
        raise Timeout("the recorded device was silent")


class FakeTrezor(_MessageTransport):
    """A Trezor of a model such as T1B1 (Model One) or T3T1 (Safe 5), with a wallet for each passphrase it is given.

    `user` decides at each screen, by its name: True presses yes, False no, None nothing. `key(path, passphrase)` is the
    private key of an account. `pin`: of a Model One, by positions on the matrix. `sign` may be replaced. `full`: whether
    the user of a core model chooses to see all of typed data. `definitions`: what it was told when it asked.
    Screens of core models have the firmware's names, in its order; those of a Model One are "amount", "data", "fee",
    "message", "hashes" and "address". `shown` has them all, and each value that was shown, as "name=hex".
    """

    CHUNK_SIZE = 64

    def __init__(
        self,
        model: str = "T3T1",
        *,
        user: Callable[[str], bool | None] = lambda _: True,
        key: Callable[[Sequence[int], str], bytes] | None = None,
        passphrase_protection: bool = False,
        pin: str | None = None,
    ) -> None:
        super().__init__()
        self.model, self.user, self.pin = model, user, pin
        self.locked = pin is not None
        self.gone = False
        self.received: list[MessageType] = []
        self.shown: list[str] = []
        self.passphrase_protection = passphrase_protection
        self.capabilities = [messages.Capability.Ethereum]
        self.sign: Callable[[bytes, bytes], tuple[int, int, int]] = sign_digest
        self._key = key or any_key
        self._sessions: dict[bytes, str | None] = {}
        self._session = b""
        self._workflow: Workflow | None = None
        self.full = True
        self.definitions: list[messages.EthereumDefinitions | None] = []
        self._incoming, self._outgoing = b"", list[bytes]()
        self._replies: list[MessageType] = []
        self._changed = Condition()

    # ------------------------------------------------------------ the line
    def _open(self) -> None:
        if self.gone:
            raise TransportException("USB device not found")
        super()._open()

    def receive(self, chunk: bytes) -> None:
        """Take a message of the host."""
        if self.gone:
            raise TransportException("USB write failed")
        if self.model == "T3W1" and len(chunk) > _THP_BUFFER:
            return  # dropped without a word: core/src/trezor/wire/thp/memory_manager.py
        with self._changed:
            try:
                message = _unpacked(chunk)
            except (ValueError, EOFError, OSError, LookupError, TypeError):  # a message that was completed with zeros
                reply: MessageType | None = _failure(messages.FailureType.DataError, "Failed to decode message")
            else:
                self.received.append(message)
                reply = self._next(message)
            if reply is not None:
                self._replies.append(reply)
            self._changed.notify_all()

    def answer(self, timeout: float | None) -> bytes:
        """Wait for a message of the device."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._replies or self.gone, timeout):
                raise Timeout("no answer")
            if self.gone:
                raise TransportException("USB read failed")
            return _packed(self._replies.pop(0))

    # chunks: protocol_v1.py
    def write_chunk(self, chunk: bytes, /) -> None:
        """Take a chunk of 64 bytes, or anything at all while a message is incomplete."""
        if len(chunk) != self.CHUNK_SIZE:
            raise AssertionError(f"a chunk of {len(chunk)} bytes")
        if not self._incoming and not chunk.startswith(b"?##"):
            return
        self._incoming += chunk[1:] if self._incoming else chunk[3:]
        size = 6 + int.from_bytes(self._incoming[2:6])
        if len(self._incoming) >= size:
            message, self._incoming = self._incoming[:size], b""
            self.receive(message)

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        """Wait for a chunk of the device's answer."""
        if not self._outgoing:
            packed = b"##" + self.answer(timeout)
            self._outgoing = [b"?" + packed[start : start + 63].ljust(63, b"\0") for start in range(0, len(packed), 63)]
        return self._outgoing.pop(0)

    def unplug(self) -> None:
        """Break the line, in the middle of whatever is going on."""
        with self._changed:
            self.gone = True
            self._changed.notify_all()

    def restart(self) -> None:
        """Come back with no session and, with a PIN, locked."""
        self.gone, self.locked = False, self.pin is not None
        self._incoming, self._outgoing = b"", []
        self._sessions.clear()
        self._replies.clear()
        self._workflow = None

    def steal(self, passphrase: str) -> None:
        """What another program does that opens the wallet of another passphrase."""
        self._session = bytes([len(self._sessions)]) * 32
        self._sessions[self._session] = passphrase

    # ------------------------------------------------------------ the conversation
    def _next(self, message: MessageType) -> MessageType | None:
        if isinstance(message, messages.Cancel | messages.Initialize):
            self._workflow = None
            if isinstance(message, messages.Cancel):
                return _failure(messages.FailureType.ActionCancelled, "Cancelled")
            return self._initialized(message.session_id)
        try:
            if self._workflow is None:
                self._workflow = self._work(message)
                return next(self._workflow)
            return self._workflow.send(message)
        except StopIteration as end:
            self._workflow = None
            last: MessageType = end.value
            return last

    def _initialized(self, session_id: bytes | None) -> MessageType:
        if session_id not in self._sessions or session_id is None:
            session_id = (b"session" + len(self._sessions).to_bytes(2)).ljust(32, b"\0")
            self._sessions[session_id] = None if self.passphrase_protection else ""
        self._session = session_id
        return self._features()

    def _features(self) -> messages.Features:
        return messages.Features(
            vendor="trezor.io",
            major_version=1 if self.model == "T1B1" else 2,
            minor_version=14,
            patch_version=2,
            model="1" if self.model == "T1B1" else None,
            internal_model=None if self.model == "T1B1" else self.model,
            initialized=True,
            unlocked=not self.locked,
            passphrase_protection=None if self.locked else self.passphrase_protection,
            capabilities=self.capabilities,
            session_id=self._session,
        )

    def _work(self, message: MessageType) -> Workflow:
        if isinstance(message, messages.GetFeatures):
            return self._features()
        try:
            if self.locked:
                yield from self._unlocked()
            if isinstance(message, messages.ApplyFlags):
                return messages.Success(message="ok")
            if self._sessions.get(self._session) is None:
                yield from self._asked_passphrase()
            if isinstance(message, messages.GetPublicKey):
                node = messages.HDNodeType(
                    depth=1, fingerprint=1, child_num=0, chain_code=bytes(32), public_key=bytes(33)
                )
                return messages.PublicKey(node=node, xpub="xpub")
            return (yield from self._ethereum(message))
        except _Refused as refused:
            return refused.failure
        except ValueError as error:
            return _failure(messages.FailureType.DataError, str(error))

    def _unlocked(self) -> Generator[MessageType | None, MessageType, None]:
        reply = yield messages.PinMatrixRequest(type=messages.PinMatrixRequestType.Current)
        if not isinstance(reply, messages.PinMatrixAck) or reply.pin != self.pin:
            raise _Refused(messages.FailureType.PinInvalid, "PIN invalid")
        self.locked = False

    def _asked_passphrase(self) -> Generator[MessageType | None, MessageType, None]:
        reply = yield messages.PassphraseRequest()
        if not isinstance(reply, messages.PassphraseAck):
            raise _Refused(messages.FailureType.UnexpectedMessage, "Passphrase expected")
        self._sessions[self._session] = "on device" if reply.on_device else reply.passphrase or ""

    def _shows(self, *names: str) -> Generator[MessageType | None, MessageType, None]:
        """Screens, one after the other."""
        at = 0
        while at < len(names):
            if (yield from self._agrees(names[at])):
                at += 1
            elif at and (names[at - 1], names[at]) == OLD_TRANSFER:
                at -= 1
            else:
                raise _Refused(messages.FailureType.ActionCancelled, "Cancelled")

    def _agrees(self, what: str) -> Generator[MessageType | None, MessageType, bool]:
        """One screen."""
        self.shown.append(what)
        named = None if self.model == "T1B1" else what
        yield messages.ButtonRequest(code=messages.ButtonRequestType.SignTx, name=named)
        answer = self.user(what)
        if answer is None:
            yield None  # and nothing happens any more
        return bool(answer)

    # ------------------------------------------------------------ Ethereum
    def _private_key(self, path: Sequence[int]) -> bytes:
        return self._key(path, self._sessions[self._session] or "")

    def address(self, path: Sequence[int]) -> Address:
        """The address that the open wallet has at a path."""
        from eth_keys.main import KeyAPI

        return Address(KeyAPI().PrivateKey(self._private_key(path)).public_key.to_canonical_address())

    def _ethereum(self, message: Any) -> Workflow:
        model_one = self.model == "T1B1"
        match message:
            case messages.EthereumGetAddress():
                if message.show_display:
                    yield from self._shows("address" if model_one else "show_address")
                return messages.EthereumAddress(address=str(self.address(message.address_n)))
            case messages.EthereumSignTx() | messages.EthereumSignTxEIP1559():
                return (yield from self._sign_transaction(message))
            case messages.EthereumSignMessage():
                yield from self._shows(*(("message",) if model_one else ("sign_message", "sign_message")))
                signature = self._signature(message.address_n, message_hash(message.message))
                return messages.EthereumMessageSignature(
                    signature=signature, address=str(self.address(message.address_n))
                )
            case messages.EthereumSignTypedHash() if model_one:
                yield from self._shows("hashes")
                digest: bytes = keccak256(b"\x19\x01" + message.domain_separator_hash + (message.message_hash or b""))
            case messages.EthereumSignTypedData() if not model_one:
                yield from self._shows("confirm_address")
                typed = TypedHasher(self._shows, self.shown, full=self.full)
                digest = yield from typed.digest(message.primary_type, message.show_message_hash)
                yield from self._shows("confirm_typed_data_final")
            case _:
                raise _Refused(messages.FailureType.UnexpectedMessage, "Unknown message")
        signature = self._signature(message.address_n, digest)
        return messages.EthereumTypedDataSignature(signature=signature, address=str(self.address(message.address_n)))

    def _sign_transaction(self, message: Any) -> Workflow:
        data = bytes(message.data_initial_chunk)
        if message.supports_definition_request and self.model != "T1B1" and message.data_length >= 4:
            ack: Any = yield messages.EthereumDefinitionRequest(
                chain_id=message.chain_id, token_address=bytes.fromhex(message.to[2:]), func_sig=data[:4]
            )
            self.definitions.append(ack.definitions)
        if self.model != "T1B1":
            data = yield from self._fetched(data, message.data_length, FETCHED - _CHUNK)
        first, last = transaction_screens(self.model, data, message.data_length)
        yield from self._shows(*first)
        data = yield from self._fetched(data, message.data_length, message.data_length)
        yield from self._shows(*last)
        to, chain_id = bytes.fromhex(message.to[2:]), message.chain_id.to_bytes(8).lstrip(b"\0")
        if isinstance(message, messages.EthereumSignTx):
            legacy: list[Any] = [message.nonce, message.gas_price, message.gas_limit, to, message.value, data]
            digest = keccak256(rlp.encode([*legacy, chain_id, b"", b""]))
        else:
            fees = [message.max_priority_fee, message.max_gas_fee, message.gas_limit]
            access: list[Any] = [[bytes.fromhex(a.address[2:]), list(a.storage_keys)] for a in message.access_list]
            digest = keccak256(b"\2" + rlp.encode([chain_id, message.nonce, *fees, to, message.value, data, access]))
        r, s, parity = self.sign(digest, self._private_key(message.address_n))
        v = parity
        if isinstance(message, messages.EthereumSignTx) and message.chain_id <= (0xFFFFFFFF - 36) // 2:
            v += 2 * message.chain_id + 35
        return messages.EthereumTxRequest(signature_v=v, signature_r=r.to_bytes(32), signature_s=s.to_bytes(32))

    def _fetched(self, data: bytes, length: int, most: int) -> Generator[MessageType | None, Any, bytes]:
        """The calldata with further chunks, as long as no more than so many bytes are there."""
        while len(data) < length and len(data) <= most:
            ack = yield messages.EthereumTxRequest(data_length=min(length - len(data), _CHUNK))
            data += ack.data_chunk
        return data

    def _signature(self, path: Sequence[int], digest: bytes) -> bytes:
        r, s, parity = self.sign(digest, self._private_key(path))
        return r.to_bytes(32) + s.to_bytes(32) + bytes([27 + parity])


class _Refused(Exception):
    def __init__(self, code: messages.FailureType, text: str) -> None:
        self.failure = _failure(code, text)


def _failure(code: messages.FailureType, text: str) -> messages.Failure:
    return messages.Failure(code=code, message=text)

"""EIP-712 as core models of Trezor compute it: types and values asked for one by one.

trezor-firmware core/src/apps/ethereum/sign_typed_data.py. It shares nothing with `zkcore.ethereum.eip712`, and so checks it.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeAlias

from trezorlib import messages
from trezorlib.protobuf import MessageType

from zkcore.ethereum.hashing import keccak256

__all__ = ["TypedHasher"]

EDT = messages.EthereumDataType
Screens: TypeAlias = Callable[[str], Generator[MessageType | None, Any, None]]
DOMAIN = "EIP712Domain"


class TypedHasher:
    """One dialogue: its generators yield requests and are sent acknowledgements.

    `shows` brings a screen. `shown` is told each value that was on one: those of all screens if `full`.
    """

    def __init__(self, shows: Screens, shown: list[str], *, full: bool) -> None:
        self.types: dict[str, Sequence[messages.EthereumStructMember]] = {}
        self._shows, self._shown, self._full = shows, shown, full
        self._prefetched: dict[tuple[int, ...], bytes] = {}

    def digest(self, primary_type: str, claimed: bytes | None) -> Generator[MessageType | None, Any, bytes]:
        """What is signed. `claimed`: the hash of the message that the host wants shown."""
        yield from self.collect(DOMAIN)
        yield from self.collect(primary_type)
        for index, member in enumerate(self.types[DOMAIN]):
            if member.name in ("name", "version"):
                self._prefetched[(0, index)] = yield from self._value([0, index])
        yield from self._shows("should_show_domain")
        self._shown += [f"{self.types[DOMAIN][at].name}={value.hex()}" for (_, at), value in self._prefetched.items()]
        domain, message = (yield from self.hash_struct(DOMAIN, [0])), b""
        if primary_type == DOMAIN:
            yield from self._shows("confirm_empty_typed_message")
        else:
            yield from self._shows("should_show_struct")
            message = yield from self.hash_struct(primary_type, [1])
        if claimed is not None:
            if claimed != message:
                raise ValueError("Message hash mismatch")
            yield from self._shows("confirm_message_hash")
            self._shown.append(f"message hash={message.hex()}")
        return keccak256(b"\x19\x01" + domain + message)

    def _value(self, path: list[int]) -> Generator[MessageType | None, Any, bytes]:
        ack = yield messages.EthereumTypedDataValueRequest(member_path=path)
        value: bytes = ack.value
        return value

    def collect(self, name: str) -> Generator[MessageType | None, Any, None]:
        """Ask for a struct's members, and for those of the structs it uses."""
        ack = yield messages.EthereumTypedDataStructRequest(name=name)
        self.types[name] = ack.members
        for member in ack.members:
            kind = member.type.entry_type or member.type
            if kind.data_type == EDT.STRUCT and kind.struct_name not in self.types:
                yield from self.collect(kind.struct_name or "")

    def _type_name(self, kind: messages.EthereumFieldType) -> str:
        size = kind.size
        match kind.data_type:
            case EDT.STRUCT:
                return kind.struct_name or ""
            case EDT.ARRAY if kind.entry_type is not None:
                return f"{self._type_name(kind.entry_type)}[{'' if size is None else size}]"
            case EDT.UINT | EDT.INT:
                return f"{kind.data_type.name.lower()}{(size or 0) * 8}"
            case _:
                return kind.data_type.name.lower() + ("" if size is None else str(size))

    def _used(self, name: str, found: set[str]) -> set[str]:
        if name not in found:
            found.add(name)
            for member in self.types[name]:
                kind = member.type.entry_type or member.type
                if kind.data_type == EDT.STRUCT:
                    self._used(kind.struct_name or "", found)
        return found

    def _encode_type(self, name: str) -> bytes:
        others = sorted(self._used(name, set()) - {name})
        parts = (
            f"{struct}({','.join(f'{self._type_name(m.type)} {m.name}' for m in self.types[struct])})"
            for struct in (name, *others)
        )
        return "".join(parts).encode()

    def hash_struct(self, name: str, path: list[int]) -> Generator[MessageType | None, Any, bytes]:
        """hashStruct of the value at a path: 0 is the domain, 1 the message, then the indices of members."""
        out = keccak256(self._encode_type(name)) + b""
        for index, member in enumerate(self.types[name]):
            out += yield from self._encode(member.type, [*path, index], member.name)
        return keccak256(out)

    def _encode(
        self, kind: messages.EthereumFieldType, path: list[int], name: str, *, in_array: bool = False
    ) -> Generator[MessageType | None, Any, bytes]:
        if kind.data_type == EDT.STRUCT:
            if self._full and not in_array:
                yield from self._shows("should_show_struct")
            return (yield from self.hash_struct(kind.struct_name or "", path))
        if kind.data_type == EDT.ARRAY and kind.entry_type is not None:
            length = kind.size
            if length is None:
                length = int.from_bytes((yield from self._value(path)))
            if self._full:
                yield from self._shows("should_show_array")
            out = b""
            for index in range(length):
                out += yield from self._encode(kind.entry_type, [*path, index], name, in_array=True)
            return keccak256(out)
        value = self._prefetched.get(tuple(path)) if path[0] == 0 else None
        if value is None:
            value = yield from self._value(path)
        if kind.size is not None and len(value) != kind.size:
            raise ValueError("Invalid length")
        if self._full:
            yield from self._shows("confirm_typed_value")
            self._shown.append(f"{name}={value.hex()}")
        if kind.data_type == EDT.STRING or (kind.data_type == EDT.BYTES and kind.size is None):
            return keccak256(value)
        if kind.data_type == EDT.BYTES:
            return value.ljust(32, b"\0")
        return value.rjust(32, b"\xff" if kind.data_type == EDT.INT and value[0] & 0x80 else b"\0")

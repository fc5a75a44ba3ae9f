"""Typed data in the form that trezorlib streams to a device, and what it cannot stream, refused by name."""

from typing import Any

from zkcore.eip712 import DOMAIN, TypedData
from zkcore.errors import UnsupportedBySigner

__all__ = ["streamed_form"]

_LONGEST_ARRAY = 0xFFFF  # its length goes out as two bytes: trezorlib/ethereum.py, sign_typed_data


def streamed_form(data: TypedData) -> dict[str, Any]:
    """A dict of our own for trezorlib, with EIP712Domain: without it trezorlib has the device sign an empty domain.

    Raises UnsupportedBySigner for arrays of arrays or of too many members, and for names that trezorlib misreads.
    """
    for struct in data.types:
        if struct.name.startswith(("int", "uint", "bytes")):
            raise UnsupportedBySigner(
                f"trezorlib takes a struct whose name begins with int, uint or bytes for such a number: {struct.name}"
            )
        for field in struct.fields:
            if len(field.dimensions) > 1:
                raise UnsupportedBySigner(
                    f"a Trezor signs no arrays of arrays: {struct.name}.{field.name} is {field.type}"
                )
    for item in (*data.walk(DOMAIN), *data.walk(data.primary_type)):
        if isinstance(item, int) and item > _LONGEST_ARRAY:
            raise UnsupportedBySigner(f"a Trezor signs arrays of up to {_LONGEST_ARRAY} members, this one has {item}")
    return data.to_dict()

"""Personal messages are bytes."""

from typing import Any

import pytest

from zkcore.errors import InputError
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.hashing import keccak256


def test_the_length_is_that_of_the_bytes() -> None:
    text = "\u00e9" * 50
    assert message_hash(text.encode()) == keccak256(b"\x19Ethereum Signed Message:\n100" + text.encode())


@pytest.mark.parametrize("message", ["text", "0x00", None, 5, bytearray(b"x")])
def test_a_text_is_refused(message: Any) -> None:
    with pytest.raises(InputError, match=r"message: expected bytes \(a text as text.encode\(\)\)"):
        message_hash(message)

"""Typed data at its edges beside eth-account: what is read gives its digest."""

from typing import Any

import pytest

from tests.unit.test_eip712_edges import RECURSIVE
from zkcore.ethereum.eip712 import TypedData


@pytest.mark.parametrize("case", RECURSIVE)
def test_structs_that_hold_themselves(case: str) -> None:
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak

    given: dict[str, Any] = RECURSIVE[case][0]
    message = encode_typed_data(full_message=given)
    assert keccak(b"\x19" + message.version + message.header + message.body) == TypedData.parse(given).digest()

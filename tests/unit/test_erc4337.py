"""User operation hashes against those that viem publishes.

Source: viem src/account-abstraction/utils/userOperation/getUserOperationHash.test.ts.
"""

from typing import Any

import pytest

from zkcore.errors import InputError
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.erc4337 import ENTRY_POINT_V08, UserOperation
from zkcore.types import Address, Hash32

ANY = "0x1234567890123456789012345678901234567890"
GAS = 6_942_069
BASE: dict[str, Any] = {
    "sender": ANY,
    "nonce": 0,
    "verification_gas_limit": GAS,
    "call_gas_limit": GAS,
    "pre_verification_gas": GAS,
    "max_priority_fee_per_gas": 69,
    "max_fee_per_gas": 69_420,
}


def paid(verification: int = 0, after: int = 0, data: bytes = b"") -> bytes:
    return Address(ANY) + verification.to_bytes(16) + after.to_bytes(16) + data


FACTORY = {"init_code": ANY + "deadbeef"}
CASES: list[tuple[dict[str, Any], str, str]] = [
    (
        {},
        "0x1903d62bb5dc75af6fed866aa46d8e80063d9e288aa7f2caad0ff1fcae22e40d",
        "0xa2224e732a1d4e2f923c7c05d586a0aa6cbc42172ec02f31d35fa9a2b8ba9208",
    ),
    (
        FACTORY,
        "0x46c1d51e831d50c1a93135f026a7d3f1921ed66e9c81da723dd3817a49f01bc1",
        "0x3146c70a9ef7538e9b9aca8b00ad4b127ca7eef7817a557f1801acbf8d68c206",
    ),
    (
        {"paymaster_and_data": paid()},
        "0x1f2cf8638ead0fc621c6fb1562b8222c06539efcec09be156191f72418ebb109",
        "0x364bff8f9104a3854dce4f61f8479ce3019a3bd23e1c8db4da0d7c22850835b9",
    ),
    (
        {"paymaster_and_data": paid(GAS)},
        "0x950763d3ef84eb05b6cd1d95f3b736bb02988d643c6e11a76bf8beddc611cc95",
        "0x9cb735eb4278caf0a9f53ad81e5f592e965c9d034f6e2780befa4cd09a990b04",
    ),
    (
        {"paymaster_and_data": paid(GAS, GAS)},
        "0xd6efc63c28df53b49dd6fa10cec0a92ac61f8c70e9a45265e39c955f9bf821ed",
        "0x745602113988c3a6f18215d96eecc85775998dcb190e374a0955e637d40fe018",
    ),
    (
        {"paymaster_and_data": paid(GAS, GAS, b"\xde\xad\xbe\xef")},
        "0x265fc1350b3fc016d493f9533354cf1a758c0fb9ddbbfd8b19c987d4e8935eed",
        "0xf10ef9afcf27a4fd17e477cd19f37e588e3ff7d48eade07ab5b7eb8caf75667f",
    ),
]


@pytest.mark.parametrize(("more", "v07", "v08"), CASES, ids=range(len(CASES)))
def test_hashes(more: Any, v07: str, v08: str) -> None:
    made = UserOperation(**BASE | more)
    assert made.hash_v07(1, ANY) == Hash32(v07)
    data = made.typed_data_v08(1)
    assert data.digest() == Hash32(v08)
    assert TypedData.parse(data.to_dict()).digest() == data.digest()  # what a device is sent
    assert data.to_dict()["domain"]["verifyingContract"] == str(ENTRY_POINT_V08)


def test_an_account_that_delegates() -> None:
    data = paid(GAS, GAS, b"\xde\xad\xbe\xef")
    made = UserOperation(**BASE, paymaster_and_data=data, init_code=b"\x77\x02" + bytes(18) + b"\xde\xad\xbe\xef")
    expected = Hash32("0xd96232eb5d02f483166b9b23dca3ec2b963d70f09b961fce348c51d306278462")
    assert made.typed_data_v08(1, delegate=ANY).digest() == expected
    short = UserOperation(**BASE, init_code="0x7702")
    assert short.typed_data_v08(1, delegate=ANY).to_dict()["message"]["initCode"] == ANY
    for refused in (made, short):
        with pytest.raises(InputError, match="delegate"):
            refused.typed_data_v08(1)
        with pytest.raises(InputError, match=r"v0\.8"):
            refused.hash_v07(1)
    with pytest.raises(InputError, match="delegate"):
        UserOperation(**BASE).typed_data_v08(1, delegate=ANY)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "0x12"},
        {"nonce": -1},
        {"nonce": 1 << 256},
        {"call_gas_limit": 1 << 128},
        {"max_fee_per_gas": 1.5},
        {"call_data": "0x1"},
    ],
    ids=str,
)
def test_what_does_not_fit(change: Any) -> None:
    with pytest.raises(InputError):
        UserOperation(**BASE | change)


def test_chains_and_entry_points_have_hashes_of_their_own() -> None:
    made = UserOperation(**BASE)
    places = [(1, ANY), (2, ANY), (1, "0x" + "33" * 20)]
    assert len({made.hash_v07(*place) for place in places} | {made.typed_data_v08(*p).digest() for p in places}) == 6

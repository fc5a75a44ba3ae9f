"""Where libraries differ about typed data: who is right, and what is refused because of it.

The digests are what MetaMask (eth-sig-util 8.2, V4), ethers 6.17, viem 2.57 and eth-account 0.13 gave for these very data; a
case that is read has the digest of at least two of them. `tests/oracles` runs eth-account again.
"""

from typing import Any

import pytest

from zkcore.errors import InputError, UnsupportedBySigner
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.hashing import keccak256
from zkcore.plans.preview import preview

DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
FAMILY = {
    "name": "Family Tree",
    "version": "1",
    "chainId": 1,
    "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
}


def data(primary_type: str, message: Any, domain: Any = None, **structs: str) -> dict[str, Any]:
    types = {
        name: [{"type": type_, "name": member} for type_, member in map(str.split, filter(None, members.split(",")))]
        for name, members in structs.items()
    }
    return {
        "types": {DOMAIN: DOMAIN_TYPE, **types},
        "primaryType": primary_type,
        "domain": FAMILY if domain is None else domain,
        "message": message,
    }


PERSON = "string name,Person mother,Person father"


def person(name: str, mother: Any = None, father: Any = None) -> dict[str, Any]:
    return {"name": name, "mother": mother, "father": father}


AERIS = person("Rhaegar", None, person("Aeris"))
# by MetaMask and eth-account; ethers refuses ("circular type reference"), viem runs into the null
RECURSIVE = {
    "null": (
        data("Person", person("Jon", person("Lyanna", None, person("Rickard")), AERIS), Person=PERSON),
        "0xe559c3ea4c9bc779fd42a7363630b3717903bb3a28352bc90f2eae53df1f7d38",
    ),
    "in an array of fixed length": (
        data("A", {"k": [None, {"k": [None, None], "x": 1}], "x": 3}, A="A[2] k,uint8 x"),
        "0x3947006338dcfc63e12a4bbb13240b4d58750dd94ea67921d82e39a5979604fa",
    ),
    "in an array of any length": (
        data("A", {"k": [None, {"k": [], "x": 1}], "x": 3}, A="A[] k,uint8 x"),
        "0x957615eb1909bf822c3c0bbbf23b592823b6291c03b0708f2287aae6b1c25b38",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RECURSIVE)
def test_a_struct_may_hold_itself(case: str) -> None:
    given, digest = RECURSIVE[case]
    typed = TypedData.parse(given)
    assert str(typed.digest()) == digest
    again = TypedData.parse(typed.to_dict())
    assert (again, hash(again), again.digest()) == (typed, hash(typed), typed.digest())
    # held values are taken too
    same = TypedData(types=typed.types, primary_type=typed.primary_type, domain=typed.domain, message=typed.message)
    assert same == typed
    assert "null" in str(preview(typed))
    with pytest.raises(UnsupportedBySigner, match="null"):
        list(typed.walk(typed.primary_type))


def test_by_way_of_another() -> None:
    """MetaMask alone: eth-account finds no primary type where each struct is used. The rule is the same one."""
    typed = TypedData.parse(data("A", {"b": {"a": {"b": None}, "x": 3}}, A="B b", B="A a,uint8 x"))
    assert str(typed.digest()) == "0x95598949d5b0f1779308ddd15e60076642d03385c76fffe3fb35709563aa3d95"
    a_hash, b_hash = keccak256(b"A(B b)B(A a,uint8 x)"), keccak256(b"B(A a,uint8 x)A(B b)")
    inner = keccak256(a_hash + bytes(32))
    assert typed.struct_hash() == keccak256(a_hash + keccak256(b_hash + inner + (3).to_bytes(32)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        # MetaMask and eth-account take 32 zeros for any struct that is missing, ethers and viem refuse: what a contract would
        # check cannot be missing there, so it is the caller's slip
        (data("M", {"p": None}, M="Q p", Q="uint8 x"), "message.p: expected the struct Q"),
        # MetaMask and eth-account take what is left out for null; ethers, viem and alloy refuse it, and so do we
        (data("A", {"a": {}}, A="A a"), "the struct A with just the members a"),
        (data("M", {}, M="Q p", Q="uint8 x"), "message: expected the struct M with just the members p"),
        (data("M", {"p": [None]}, M="Q[] p", Q="uint8 x"), r"message.p\[0\]: expected the struct Q"),
        (data("M", {"p": None}, M="N p", N="N n"), None),
        (data("A", {"k": None, "x": 3}, A="A[] k,uint8 x"), "message.k: expected an array"),
        (data("A", {"x": 3}, A="A[] k,uint8 x"), "message: expected the struct A with just"),
        (data("Person", None, Person=PERSON), "message: expected the struct Person"),
        (data("Person", {"mother": None, "father": None}, Person=PERSON), "message: expected the struct Person"),
        (data("Person", {**person("x"), "sister": None}, Person=PERSON), "message: expected the struct Person"),
        # MetaMask, viem and eth-account pad it, ethers refuses: nobody knows on which side the digit is missing
        (data("Q", {"d": "0x1"}, Q="bytes d"), "an even number of hex digits"),
        # MetaMask, viem and eth-account hash the number's bytes, ethers refuses
        (data("Q", {"d": 5}, Q="string d"), "a string of Unicode"),
        # MetaMask and viem drop it, ethers hashes it, eth-account refuses: three ways
        (data("Q", {"d": "x"}, {**FAMILY, "salt": "0x" + "11" * 32}, Q="string d"), "domain"),
        # all but viem take it: encodeType is no longer unique
        (data("Q", {"d d": "x"}, Q="") | {"types": {"Q": [{"name": "d d", "type": "string"}]}}, "identifiers"),
        (data("Q q", {}, **{"Q q": ""}), "identifiers"),
        # MetaMask and eth-account hash it as written, ethers as uint256, viem refuses
        (data("Q", {"d": 1}, Q="uint d"), "a type of EIP-712"),
    ],
)
def test_what_they_disagree_on_is_refused(given: dict[str, Any], said: str | None) -> None:
    if said is None:
        TypedData.parse(given)
        return
    with pytest.raises(InputError, match=said):
        TypedData.parse(given)


# ---------------------------------------------------------------- the domain alone
@pytest.mark.parametrize("message", [{}, None, FAMILY])
@pytest.mark.parametrize("structs", [{}, {"Q": "uint8 x"}])
def test_the_domain_alone(message: Any, structs: dict[str, str]) -> None:
    """By MetaMask and viem, which look at no message; ethers and eth-account find no primary type."""
    typed = TypedData.parse(data(DOMAIN, message, **structs))
    assert str(typed.digest()) == "0x7defb2537b118a4486df8f269d14cfac35d28297f1a96bfd1dca642c268bed6a"
    assert typed.digest() == keccak256(b"\x19\x01" + typed.domain_separator())
    assert typed.message == ()
    assert TypedData.parse(typed.to_dict()) == typed
    assert typed.encode_type().startswith("EIP712Domain(string name,")
    shown = str(preview(typed))
    assert "Family Tree" in shown
    assert str(typed.digest()) in shown
    for hashed in (typed.struct_hash, typed.encode_data):
        with pytest.raises(InputError, match="signs the domain alone"):
            hashed()


@pytest.mark.parametrize("message", [{"a": 1}, {**FAMILY, "chainId": 2}, "x", 0, [1]])
def test_a_message_that_would_not_be_signed_is_refused(message: Any) -> None:
    """MetaMask and viem sign as if it were not there."""
    with pytest.raises(InputError, match="message"):
        TypedData.parse(data(DOMAIN, message))


def test_long_circles_end() -> None:
    circle = {f"S{i}": f"S{(i + 1) % 60} v" for i in range(60)}
    typed = TypedData.parse(data("S0", {"v": None}, **circle))
    assert typed.struct_hash() == keccak256(typed.type_hash() + bytes(32))
    deep: Any = None
    for _ in range(100):
        deep = {"t": deep}
    with pytest.raises(InputError, match="nested deeper than 64"):
        TypedData.parse(data("T", deep, T="T t"))

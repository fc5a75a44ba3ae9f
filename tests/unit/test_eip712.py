"""Typed data: what is taken, what is refused, what devices are given."""

from typing import Any

import pytest

from zkcore.errors import InputError
from zkcore.ethereum.eip712 import DOMAIN, Field, StructType, TypedData
from zkcore.ethereum.hashing import keccak256
from zkcore.types import Address

WALLET = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"


def typed(fields: Any, message: Any, *, domain: Any = None, **structs: Any) -> TypedData:
    types = {"T": fields, **structs}
    return TypedData.parse({"types": types, "primaryType": "T", "domain": domain or {}, "message": message})


def one(type_: str, value: Any, **structs: Any) -> TypedData:
    return typed([{"name": "v", "type": type_}], {"v": value}, **structs)


# ---------------------------------------------------------------- values
@pytest.mark.parametrize(
    ("type_", "value", "held", "word"),
    [
        ("uint8", 255, 255, "ff".rjust(64, "0")),
        ("uint256", "5", 5, "5".rjust(64, "0")),
        ("uint256", "0xFF", 255, "ff".rjust(64, "0")),
        ("int8", -128, -128, "80".rjust(64, "f")),
        ("int256", "-1", -1, "f" * 64),
        ("bool", True, True, "1".rjust(64, "0")),
        ("address", WALLET, Address(WALLET), WALLET[2:].lower().rjust(64, "0")),
        ("address", bytes.fromhex(WALLET[2:]), Address(WALLET), WALLET[2:].lower().rjust(64, "0")),
        ("bytes3", "0x010203", b"\x01\x02\x03", "010203".ljust(64, "0")),
        ("bytes", b"\x01", b"\x01", keccak256(b"\x01").hex()),
        ("string", "\u00e9", "\u00e9", keccak256("\u00e9".encode()).hex()),
        ("uint8[]", [1, 2], (1, 2), keccak256(bytes(31) + b"\x01" + bytes(31) + b"\x02").hex()),
        ("uint8[0]", [], (), keccak256(b"").hex()),
        ("string[][2]", (["a"], []), (("a",), ()), None),
    ],
)
def test_values_are_normalised_and_encoded(type_: str, value: Any, held: Any, word: str | None) -> None:
    data = one(type_, value)
    assert data.message == (held,)
    assert type(data.message[0]) is type(held)
    if word is not None:
        assert data.encode_data().hex() == word
    again = TypedData.parse(data.to_dict())
    assert (again, again.digest()) == (data, data.digest())


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *(
            ("uint8", value)
            for value in (256, -1, "256", True, 1.0, None, "", " 1", "1_0", "01", "0x", "+1", "1e2", [1])
        ),
        *(("int8", value) for value in (128, -129, "-0x1", False)),
        *(("bool", value) for value in (0, 1, "true", None)),
        *(("string", value) for value in (5, None, b"x", "\ud800")),
        *(("bytes", value) for value in ("0x1", "00", "0xzz", 5, None, [1])),
        *(("bytes4", value) for value in ("0x010203", "0x0102030405", b"\x01")),
        *(("address", value) for value in ("0x00", 5, None, WALLET.swapcase(), WALLET[2:])),
        *(("uint8[]", value) for value in (5, None, "12", {"0": 1}, [256])),
        *(("uint8[2]", value) for value in ([1], [1, 2, 3])),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused_by_name(type_: str, value: Any) -> None:
    with pytest.raises(InputError, match=r"message\.v"):
        one(type_, value)


@pytest.mark.parametrize("message", [{}, {"v": 1, "w": 2}, {"w": 1}, None, [1], "v", (1, 2), {"v": None}])
def test_just_the_members_of_a_struct_are_taken(message: Any) -> None:
    with pytest.raises(InputError, match="message"):
        typed([{"name": "v", "type": "uint8"}], message)


# ---------------------------------------------------------------- types
@pytest.mark.parametrize(
    "type_",
    [
        "uint",
        "int",
        "byte",
        "uint7",
        "uint08",
        "uint264",
        "int0",
        "bytes0",
        "bytes33",
        "bytes032",
        "fixed",
        "Missing",
        "",
        "uint8[",
        "uint8]",
        "uint8[-1]",
        "uint8[01]",
        "uint8[a]",
        "uint8 ",
        " uint8",
        "uint8[][",
        "[]",
        "uint8[1000000000]",
        "t(uint8 x)",
        "ui\u0301nt8",
        "function",
        "tuple",
    ],
)
def test_what_is_no_type_is_refused(type_: str) -> None:
    with pytest.raises(InputError):
        one(type_, [] if type_.endswith("]") else 1)


@pytest.mark.parametrize(
    "name", ["uint256", "uint", "bytes5", "address", "string", "bool", "1a", "a b", "", "a(", "\u00e9"]
)
def test_a_struct_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(InputError, match="names are identifiers"):
        one("uint8", 1, **{name: []})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([{"name": "v", "type": "uint8"}] * 2, "each member once"),
        ([{"name": "v"}], "members as"),
        ([{"name": "v", "type": "uint8", "more": 1}], "members as"),
        ([{"name": "a b", "type": "uint8"}], "names are identifiers"),
        ([{"name": 1, "type": "uint8"}], "names are identifiers"),
        ([{"name": "v", "type": 8}], "expected a type, got 8"),
        (["v"], "members as"),
        ("v", "a list of members"),
        (None, "a list of members"),
    ],
)
def test_malformed_members_are_refused(fields: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        typed(fields, {"v": 1})


def test_a_struct_may_hold_itself_in_an_array_of_any_length() -> None:
    fields = [{"name": "kids", "type": "T[]"}, {"name": "n", "type": "uint8"}]
    leaf: dict[str, Any] = {"kids": [], "n": 1}
    data = typed(fields, {"kids": [leaf, leaf], "n": 2})
    type_hash = keccak256(b"T(T[] kids,uint8 n)")
    inner = keccak256(type_hash + keccak256(b"") + (1).to_bytes(32))
    assert data.struct_hash() == keccak256(type_hash + keccak256(inner + inner) + (2).to_bytes(32))


def test_nesting_is_bounded_in_values_and_types() -> None:
    fields = [{"name": "kids", "type": "T[]"}]
    message: dict[str, Any] = {"kids": []}
    for _ in range(500):
        message = {"kids": [message]}
    with pytest.raises(InputError, match="nested deeper than 64"):
        typed(fields, message)
    chain = {f"S{i}": [{"name": "v", "type": f"S{i + 1}"}] for i in range(2000)}
    with pytest.raises(InputError, match="nests deeper than 64"):
        typed([{"name": "v", "type": "S0[]"}], {"v": []}, **chain, S2000=[])


def test_many_ways_to_one_struct_take_no_longer() -> None:
    wide = {f"S{i}": [{"name": n, "type": f"S{i + 1}"} for n in "abc"] for i in range(60)}
    data = typed([{"name": "v", "type": "S0[]"}], {"v": []}, **wide, S60=[])
    assert data.encode_type().count("(") == 62


def test_used_structs_follow_in_alphabetical_order() -> None:
    data = one("B", {"c": [], "a": {}}, A=[], C=[], B=[{"name": "c", "type": "C[][2]"[:3]}, {"name": "a", "type": "A"}])
    assert data.encode_type() == "T(B v)A()B(C[] c,A a)C()"
    assert data.encode_type("B") == "B(C[] c,A a)A()C()"
    assert data.type_hash("A") == keccak256(b"A()")
    with pytest.raises(InputError, match="there is no struct 'X'"):
        data.encode_type("X")


# ---------------------------------------------------------------- domains
DOMAIN_VALUES = {
    "name": "n",
    "version": "1",
    "chainId": 324,
    "verifyingContract": WALLET,
    "salt": "0x" + "11" * 32,
}


def test_the_domain_type_is_derived_from_the_domain_in_the_order_of_the_eip() -> None:
    data = typed([], {}, domain=dict(reversed(DOMAIN_VALUES.items())))
    expected = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    assert data.encode_type(DOMAIN) == expected
    assert typed([], {}).encode_type(DOMAIN) == "EIP712Domain()"


def test_a_given_domain_type_keeps_its_order_and_must_fit_the_domain() -> None:
    given = [{"name": "chainId", "type": "uint256"}, {"name": "name", "type": "string"}]
    domain = {"name": "n", "chainId": 1}
    data = typed([], {}, domain=domain, EIP712Domain=given)
    assert data.encode_type(DOMAIN) == "EIP712Domain(uint256 chainId,string name)"
    assert data.domain == (1, "n")
    for wrong in ({"name": "n"}, {**domain, "version": "1"}):
        with pytest.raises(InputError, match="domain"):
            typed([], {}, domain=wrong, EIP712Domain=given)


@pytest.mark.parametrize("field", [{"name": "chainId", "type": "uint64"}, {"name": "other", "type": "string"}])
def test_a_domain_has_only_the_members_of_the_eip(field: dict[str, str]) -> None:
    with pytest.raises(InputError, match="EIP712Domain: expected members among"):
        typed([], {}, domain={field["name"]: 1}, EIP712Domain=[field])


@pytest.mark.parametrize("domain", [{"other": 1}, "x", [1], {"chainId": -1}, {"salt": "0x00"}, {"name": None}])
def test_a_domain_that_does_not_fit_is_refused(domain: Any) -> None:
    with pytest.raises(InputError, match="domain"):
        typed([], {}, domain=domain)


# ---------------------------------------------------------------- the whole
@pytest.mark.parametrize("change", [{"more": 1}, {"primaryType": "X"}, {"types": None}, {"types": ()}])
def test_malformed_typed_data_is_refused(change: dict[str, Any]) -> None:
    good = {"types": {"T": []}, "primaryType": "T", "domain": {}, "message": {}}
    with pytest.raises(InputError):
        TypedData.parse({**good, **change})
    for key in good:
        with pytest.raises(InputError, match="typed data: expected an object with types"):
            TypedData.parse({k: v for k, v in good.items() if k != key})
    with pytest.raises(InputError, match="typed data"):
        TypedData.parse("{}")  # type: ignore[arg-type]


def test_frozen_objects_say_the_same_as_a_dict() -> None:
    fields = (Field("a", "address[2]"), Field("b", "bytes"))
    made = TypedData(
        types=(StructType("T", fields),), primary_type="T", domain={"chainId": 1}, message=((WALLET, WALLET), b"\x01")
    )
    parsed = typed(
        [{"name": "a", "type": "address[2]"}, {"name": "b", "type": "bytes"}],
        {"a": [WALLET, WALLET], "b": "0x01"},
        domain={"chainId": "0x1"},
    )
    assert made == parsed
    assert hash(made) == hash(parsed)
    with pytest.raises(AttributeError):
        made.message = ()  # type: ignore[misc]
    twice = (StructType("T", ()), StructType("T", fields))
    with pytest.raises(InputError, match="types: expected each struct once"):
        TypedData(types=twice, primary_type="T", domain={}, message={})
    with pytest.raises(InputError, match="an object of structs"):
        TypedData(types=(fields,), primary_type="T", domain={}, message={})  # type: ignore[arg-type]


def test_devices_get_fields_and_values_in_order() -> None:
    data = one(
        "P[][2]", [[{"x": -1, "s": "a"}], []], P=[{"name": "x", "type": "int32"}, {"name": "s", "type": "string"}]
    )
    (field,) = data.fields("T")
    assert (field.base, field.dimensions) == ("P", (None, 2))
    assert [f.name for f in data.fields("P")] == ["x", "s"]
    assert list(data.walk("T")) == [2, 1, ("int32", -1), ("string", "a"), 0]
    assert list(data.walk(DOMAIN)) == []
    assert list(typed([], {}, domain={"chainId": 5, "name": "n"}).walk(DOMAIN)) == [("string", "n"), ("uint256", 5)]


def test_the_dict_form_is_plain_json() -> None:
    data = one("uint256", 2**255, Other=[{"name": "b", "type": "bool"}])
    assert data.to_dict() == {
        "types": {
            "EIP712Domain": [],
            "T": [{"name": "v", "type": "uint256"}],
            "Other": [{"name": "b", "type": "bool"}],
        },
        "primaryType": "T",
        "domain": {},
        "message": {"v": str(2**255)},
    }

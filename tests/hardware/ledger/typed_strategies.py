"""Typed data of any shape, for hypothesis: structs in structs, arrays of any dimensions, every atomic type."""

from typing import Any

from hypothesis import strategies as st

from zkcore.ethereum.eip712 import TypedData

_INTS = [f"{sign}int{bits}" for sign in ("u", "") for bits in (8, 16, 32, 64, 128, 256)]
ATOMS = [*_INTS, "uint24", "uint160", "bool", "address", "string", "bytes", "bytes1", "bytes4", "bytes20", "bytes32"]
_DIMENSIONS = ["", "", "", "", "[]", "[2]", "[][]", "[1][]", "[][2]"]


def _leaf(type_: str) -> st.SearchStrategy[Any]:
    match type_:
        case "bool":
            return st.booleans()
        case "address":
            return st.binary(min_size=20, max_size=20)
        case "string":
            return st.text(max_size=20)
        case "bytes":
            return st.one_of(st.binary(max_size=20), st.sampled_from([252, 253, 254, 508]).map(bytes))
        case _ if type_.startswith("bytes"):
            return st.binary(min_size=int(type_[5:]), max_size=int(type_[5:]))
        case _:
            bits = int(type_.lstrip("uint"))
            low, high = (0, 2**bits - 1) if type_.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return st.integers(low, high)


def _value(draw: st.DrawFn, structs: dict[str, list[tuple[str, str]]], type_: str) -> Any:
    if type_.endswith("]"):
        at = type_.rindex("[")
        length = int(type_[at + 1 : -1] or draw(st.integers(0, 3)))
        return [_value(draw, structs, type_[:at]) for _ in range(length)]
    if type_ in structs:
        return {name: _value(draw, structs, member) for name, member in structs[type_]}
    return draw(_leaf(type_))


@st.composite
def typed_data(draw: st.DrawFn) -> TypedData:
    """At most four structs, each using only later ones."""
    names = [f"S{i}" for i in range(draw(st.integers(1, 4)))]
    structs: dict[str, list[tuple[str, str]]] = {}
    for place, name in enumerate(names):
        bases = st.sampled_from([*ATOMS, *names[place + 1 :] * 8])
        types = draw(st.lists(st.tuples(bases, st.sampled_from(_DIMENSIONS)), min_size=1, max_size=4))
        structs[name] = [(f"m{i}", base + dimensions) for i, (base, dimensions) in enumerate(types)]
    members = draw(
        st.lists(st.sampled_from(["name", "version", "chainId", "verifyingContract", "salt"]), min_size=1, unique=True)
    )
    domain = {"name": "zk", "version": "1", "chainId": 324, "verifyingContract": bytes(20), "salt": b"s" * 32}
    return TypedData.parse(
        {
            "types": {name: [{"name": n, "type": t} for n, t in fields] for name, fields in structs.items()},
            "primaryType": "S0",
            "domain": {name: domain[name] for name in members},
            "message": _value(draw, structs, "S0"),
        }
    )

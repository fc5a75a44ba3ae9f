"""What hypothesis draws: RLP items, addresses, transactions of every type, typed data."""

from typing import Any

from hypothesis import strategies as st

from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import SECP256K1_N, Signature
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
)
from zkcore.types import Address, Hash32


def sized(count: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=count, max_size=count)


def uints(bits: int, least: int = 0) -> st.SearchStrategy[int]:
    """Integers of all magnitudes, not mostly large ones."""
    return st.integers(0, bits).flatmap(lambda width: st.integers(least, max(least, (1 << width) - 1)))


addresses = sized(20).map(Address)
hashes = sized(32).map(Hash32)
private_keys = st.integers(1, SECP256K1_N - 1).map(lambda key: key.to_bytes(32))
signatures = st.builds(Signature, st.integers(1, SECP256K1_N - 1), st.integers(1, SECP256K1_N // 2), st.integers(0, 1))
long_binary = st.one_of(st.binary(max_size=70), st.integers(50, 3000).map(bytes))
rlp_items = st.recursive(long_binary, lambda items: st.lists(items, max_size=8), max_leaves=30)

# ---------------------------------------------------------------- transactions
chain_ids = uints(64, least=1)
access_lists = st.lists(st.tuples(addresses, st.lists(hashes, max_size=3)), max_size=3)
_common: dict[str, Any] = {
    "nonce": uints(64),
    "gas_limit": uints(64),
    "to": st.none() | addresses,
    "value": uints(256),
    "data": long_binary,
}
_fees = st.tuples(uints(256), uints(256)).map(sorted)


def _with_fees(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def build(fees: list[int], **values: Any) -> Any:
        return kind(max_priority_fee_per_gas=fees[0], max_fee_per_gas=fees[1], **values)

    return st.builds(build, _fees, chain_id=chain_ids, **_common, **fields)


legacy = st.builds(LegacyTransaction, chain_id=st.none() | chain_ids, gas_price=uints(256), **_common)
eip2930 = st.builds(Eip2930Transaction, chain_id=chain_ids, gas_price=uints(256), access_list=access_lists, **_common)
eip1559: st.SearchStrategy[Eip1559Transaction] = _with_fees(Eip1559Transaction, access_list=access_lists)
bytecodes = st.integers(0, 3).flatmap(lambda half: sized(32 * (2 * half + 1)))
eip712: st.SearchStrategy[Eip712Transaction] = _with_fees(
    Eip712Transaction,
    from_address=addresses,
    gas_per_pubdata=uints(64, least=1),
    factory_deps=st.lists(bytecodes, max_size=3),
    paymaster=st.none() | st.builds(Paymaster, addresses, long_binary),
)
transactions: st.SearchStrategy[Transaction] = st.one_of(legacy, eip2930, eip1559, eip712)

# ---------------------------------------------------------------- typed data
_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_leaves: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "address": addresses,
    "string": _texts,
    "bytes": st.binary(max_size=70),
}
for _size in (1, 4, 20, 31, 32):
    _leaves[f"bytes{_size}"] = sized(_size)
for _bits in (8, 16, 64, 160, 248, 256):
    _leaves[f"uint{_bits}"] = st.integers(0, 2**_bits - 1)
    _leaves[f"int{_bits}"] = st.integers(-(2 ** (_bits - 1)), 2 ** (_bits - 1) - 1)
_dimensions = st.lists(st.none() | st.integers(0, 3), max_size=2)
_DOMAIN: dict[str, st.SearchStrategy[Any]] = {
    "name": _texts,
    "version": _texts,
    "chainId": uints(256),
    "verifyingContract": addresses,
    "salt": hashes,
}


@st.composite
def typed_data(draw: st.DrawFn, *, dimensions: st.SearchStrategy[list[int | None]] = _dimensions) -> dict[str, Any]:
    """Typed data in the form of eth_signTypedData_v4: structs S0, S1, ... each of which may use those after it."""
    count = draw(st.integers(1, 4))
    types: dict[str, list[dict[str, str]]] = {}
    for place in range(count):
        later = [f"S{i}" for i in range(place + 1, count)]
        base = st.sampled_from(sorted(_leaves) + later * 3)
        members = draw(st.lists(st.tuples(_names, base, dimensions), max_size=4, unique_by=lambda member: member[0]))
        types[f"S{place}"] = [
            {"name": name, "type": kind + "".join(f"[{'' if n is None else n}]" for n in lengths)}
            for name, kind, lengths in members
        ]
    domain = {name: draw(values) for name, values in _DOMAIN.items() if draw(st.booleans())}
    message = draw(_values("S0", types))
    return {"types": types, "primaryType": "S0", "domain": domain, "message": message}


def _values(kind: str, types: dict[str, list[dict[str, str]]]) -> st.SearchStrategy[Any]:
    if kind.endswith("]"):
        element, _, length = kind[:-1].rpartition("[")
        least, most = (int(length), int(length)) if length else (0, 2)
        return st.lists(_values(element, types), min_size=least, max_size=most)
    if kind in types:
        return st.fixed_dictionaries({member["name"]: _values(member["type"], types) for member in types[kind]})
    return _leaves[kind]


parsed_data = typed_data().map(TypedData.parse)

"""What the real app is made to do: run and recorded under speculos (test_app.py), replayed in CI (test_replay.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from signers import LedgerSigner
from zkcore import errors
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import Signature
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
)
from zkcore.types import Address, ether

ACCOUNT = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")  # of the "test ... junk" mnemonic
TO = Address("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045")
TOKEN = Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
PATH_LENGTH = 21

What = Transaction | TypedData | bytes


@dataclass(frozen=True)
class Case:
    """`settings` that are on; `what` is signed (None: the address is confirmed); what comes of it."""

    what: What | None
    settings: tuple[str, ...] = ()
    consent: bool = False
    approve: bool = True
    clear: bool | None = True
    error: type[errors.SignerError] | None = None

    def run(self, signer: LedgerSigner) -> Signature | Address:
        match self.what:
            case None:
                return signer.confirm_address()
            case bytes():
                return signer.sign_message(self.what)
            case TypedData():
                return signer.sign_typed_data(self.what)
            case _:
                return signer.sign_transaction(self.what)


def eip1559(**fields: Any) -> Eip1559Transaction:
    values: dict[str, Any] = {"chain_id": 324, "nonce": 5, "max_priority_fee_per_gas": 0, "max_fee_per_gas": 45_250_000}
    return Eip1559Transaction(**(values | {"gas_limit": 121_000, "to": TO, "value": ether("0.1")} | fields))


def legacy(**fields: Any) -> LegacyTransaction:
    values: dict[str, Any] = {"chain_id": 324, "nonce": 5, "gas_price": 45_250_000, "gas_limit": 121_000}
    return LegacyTransaction(**(values | {"to": TO, "value": ether("1.25")} | fields))


def era(**fields: Any) -> Eip712Transaction:
    values: dict[str, Any] = {"chain_id": 324, "nonce": 7, "max_priority_fee_per_gas": 0, "max_fee_per_gas": 10**8}
    return Eip712Transaction(**(values | {"gas_limit": 10**6, "to": TO, "from_address": ACCOUNT} | fields))


def of_payload(make: Callable[..., Any], length: int) -> Transaction:
    """A transaction whose path and unsigned bytes together have this length."""
    for size in range(length):
        tx = make(data=bytes(i % 251 + 1 for i in range(size)))
        if PATH_LENGTH + len(tx.unsigned_bytes()) == length:
            return tx  # type: ignore[no-any-return]
    raise AssertionError(length)


def typed(types: dict[str, list[tuple[str, str]]], message: dict[str, Any], **domain: Any) -> TypedData:
    named = {name: [{"name": n, "type": t} for n, t in members] for name, members in types.items()}
    domain = domain or {"name": "zkcore", "version": "1", "chainId": 324}
    return TypedData.parse({"types": named, "primaryType": next(iter(types)), "domain": domain, "message": message})


PERSON = [("name", "string"), ("wallet", "address")]
COW = {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"}
BOB = {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"}
RAW, BLIND = ("Raw messages",), ("Blind signing",)
PAYMASTER = Paymaster(address=TOKEN, input=bytes(range(132)))

TYPED = {
    "mail": typed(
        {"Mail": [("from", "Person"), ("to", "Person"), ("contents", "string")], "Person": PERSON},
        {"from": COW, "to": BOB, "contents": "Hello, Bob!"},
        name="Ether Mail",
        version="1",
        chainId=1,
        verifyingContract="0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
    ),
    "arrays": typed(
        {
            "Group": [("grid", "uint16[2][][]"), ("none", "string[]"), ("people", "Person[]"), ("pair", "Person[2]")],
            "Person": PERSON,
        },
        {"grid": [[[1, 2], [3, 4]], [], [[5, 6]]], "none": [], "people": [COW, BOB, COW], "pair": [BOB, COW]},
    ),
    "empty-arrays": typed(
        {
            "Group": [("people", "Person[]"), ("grid", "bytes4[][]"), ("end", "bool"), ("last", "Person[0]")],
            "Person": PERSON,
        },
        {"people": [], "grid": [[], [b"abcd"], []], "end": True, "last": []},
    ),
    "nested": typed(
        {
            "Order": [("lines", "Line[]"), ("more", "Person[]"), ("note", "Note")],
            "Line": [("item", "Item"), ("counts", "uint8[]"), ("tags", "bytes2[2][]")],
            "Item": [("owner", "Person"), ("price", "uint256")],
            "Note": [("by", "Person[]"), ("text", "string")],
            "Person": PERSON,
        },
        {
            "lines": [
                {"item": {"owner": COW, "price": 2**256 - 1}, "counts": [], "tags": [["0x0102", "0x0304"]]},
                {"item": {"owner": BOB, "price": 0}, "counts": [1, 2, 255], "tags": []},
            ],
            "more": [COW],
            "note": {"by": [BOB], "text": "ok"},
        },
    ),
    "signed": typed(
        {
            "Ints": [
                ("a", "int8"),
                ("b", "int16"),
                ("c", "int32"),
                ("d", "int64"),
                ("e", "int128"),
                ("f", "int256"),
                ("g", "int16"),
            ]
        },
        {"a": -128, "b": -2, "c": -70000, "d": -(2**63), "e": -(10**20), "f": -1, "g": 200},
    ),
    "atoms": typed(
        {
            "Atoms": [
                ("a", "bool"),
                ("b", "bool"),
                ("c", "bytes3"),
                ("d", "bytes32"),
                ("e", "bytes"),
                ("f", "string"),
                ("g", "uint24"),
            ]
        },
        {"a": True, "b": False, "c": "0x010203", "d": bytes(31) + b"\1", "e": "0x", "f": "", "g": 0},
    ),
    "long": typed({"Long": [("a", "bytes"), ("b", "string")]}, {"a": bytes(range(256)) * 3, "b": "naive " * 60}),
    "domain": typed({"One": [("a", "uint256")]}, {"a": 1}, name="x", version="2", chainId=2**70, salt="0x" + "5a" * 32),
}
UNTOLD = ("arrays", "empty-arrays", "nested")  # nobody can see where one array ends and the next begins
ERA = {
    "bare": era(),
    "creation": era(to=None, value=2**256 - 1),
    "data": era(data=bytes(range(256)) * 2 + b"more", value=ether("0.5")),
    "paymaster": era(paymaster=PAYMASTER, nonce=2**32),
    "deps": era(factory_deps=(bytes(32), b"\1" * 96), gas_per_pubdata=800),
    "everything": era(
        data=bytes(700),
        value=1,
        paymaster=PAYMASTER,
        factory_deps=(bytes(32),),
        max_priority_fee_per_gas=1,
        chain_id=270,
    ),
}
BY_HASHES = typed({"Grid": [("people", "Person[][]")], "Person": PERSON}, {"people": [[COW], [BOB, COW]]})
ERC20 = eip1559(to=TOKEN, value=0, data="0xa9059cbb" + bytes(TO).hex().rjust(64, "0") + (10**6).to_bytes(32).hex())
ACCESS_LIST = ((str(TOKEN), ("0x" + "00" * 31 + "07",)), (str(TO), ()))

CASES: dict[str, Case] = {
    "transfer-mainnet": Case(eip1559(chain_id=1, max_priority_fee_per_gas=10**9, max_fee_per_gas=3 * 10**9)),
    "transfer-era": Case(eip1559()),
    "transfer-unknown-chain": Case(eip1559(chain_id=270, value=1)),
    "transfer-largest-chain-id": Case(eip1559(chain_id=10**19 - 1)),
    "transfer-era-sepolia": Case(eip1559(chain_id=300, value=0)),
    "transfer-access-list": Case(eip1559(chain_id=1, access_list=ACCESS_LIST)),
    "transfer-2930": Case(
        Eip2930Transaction(
            chain_id=1, nonce=0, gas_price=10**9, gas_limit=50_000, to=TO, value=1, access_list=ACCESS_LIST
        )
    ),
    "transfer-legacy": Case(legacy()),
    "transfer-legacy-sepolia": Case(legacy(chain_id=11155111)),
    "transfer-legacy-large-chain-id": Case(legacy(chain_id=2**53 - 1)),
    "transfer-rejected": Case(eip1559(), approve=False, error=errors.UserRejected),
    "calldata-blind-signing-off": Case(ERC20, consent=True, error=errors.BlindSigningRequired),
    "message-empty": Case(b""),
    "message-text": Case(b"Sign in to zkcore at block 7"),
    "message-lines": Case(b"Sign in to zkcore\nat block 7", clear=None),
    "message-bytes": Case(bytes(range(256))),
    "message-long": Case(b"0123456789" * 150),
    "message-rejected": Case(b"no", approve=False, error=errors.UserRejected),
    "address": Case(None),
    "address-rejected": Case(None, approve=False, error=errors.UserRejected),
    "typed-refused-by-settings": Case(TYPED["mail"], error=errors.BlindSigningRequired),
    **{f"typed-{name}": Case(data, RAW) for name, data in TYPED.items() if name not in {"long", *UNTOLD}},
    **{f"typed-{name}": Case(TYPED[name], RAW, consent=True, clear=False) for name in UNTOLD},
    "typed-long": Case(TYPED["long"], RAW, consent=True, clear=False),  # cut
    "typed-long-without-consent": Case(TYPED["long"], RAW, error=errors.BlindSigningRequired),
    "typed-rejected": Case(TYPED["mail"], RAW, approve=False, error=errors.UserRejected),
    **{f"era-{name}": Case(tx, RAW) for name, tx in ERA.items() if len(tx.data) <= 188},
    "era-data": Case(ERA["data"], RAW, consent=True, clear=False),
    "era-everything": Case(ERA["everything"], RAW, consent=True, clear=False),
    "era-rejected": Case(ERA["paymaster"], RAW, approve=False, error=errors.UserRejected),
    "typed-with-blind-signing": Case(TYPED["mail"], BLIND, consent=True, clear=None),
    "typed-without-consent": Case(TYPED["mail"], BLIND, error=errors.BlindSigningRequired),
    "typed-by-hashes": Case(BY_HASHES, BLIND, consent=True, clear=False),
    "erc20": Case(ERC20, BLIND, consent=True, clear=False),
    "creation": Case(eip1559(to=None, data=bytes(range(1, 60))), BLIND, consent=True, clear=False),
    "calldata-rejected": Case(ERC20, BLIND, consent=True, approve=False, error=errors.UserRejected),
    **{
        f"calldata-{kind}-{length}": Case(of_payload(make, length), BLIND, consent=True, clear=False)
        for kind, make, lengths in (
            ("1559", eip1559, (254, 255, 256, 257, 509, 510, 511, 764, 765, 766, 1020, 5100)),
            ("legacy", legacy, (254, 255, 256, 258, 259, 260, 510, 513, 514, 515, 516)),
        )
        for length in lengths
    },
    "calldata-one-byte": Case(eip1559(data=b"\1"), BLIND, consent=True, clear=False),
    "calldata-zeros": Case(
        of_payload(lambda data: eip1559(data=bytes(len(data))), 257), BLIND, consent=True, clear=False
    ),
}

"""Consent is about what a person can see: nothing hidden is signed without it, whatever app, model and settings."""

import re
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signers import LedgerSigner
from signers.ledger import device_view
from signers.ledger.view import App
from signers.testing.ledger import FakeLedger
from tests.hardware.ledger.cases import BY_HASHES, ERA, ERC20, TYPED, What, eip1559, legacy, typed
from tests.hardware.ledger.typed_strategies import typed_data
from zkcore import errors
from zkcore.ethereum.eip712 import DOMAIN, TypedData
from zkcore.ethereum.hashing import calldata_digest, keccak256
from zkcore.ethereum.signature import Signature
from zkcore.transactions import Eip712Transaction

VERSIONS = [(1, 9, 19), (1, 10, 2), (1, 10, 4), (1, 11, 3), (1, 13, 9), (1, 14, 0), (1, 17, 0), (1, 18, 0), (1, 22, 1)]
STRING = {"M": [("text", "string")]}
WHAT: dict[str, What] = {
    "transfer": eip1559(),
    "calldata": eip1559(data=b"\1" * 36),
    "legacy calldata": legacy(data=b"\0"),
    "erc20": ERC20,
    "creation": eip1559(to=None, data=b"\1"),
    **{f"0x71 {name}": tx for name, tx in ERA.items()},
    **{f"typed {name}": data for name, data in TYPED.items()},
    "hashes": BY_HASHES,
    "256 characters": typed(STRING, {"text": "a" * 256}),
    "380 characters": typed(STRING, {"text": "a" * 380}),
    "NUL": typed(STRING, {"text": "to Alice\0 or to Bob"}),
    "other letters": typed(STRING, {"text": "\u0430lice"}),  # a Cyrillic a
    "line break": typed(STRING, {"text": "a\nTransaction hash: 0x00"}),
    "other letters in the domain": typed(STRING, {"text": "a"}, name="zk\u200bSync", version="2", chainId=1),
    "message": b"hello",
    "message of lines": b"hello\nBob",
    "long message": b"0123456789" * 30,
    "bytes": bytes(range(256)),
}


def sign(signer: LedgerSigner, what: What) -> Signature:
    if isinstance(what, bytes):
        return signer.sign_message(what)
    return signer.sign_typed_data(what) if isinstance(what, TypedData) else signer.sign_transaction(what)


def texts(what: What) -> list[str]:
    """What must have been on the screen in full, of typed data and messages."""
    data = what.typed_data() if isinstance(what, Eip712Transaction) else what
    if isinstance(data, bytes):
        return [data.decode() if data.isascii() and data[:1] != b"\0" else "0x" + data.hex()]
    if not isinstance(data, TypedData):
        return []
    leaves = [item[1] for root in (DOMAIN, data.primary_type) for item in data.walk(root) if not isinstance(item, int)]
    return ["0x" + leaf.hex() if isinstance(leaf, bytes) else str(leaf) for leaf in leaves]


@pytest.mark.parametrize("name", WHAT)
def test_nothing_is_signed_unseen_without_consent(name: str) -> None:
    what = WHAT[name]
    for version, model, blind, raw in product(VERSIONS, ("nano", "flex"), (False, True), (False, True)):
        fake = FakeLedger(version=version, model=model, blind_signing=blind, raw_messages=raw)
        rig = f"{version} {model} blind={blind} raw={raw}: {fake.shown}"
        if version < (1, 14, 0):
            with pytest.raises(errors.FirmwareTooOld, match=r"expected 1\.14\.0 or newer"):
                LedgerSigner.connect(open_dongle=fake.open)
            continue
        signer = LedgerSigner.connect(open_dongle=fake.open)
        try:
            signature = sign(signer, what)
        except errors.BlindSigningRequired:
            assert not fake.shown, rig
        else:
            assert signature.clear is True or what == WHAT["message of lines"], rig
            assert set(texts(what)) <= set(fake.shown) or signature.clear is None, rig
        # and with consent `clear` tells the truth
        consenting = LedgerSigner.connect(open_dongle=fake.open, allow_blind_signing=True)
        fake.shown = []
        try:
            signature = sign(consenting, what)
        except errors.BlindSigningRequired:
            assert not blind or not raw
            continue
        assert signature.clear is consenting.view(what).clear, rig
        if signature.clear:
            assert set(texts(what)) <= set(fake.shown), rig
            assert getattr(what, "data", b"") == b"" or isinstance(what, Eip712Transaction | TypedData)


@given(data=typed_data(), blind=st.booleans(), raw=st.booleans(), model=st.sampled_from(["nano", "flex"]))
@settings(max_examples=60, deadline=None)
def test_any_typed_data_that_come_back_clear_were_shown(data: TypedData, blind: bool, raw: bool, model: str) -> None:
    fake = FakeLedger(blind_signing=blind, raw_messages=raw, model=model)
    try:
        signature = LedgerSigner.connect(open_dongle=fake.open).sign_typed_data(data)
    except errors.BlindSigningRequired:
        return
    assert signature.clear is True
    assert set(texts(data)) <= set(fake.shown)


# Types, and values of a message of them, of which some look alike on the screen.
LISTS: list[list[int]] = [[], [1], [1, 1], [1, 1, 1]]
ARRAYS: dict[str, tuple[dict[str, list[tuple[str, str]]], list[object]]] = {
    "list": ({"M": [("x", "uint8[]")]}, [{"x": x} for x in LISTS]),
    "lists": ({"M": [("x", "uint8[]"), ("y", "uint8[]")]}, [{"x": x, "y": y} for x, y in product(LISTS, LISTS)]),
    "in lists": ({"M": [("x", "uint8[][]")]}, [{"x": list(x)} for n in range(4) for x in product(LISTS[:3], repeat=n)]),
    "in pairs": ({"M": [("x", "uint8[][2]")]}, [{"x": list(x)} for x in product(LISTS, repeat=2)]),
    "pairs": ({"M": [("x", "uint8[2][]")]}, [{"x": [[1, 1]] * n} for n in range(4)]),
    "nothings": ({"M": [("x", "uint8[0][]"), ("y", "bool")]}, [{"x": [[]] * n, "y": True} for n in range(3)]),
    "one name": (
        {"M": [("a", "A"), ("b", "A")], "A": [("x", "uint8[]")]},
        [{"a": {"x": x}, "b": {"x": y}} for x, y in product(LISTS, LISTS)],
    ),
    "name of a value": (
        {"M": [("a", "A"), ("b", "B")], "A": [("x", "uint8[]")], "B": [("x", "uint8"), ("y", "uint8[]")]},
        [{"a": {"x": x}, "b": {"x": 1, "y": y}} for x, y in product(LISTS, LISTS)],
    ),
    "in structs": (
        {"M": [("a", "A[]")], "A": [("x", "uint8[]"), ("y", "uint8")]},
        [{"a": [{"x": x, "y": 1} for x in xs]} for n in range(4) for xs in product(LISTS[:3], repeat=n)],
    ),
    "last in structs": (
        {"M": [("a", "A[]")], "A": [("y", "uint8[]"), ("x", "uint8[]")]},
        [{"a": [{"x": x, "y": [1]} for x in xs]} for n in range(4) for xs in product(LISTS[:3], repeat=n)],
    ),
    "orders": (  # only one of them has a last member more
        {"M": [("a", "A[]"), ("b", "B[]")], "A": [("x", "uint8")], "B": [("x", "uint8"), ("y", "uint8")]},
        [{"a": [{"x": 1}] * n, "b": [{"x": 1, "y": 1}] * m} for n, m in product(range(4), range(4))],
    ),
}
ALL_CLEAR = {"list", "lists", "pairs", "orders"}


@pytest.mark.parametrize("name", ARRAYS)
def test_two_that_look_alike_are_not_clear(name: str) -> None:
    types, values = ARRAYS[name]
    fake = FakeLedger()
    alike: dict[object, list[bool]] = {}
    for value in values:
        data = typed(types, value)  # type: ignore[arg-type]
        view = device_view(data, App(blind_signing=False))
        alike.setdefault(view.lines, []).append(view.mode == "clear")
        signer = LedgerSigner.connect(open_dongle=fake.open)
        if view.mode == "clear":
            assert signer.sign_typed_data(data).clear is True
        elif "hashes" not in view.reason:
            with pytest.raises(errors.BlindSigningRequired, match="where one array ends"):
                signer.sign_typed_data(data)
    assert all(len(clear) == 1 or not any(clear) for clear in alike.values())
    if name in ALL_CLEAR:
        assert all(clear == [True] for clear in alike.values())


def test_types_that_fan_out_take_no_time() -> None:
    types = {"M": [("x", "A0[]")], **{f"{s}15": [("v", "uint8")] for s in "ABC"}}
    types |= {f"{s}{i}": [(f"f{t}", f"{t}{i + 1}") for t in "ABC"] for i in range(15) for s in "ABC"}
    started = time.monotonic()
    assert device_view(typed(types, {"x": []}), App(blind_signing=False)).mode == "blind"
    some = {**{name: fields for name, fields in types.items() if int(name[1:] or 0) < 8}, "A8": [("v", "uint8")]}
    some |= {f"{s}8": [("v", "uint8[]")] for s in "ABC"}
    device_view(typed(some, {"x": []}), App(blind_signing=False))
    assert time.monotonic() - started < 5


def test_a_name_that_is_cut() -> None:
    for length, mode in ((39, "clear"), (40, "blind")):
        data = typed({"M": [("a" * length, "uint8")]}, {"a" * length: 1})
        assert device_view(data, App(blind_signing=False)).mode == mode


def test_a_fee_that_is_not_shown() -> None:
    """Of 2**256 - 2 wei a Nano S Plus 1.22.1 showed nothing, of 2**256 "0 ETH"; 10**35 fit yet, with a short unit."""
    careful = LedgerSigner.connect(open_dongle=FakeLedger(blind_signing=True).open)
    for make, price in ((legacy, "gas_price"), (eip1559, "max_fee_per_gas")):
        for gas, fee, clear in (
            (1, 10**35 - 1, True),
            (1, 10**35, False),
            (2, 2**255, False),
            (2**64 - 1, 2**255, False),
        ):
            tx = make(gas_limit=gas, **{price: fee})  # type: ignore[operator]
            assert device_view(tx).clear is clear
            if clear:
                assert careful.sign_transaction(tx).clear is True
                continue
            with pytest.raises(errors.BlindSigningRequired, match="a fee of"):
                careful.sign_transaction(tx)
            view = device_view(make(gas_limit=gas, data=b"\1", **{price: fee}))  # type: ignore[operator]
            assert any("a fee of" in note for note in view.notes)


@pytest.mark.parametrize(
    ("message", "clear"),
    [(b"\0\1", True), (b"0x0001", None), (b"0xABcd", None), (b"0x", None), (b"0x001", True), (b"0x0001 ", True)],
)
def test_a_text_that_looks_like_bytes_is_not_clear(message: bytes, clear: bool | None) -> None:
    assert LedgerSigner.connect(open_dongle=FakeLedger().open).sign_message(message).clear is clear


@pytest.mark.parametrize(
    ("version", "suffix", "error"),
    [
        ((1, 14, 0), "-dev", errors.FirmwareTooOld),
        ((1, 14, 0), "-rc1", errors.FirmwareTooOld),
        ((1, 12, 0), "-dev", errors.FirmwareTooOld),
        ((1, 9, 19), "-rc", errors.FirmwareTooOld),
        ((0, 99, 99), "", errors.FirmwareTooOld),
        ((1, 14, 0), "", None),
        ((1, 14, 1), "-dev", None),
        ((1, 16, 0), "-w3c", None),
        ((1, 255, 255), "", None),
        ((2, 0, 0), "", errors.UnsupportedBySigner),
        ((2, 0, 0), "-dev", errors.UnsupportedBySigner),
        ((255, 0, 0), "", errors.UnsupportedBySigner),
    ],
)
def test_versions_between_before_and_beyond_those_that_are_known(
    version: tuple[int, int, int], suffix: str, error: type[errors.SignerError] | None
) -> None:
    fake = FakeLedger(version=version, suffix=suffix)
    if error is None:
        LedgerSigner.connect(open_dongle=fake.open)
        return
    found = re.escape(".".join(map(str, version)) + suffix)
    with pytest.raises(error, match=rf"the Ethereum app is {found}"):
        LedgerSigner.connect(open_dongle=fake.open)
    assert not fake.shown


def test_a_version_before_a_release_is_taken_for_the_one_before() -> None:
    for version, suffix, clear in (((1, 18, 0), "-dev", False), ((1, 18, 0), "", True), ((1, 22, 0), "-dev", True)):
        fake = FakeLedger(version=version, suffix=suffix)
        signer = LedgerSigner.connect(open_dongle=fake.open, allow_blind_signing=True)
        assert signer.sign_typed_data(WHAT["256 characters"]).clear is clear  # type: ignore[arg-type]
    fake = FakeLedger(version=(1, 19, 0), suffix="-dev", blind_signing=True)
    signer = LedgerSigner.connect(open_dongle=fake.open, allow_blind_signing=True)
    assert signer.sign_typed_data(TYPED["mail"]).clear is False


@pytest.mark.parametrize("told", ["", "01", "0109", "0200", "00084574686572", "0108457468", "01ff457468657265756d"])
def test_a_reply_that_names_no_app(told: str) -> None:
    fake = FakeLedger(before=lambda number, command: bytes.fromhex(told) if command[:2] == b"\xb0\1" else None)
    with pytest.raises(errors.DeviceFault, match="does not say which app"):
        LedgerSigner.connect(open_dongle=fake.open)


@pytest.mark.parametrize(
    "app", ["ethereum", "Ethereum ", "Ethereum\0", "Ethereum Classic", "Polygon", "BOLOS", "", "Eth\u202eereum"]
)
def test_an_app_of_another_name(app: str) -> None:
    with pytest.raises(errors.AppNotOpen):
        LedgerSigner.connect(open_dongle=FakeLedger(app=app).open)


@pytest.mark.parametrize("answer", ["01", "010116", "0101160100", "02" * 8])
def test_settings_that_cannot_be_read(answer: str) -> None:
    fake = FakeLedger(before=lambda number, command: bytes.fromhex(answer) if command[1] == 0x06 else None)
    with pytest.raises(errors.DeviceFault, match="4 bytes of configuration"):
        LedgerSigner.connect(open_dongle=fake.open)


def test_the_settings_in_the_reason_are_those_that_help() -> None:
    fake = FakeLedger(blind_signing=True, raw_messages=True, model="nano")
    signer = LedgerSigner.connect(open_dongle=fake.open)
    with pytest.raises(errors.BlindSigningRequired, match="turn on 'Raw messages' and turn off 'Blind signing'"):
        signer.sign_typed_data(TYPED["mail"])
    fake.blind_signing = False
    assert signer.sign_typed_data(TYPED["mail"]).clear is True
    assert signer.view(TYPED["mail"]).mode == "clear", "it knows by now how the settings stand"


def test_a_version_with_a_fault_of_its_own() -> None:
    assert device_view(TYPED["atoms"], App((1, 19, 0), blind_signing=False)).mode == "blind"
    assert device_view(TYPED["atoms"], App((1, 19, 1), blind_signing=False)).mode == "clear"


def test_values_are_cut_where_the_version_cuts_them() -> None:
    data = WHAT["256 characters"]
    for version, mode in (((1, 17, 0), "blind"), ((1, 18, 0), "clear")):
        assert device_view(data, App(version, blind_signing=False)).mode == mode
    assert dict(device_view(data, App((1, 17, 0))).lines)["text"] == "a" * 252 + "..."


def test_the_digest_of_calldata() -> None:
    digest = calldata_digest(b"\1\2\3")
    assert digest == keccak256(bytes(31) + b"\3" + b"\1\2\3")
    for tx in (eip1559(data=b"\1\2\3"), eip1559(data=ERC20.data)):
        assert any(str(calldata_digest(tx.data)) in note for note in device_view(tx).notes)


@pytest.mark.parametrize("text", ["a\n  Transaction hash: 0x00", "\x1b[2J", "\u202eevil", "a\rb"])
def test_nobodys_text_makes_lines_in_the_view(text: str) -> None:
    for what in (typed(STRING, {"text": text}), text.encode()):
        shown = str(device_view(what))
        assert len(shown.splitlines()) == 1 + len(device_view(what).lines) + len(device_view(what).notes)
        assert all(line.isprintable() for line in shown.splitlines())

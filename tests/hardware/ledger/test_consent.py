"""Consent is about what a person can see: nothing hidden is signed without it, whatever app, model and settings."""

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

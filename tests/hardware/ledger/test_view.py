"""What `device_view` says beside the lines, which test_replay.py compares with the real screens."""

import pytest

from signers import LedgerSigner
from signers.ledger import device_view
from signers.ledger.view import App
from signers.testing.ledger import FakeLedger
from tests.hardware.ledger.cases import ACCOUNT, BY_HASHES, ERA, ERC20, PAYMASTER, TO, TYPED, eip1559
from zkcore.errors import InputError


def test_0x71_says_which_address_each_decimal_is() -> None:
    view = device_view(ERA["everything"])
    for name, address in (("from", ACCOUNT), ("to", TO), ("paymaster", PAYMASTER.address)):
        assert f"{name} {int.from_bytes(address)} is {address}" in view.notes
        assert (name, str(int.from_bytes(address))) in view.lines
    data = ERA["everything"].typed_data()
    assert f"Domain hash: 0x{data.domain_separator().hex().upper()}" in view.notes
    assert f"Message hash: 0x{data.struct_hash().hex().upper()}" in view.notes
    assert view.mode == "blind"
    assert view.reason == "the Ledger does not show all: data is cut after 379 characters"
    assert device_view(ERA["paymaster"]).mode == "depends"
    assert device_view(ERA["paymaster"], App(blind_signing=False)).mode == "clear"


def test_what_is_not_shown_is_named() -> None:
    assert "calldata" in device_view(eip1559(data=b"\1" * 7)).notes[-1]
    access = eip1559(access_list=((str(TO), ()),))
    assert device_view(access).mode == "clear"
    assert "access list of 1" in device_view(access).notes[0]
    erc20 = device_view(ERC20)
    assert [label for label, _ in erc20.lines] == ["Network", "Max fees"]
    assert "recipient" in erc20.notes[0]
    assert "array of structs" in device_view(BY_HASHES).notes[0]


def test_long_values_are_cut_as_the_app_cuts_them() -> None:
    values = dict(device_view(TYPED["long"]).lines)
    assert values["a"] == "0x" + bytes(range(187)).hex().upper() + "..."
    assert values["b"] == "naive " * 60


def test_for_people() -> None:
    signer = LedgerSigner.connect(open_dongle=FakeLedger().open)
    assert str(signer.view(eip1559(chain_id=1))).splitlines() == [
        "on the Ledger (clear):",
        "  Amount: 0.1 ETH",
        f"  To: {TO}",
        "  Max fees: 0.00000547525 ETH",
    ]
    with pytest.raises(InputError, match="got str"):
        signer.view("0x")  # type: ignore[arg-type]

"""What is said of a Trezor's screens beforehand, by model; what is passed on to it; and what does not fit into it."""

import socket
import time
from typing import Any

import pytest
from trezorlib import messages

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor
from signers.trezor import connection as subject
from signers.trezor.transport import GuardedTransport, find_transport
from tests.hardware.trezor.scenes import MAIL, TO, legacy, transfer, withdrawal
from tests.hardware.trezor.test_models import nested
from tests.hardware.trezor.test_pairing import CREDENTIAL, FakeClient, connection
from zkcore.errors import BlindSigningRequired, DeviceNotFound, InputError, NotPaired, UnsupportedBySigner
from zkcore.ethereum.hashing import calldata_digest
from zkcore.ethereum.signature import recover


def connected(device: FakeTrezor, **options: Any) -> TrezorSigner:
    return TrezorSigner.connect(**{"transport": device, "timeout": 20, **options})


@pytest.mark.parametrize("model", ["T1B1", "T2T1", "T3B1", "T3T1", "T3W1"])
def test_the_view_and_the_signature_say_the_same(model: str) -> None:
    signer = connected(FakeTrezor(model), allow_blind_signing=True)
    careful = connected(FakeTrezor(model))
    for what in (transfer(), transfer(data=b"\1" * 300), MAIL, withdrawal(), b"hello", "\u0430".encode(), b"\0"):
        view = signer.view(what)
        signing = {bytes: "sign_message", type(MAIL): "sign_typed_data"}.get(type(what), "sign_transaction")
        assert getattr(signer, signing)(what).clear is view.clear
        if view.mode == "blind":
            with pytest.raises(BlindSigningRequired):
                getattr(careful, signing)(what)
        assert str(view).startswith(f"on the Trezor ({model}) ({view.mode}):")
    with pytest.raises(InputError, match="got int"):
        signer.view(1)  # type: ignore[arg-type]


ETHER = 10**18
AMOUNTS = {  # of an amount on a Model One, as seen on 1.14.2: what fits into 109 pixels, but for the last nine decimals
    0: True,
    1: True,
    ETHER + 234_567_890_123_456_789: True,  # 1.23456789012345678, and the last digit is cut
    1234 * ETHER + 567_890_123_456_789_012: True,
    1_234_567 * ETHER + 999_999_999_999_999_999: True,
    12_345_678 * ETHER + 999_999_999_999_999_999: False,
    10**15 * ETHER - ETHER: True,
    10**15 * ETHER: False,
    2**256 - 1: False,
}


@pytest.mark.parametrize(("amount", "shown"), AMOUNTS.items())
def test_an_amount_that_a_model_one_cuts_needs_consent(amount: int, shown: bool) -> None:
    priced = (
        {"gas_limit": 1, "gas_price": amount} if amount < 2**240 else {"gas_limit": 2**64 - 1, "gas_price": 2**176 - 1}
    )
    for tx in (transfer(value=amount), legacy(value=0, **priced)):
        for model in ("T1B1", "T2T1", "T3T1"):
            careful, clear = connected(FakeTrezor(model)), shown or model != "T1B1"
            if clear:
                assert careful.sign_transaction(tx).clear is True
                continue
            with pytest.raises(BlindSigningRequired, match="a Model One does not show"):
                careful.sign_transaction(tx)
            consenting = connected(FakeTrezor(model), allow_blind_signing=True)
            assert consenting.sign_transaction(tx).clear is False


def test_a_fee_that_a_model_one_leaves_out_needs_consent() -> None:
    for price, shown in ((10**48 - 1, True), (10**48, False), (2**232, False)):
        tx = transfer(gas_limit=1, max_fee_per_gas=price)
        for model in ("T1B1", "T3T1"):
            assert connected(FakeTrezor(model)).view(tx).clear is (shown or model != "T1B1")
        assert (
            any(
                "does not show" in note
                for note in connected(FakeTrezor("T1B1"))
                .view(transfer(gas_limit=1, max_fee_per_gas=price, data=b"\1"))
                .notes
            )
            is not shown
        )


@pytest.mark.parametrize("message", [b"hex()", b"hex(ff)", b"hex(" + b"0a" * 300 + b")"])
def test_a_text_that_looks_like_bytes_is_not_clear(message: bytes) -> None:
    """A Model T 2.12.0 showed "hex(ff)" of both; a Model One has "Sign binary message?" above bytes."""
    for model in ("T1B1", "T2T1", "T3B1", "T3T1", "T3W1"):
        signer = connected(FakeTrezor(model))
        assert signer.sign_message(message).clear is (True if model == "T1B1" else None)
        for other in (b"\xff", b"hex(f)", b"hex(FF)", b"hex(ff) ", b"0xff"):
            assert signer.sign_message(other).clear is True


def test_a_core_model_shows_the_hash_even_if_its_user_skips_the_fields() -> None:
    device = FakeTrezor("T3T1")
    device.full = False
    signature = connected(device).sign_transaction(withdrawal())
    assert signature.clear is None
    values = dict(shown.split("=") for shown in device.shown if "=" in shown)
    assert values.keys() == {"name", "version", "message hash"}
    assert values["message hash"] == withdrawal().typed_data().struct_hash().hex()


def test_what_the_view_says() -> None:
    signer = connected(FakeTrezor("T3T1"))
    view = signer.view(transfer(data=b"\1" * 300))
    assert view.lines[0] == ("Data", "0x" + "01" * 24)
    assert any(str(calldata_digest(b"\1" * 300)) in note for note in view.notes)
    assert dict(signer.view(transfer(value=5)).lines)["Amount"] == "5 Wei UNKN"
    assert dict(signer.view(transfer(chain_id=1)).lines)["Amount"] == "0.1 ETH"
    assert f"to {int.from_bytes(withdrawal().to or b'')} is {withdrawal().to}" in signer.view(withdrawal()).notes
    forged = str(signer.view(b"a\n  Message: b"))
    assert "\\n" in forged
    assert len(forged.splitlines()) == 2


def test_a_screen_has_its_own_name() -> None:
    for model, expected in (("T1B1", ["SignTx"] * 2), ("T3T1", ["confirm_output", "confirm_total"])):
        names: list[str] = []
        connected(FakeTrezor(model), on_button=names.append).sign_transaction(transfer())
        assert names == expected


def test_display_formats_are_passed_on_when_the_device_asks() -> None:
    asked: list[str] = []

    def definitions(name: str) -> bytes | None:
        asked.append(name)
        return b"signed by the vendor" if "display-format" in name else None

    device = FakeTrezor("T3T1")
    tx = transfer(data=bytes.fromhex("a9059cbb") + bytes(64))
    signer = connected(device, definitions=definitions, allow_blind_signing=True)
    assert tx.sender(signer.sign_transaction(tx)) == signer.address
    name = f"eth/chain-id/324/display-format/{bytes(TO).hex()}-a9059cbb.dat"
    assert asked == ["eth/chain-id/324/network.dat", name]
    assert [given and given.encoded_display_format for given in device.definitions] == [b"signed by the vendor"]
    none = FakeTrezor("T3T1")
    connected(none, allow_blind_signing=True).sign_transaction(tx)
    assert not none.definitions, "nothing is asked for where nothing was given"


# ---------------------------------------------------------------- a Safe 7
def test_what_a_safe_7_drops_without_a_word_is_refused_beforehand() -> None:
    device = FakeTrezor("T3W1")
    signer = connected(device)
    before = len(device.received)
    for call in (
        lambda: signer.sign_message(b"x" * 8_601),
        lambda: signer.sign_typed_data(nested("bytes", bytes(8_651))),
        lambda: signer.sign_typed_data(nested("string", "\u00e9" * 4_326)),
        lambda: signer.sign_typed_data(
            nested("Wide", {f"member{i:03}": 1 for i in range(400)},
                   Wide=[{"name": f"member{i:03}", "type": "uint8"} for i in range(400)])
        ),
    ):  # fmt: skip
        with pytest.raises(UnsupportedBySigner, match="Safe 7 takes"):
            call()
    assert len(device.received) == before
    assert signer.sign_message(b"x" * 8_600)
    data = nested("bytes", bytes(8_600))
    assert recover(data.digest(), signer.sign_typed_data(data)) == signer.address
    assert connected(FakeTrezor("T3T1")).sign_message(b"x" * 20_000)


def test_no_message_of_the_encrypted_protocol_is_longer_than_its_buffer() -> None:
    guarded = GuardedTransport(FakeTrezor("T3W1"), subject.Deadline("Trezor"))
    guarded._deadline.extend(5)
    written: list[bytes] = []
    guarded._inner.write_chunk = written.append  # type: ignore[method-assign, assignment]
    for control in (0x04, 0x14):
        guarded._write(bytes([control, 0, 1]) + (8_704).to_bytes(2) + bytes(59))
        with pytest.raises(UnsupportedBySigner, match="messages of 8704 bytes, this one has 8705"):
            guarded._write(bytes([control, 0, 1]) + (8_705).to_bytes(2) + bytes(59))
    guarded._write(bytes([0x80, 0, 1]) + b"\xff" * 61)  # a further chunk has no length
    assert len(written) == 3


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "\u0661" * 6, 123456, None])
def test_what_is_no_pairing_code(code: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "get_client", lambda manifest, transport: FakeClient(manifest, CREDENTIAL))
    monkeypatch.setattr(
        subject,
        "default_pairing_flow",
        lambda pairing, *, code_entry_callback, request_credential: code_entry_callback(),
    )
    with pytest.raises(InputError, match="on_pairing: expected the six digits"):
        connection(on_pairing=lambda model: code)._connected()


def test_a_wrong_pairing_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "get_client", lambda manifest, transport: FakeClient(manifest, CREDENTIAL))
    for error in (
        subject.exceptions.ProtocolError("Code or commitment mismatch"),
        subject.exceptions.TrezorFailure(messages.Failure(code=messages.FailureType.FirmwareError, message="tag")),
    ):

        def flow(pairing: Any, error: Exception = error, **options: Any) -> None:
            raise error

        monkeypatch.setattr(subject, "default_pairing_flow", flow)
        with pytest.raises(NotPaired, match="did not take that code: call again"):
            connection(on_pairing=lambda model: "123456")._connected()


def test_a_channel_that_another_program_took_is_made_anew() -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    failing = [subject.ThpError(2)]

    def operation(session: Any) -> str:
        if failing:
            raise failing.pop()
        return "done"

    assert signer._connection.call(operation) == "done"
    failing += [subject.ThpError(2), subject.ThpError(2)]
    with pytest.raises(subject.errors.DeviceFault, match="encrypted channel"):
        signer._connection.call(operation)


# ---------------------------------------------------------------- what is found
def test_an_emulator_is_found_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Found(FakeTrezor):
        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

        def get_path(self) -> str:
            return self.path

    devices = [Found("udp:127.0.0.1:21324"), Found("webusb:001:1")]
    monkeypatch.setattr("signers.trezor.transport.enumerate_devices", lambda: devices)
    deadline = subject.Deadline("Trezor")
    deadline.extend(5)
    assert find_transport(None, deadline).get_path() == "webusb:001:1"
    del devices[1]
    with pytest.raises(DeviceNotFound):
        TrezorSigner.connect(timeout=5)


@pytest.mark.parametrize("timeout", [0.6, 2.0])
def test_an_emulator_that_does_not_answer_is_not_found(timeout: float) -> None:
    """Not: it, or its user, did not answer in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        started = time.monotonic()
        with pytest.raises(DeviceNotFound):
            TrezorSigner.connect(transport=f"udp:127.0.0.1:{silent.getsockname()[1]}", timeout=timeout)
        assert time.monotonic() - started < timeout + 0.5

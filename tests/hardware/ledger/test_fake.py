"""LedgerSigner against a Ledger that takes commands as the app does: what is signed, what is refused, what breaks."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signers import LedgerSigner
from signers.ledger import device_view
from signers.paths import pack_path, parse_path
from signers.testing.ledger import FakeLedger, StatusError
from zkcore import errors
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import recover
from zkcore.protocol.paymaster import Paymaster
from zkcore.signer import Capability, Signer
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
)
from zkcore.types import Address, ether

TO = Address("0x" + "11" * 20)
DEFAULT = pack_path(parse_path("m/44'/60'/0'/0/0"))


def connect(fake: FakeLedger, **options: Any) -> LedgerSigner:
    return LedgerSigner.connect(open_dongle=fake.open, **options)


def transfer(**fields: Any) -> Eip1559Transaction:
    values = {"chain_id": 324, "nonce": 1, "max_priority_fee_per_gas": 0, "max_fee_per_gas": 10**8, "gas_limit": 21_000}
    return Eip1559Transaction(**({**values, "to": TO, "value": ether("0.1")} | fields))


def legacy(**fields: Any) -> LegacyTransaction:
    values = {"chain_id": 324, "nonce": 1, "gas_price": 10**8, "gas_limit": 21_000, "to": TO, "value": 5}
    return LegacyTransaction(**(values | fields))


def paymaster_transaction(**fields: Any) -> Eip712Transaction:
    values = {"chain_id": 324, "nonce": 7, "max_priority_fee_per_gas": 0, "max_fee_per_gas": 10**8, "gas_limit": 10**6}
    address = Address(bytes.fromhex(FakeLedger().address(DEFAULT)))
    return Eip712Transaction(**({**values, "to": TO, "from_address": address, "data": bytes(range(256)) * 3} | fields))


def mail(**types: list[tuple[str, str]]) -> dict[str, Any]:
    return {name: [{"name": n, "type": t} for n, t in members] for name, members in types.items()}


def typed(types: dict[str, Any], message: dict[str, Any], **domain: Any) -> TypedData:
    return TypedData.parse(
        {"types": types, "primaryType": "M", "domain": domain or {"name": "x", "chainId": 1}, "message": message}
    )


PERSON = [("name", "string"), ("wallet", "address")]
ALICE = {"name": "Alice", "wallet": "0x" + "aa" * 20}

SHOWN = {
    "atoms": typed(
        mail(M=[("a", "bool"), ("b", "bytes3"), ("c", "bytes"), ("d", "string"), ("e", "uint8"), ("f", "address")]),
        {"a": True, "b": b"abc", "c": b"", "d": "", "e": 0, "f": TO},
    ),
    "signed integers": typed(
        mail(M=[("a", "int8"), ("b", "int16"), ("c", "int32"), ("d", "int64"), ("e", "int128"), ("f", "int256")]),
        {"a": -128, "b": 200, "c": -1, "d": 5, "e": -(10**20), "f": -(2**255)},
    ),
    "arrays in arrays": typed(
        mail(M=[("x", "uint16[2][][]"), ("y", "bool")]), {"x": [[[1, 2], [3, 4]], []], "y": False}
    ),
    "structs": typed(
        mail(M=[("from", "P"), ("to", "P[]"), ("both", "P[2]")], P=PERSON),
        {"from": ALICE, "to": [], "both": [ALICE, ALICE]},
    ),
    "structs with arrays": typed(
        mail(M=[("x", "Q[]"), ("p", "P[]"), ("y", "uint256")], Q=[("p", "P"), ("k", "uint8[][2]")], P=PERSON),
        {"x": [{"p": ALICE, "k": [[], [1]]}] * 2, "p": [ALICE], "y": 2**256 - 1},
    ),
    "long values": typed(mail(M=[("a", "bytes"), ("b", "string")]), {"a": bytes(700), "b": "é" * 300}),
    "the whole domain": typed(
        mail(M=[("a", "uint256")]),
        {"a": 1},
        name="x",
        version="2",
        chainId=2**70,
        verifyingContract=str(TO),
        salt=b"s" * 32,
    ),
    "unused structs": typed(mail(M=[("a", "uint256")], Other=[("b", "Other[]")]), {"a": 1}),
}


# ---------------------------------------------------------------- transactions
@pytest.mark.parametrize("length", [0, 1, 4, 100, *range(120, 200), 400, 450, 451, 452, 20_000])
def test_calldata_of_every_length_is_cut_safely(length: int) -> None:
    fake = FakeLedger(blind_signing=True)
    signer = connect(fake, allow_blind_signing=True)
    for tx in (transfer(data=bytes(length)), legacy(data=bytes(length))):
        del fake.commands[:]
        signature = signer.sign_transaction(tx)
        assert recover(tx.signing_hash(), signature) == signer.address
        assert signature.clear is (length == 0)
        sent = [command for command in fake.commands if command[1] == 0x04]
        assert all(command[4] for command in sent), "an empty command would be taken for a new request"
        assert [command[2] for command in sent] == [0x00] + [0x80] * (len(sent) - 1)


def cuts(tx: Transaction) -> list[int]:
    """Offsets in the unsigned transaction where one command ends and the next begins."""
    fake = FakeLedger(blind_signing=True)
    connect(fake, allow_blind_signing=True).sign_transaction(tx)
    sizes = [len(command) - 5 for command in fake.commands if command[1] == 0x04]
    return [sum(sizes[: i + 1]) - len(DEFAULT) for i in range(len(sizes) - 1)]


@pytest.mark.parametrize("chain_id", [1, 270, 2**32 + 7, 2**63])
def test_legacy_is_never_cut_where_it_looks_complete(chain_id: int) -> None:
    for length in range(120, 450):
        tx = legacy(chain_id=chain_id, data=bytes([1]) * length)
        raw = tx.unsigned_bytes()
        tail = len(raw) - raw.rindex(b"\1" * length) - length
        assert not set(cuts(tx)) & set(range(len(raw) - tail, len(raw) - 2))


def test_no_cut_within_the_selector_or_before_the_last_byte() -> None:
    data = bytes(range(1, 256)) * 2
    for size in range(32):
        for length in range(200, 210):
            tx = transfer(data=data[:length], max_fee_per_gas=256**size)
            start = tx.unsigned_bytes().index(data[:length])
            assert not set(cuts(tx)) & {start, start + 1, start + 2, start + 3, start + length - 1}


@pytest.mark.parametrize("chain_id", [1, 110, 238, 324, 2**32 + 7, 2**53, 10**19 - 1])
@pytest.mark.parametrize("nonce", range(3))
def test_the_parity_is_found_whatever_v_says(chain_id: int, nonce: int) -> None:
    with connect(FakeLedger()) as signer:
        access_list = (("0x" + "22" * 20, (bytes(31) + b"\1",)),)
        for tx in (
            legacy(chain_id=chain_id, nonce=nonce),
            transfer(chain_id=chain_id, nonce=nonce, access_list=access_list),
            Eip2930Transaction(
                chain_id=chain_id, nonce=nonce, gas_price=1, gas_limit=1, to=None, access_list=access_list
            ),
        ):
            signature = signer.sign_transaction(tx)
            assert tx.sender(signature) == signer.address
            assert signature.clear is True


def test_a_legacy_transaction_without_chain_id_is_refused() -> None:
    fake = FakeLedger()
    signer = connect(fake)
    del fake.commands[:]
    with pytest.raises(errors.UnsupportedBySigner, match="without a chain id"):
        signer.sign_transaction(legacy(chain_id=None))
    assert not fake.commands


def test_a_chain_id_that_the_app_cannot_write_is_refused() -> None:
    with connect(FakeLedger()) as signer, pytest.raises(errors.UnsupportedBySigner, match="at most 19 digits"):
        signer.sign_transaction(transfer(chain_id=10**19))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"to": None, "data": b""},
        {"paymaster": Paymaster(address=TO, input=bytes(132))},
        {"factory_deps": (bytes(32), bytes(96)), "value": 2**256 - 1, "gas_per_pubdata": 1},
        {"data": bytes(188)},
        {"data": bytes(189)},
    ],
)
def test_0x71_goes_as_typed_data(fields: dict[str, Any]) -> None:
    tx = paymaster_transaction(**fields)
    cut = len(tx.data) > 188  # bytes, shown as 379 characters
    for blind_signing, clear in ((False, not cut), (True, False if cut else None)):
        signer = connect(FakeLedger(blind_signing=blind_signing))
        if clear is not True:
            with pytest.raises(errors.BlindSigningRequired):
                signer.sign_transaction(tx)
        signer = connect(FakeLedger(blind_signing=blind_signing), allow_blind_signing=True)
        signature = signer.sign_transaction(tx)
        assert tx.sender(signature) == signer.address
        assert signature.clear is clear


# ---------------------------------------------------------------- typed data and messages
@pytest.mark.parametrize("name", SHOWN)
def test_the_app_rebuilds_the_same_typed_data(name: str) -> None:
    data, cut = SHOWN[name], name in {"long values", "arrays in arrays", "structs with arrays"}
    with connect(FakeLedger(), allow_blind_signing=cut) as signer:
        signature = signer.sign_typed_data(data)
        assert recover(data.digest(), signature) == signer.address
        assert signature.clear is not cut
    assert device_view(data).mode == ("blind" if cut else "depends")


UNSHOWN = {
    "no members": typed(mail(M=[("e", "E"), ("a", "bool")], E=[]), {"e": {}, "a": True}),
    "more than 255": typed(mail(M=[("x", "bool[]")]), {"x": [True] * 256}),
    "an array of more than 255": typed(mail(M=[("x", "bool[256]")]), {"x": [True] * 256}),
    "longer than 65535": typed(mail(M=[("x", "bytes")]), {"x": bytes(65_536)}),
    "is an int24": typed(mail(M=[("x", "int24")]), {"x": -1}),
    "holds itself": typed(mail(M=[("x", "M[]"), ("a", "bool")]), {"x": [], "a": True}),
    "longer than an APDU": typed(mail(M=[("x" * 252, "bool")]), {"x" * 252: True}),
    "arrays are nested deeper than 8": typed(mail(M=[("x", "bool" + "[]" * 9)]), {"x": []}),
    "structs are nested deeper than 16": typed(
        mail(**{f"S{i}": [("s", f"S{i + 1}")] for i in range(1, 16)}, S16=[("a", "bool")], M=[("s", "S1")]),
        {"s": __import__("functools").reduce(lambda inner, _: {"s": inner}, range(15), {"a": True})},
    ),
    "any of 16 members": typed(
        mail(M=[("s", "S")], S=[(f"a{i}", "bool") for i in range(16)]), {"s": {f"a{i}": True for i in range(16)}}
    ),
    "M.x wrongly, as any array of structs": typed(mail(M=[("x", "P[][2]")], P=PERSON), {"x": [[ALICE], []]}),
    "a struct wrongly that follows an empty array": typed(
        mail(M=[("x", "Q[]")], Q=[("a", "bool"), ("k", "bool[]")]), {"x": [{"a": True, "k": []}] * 2}
    ),
    "R.k wrongly, as any array of structs": typed(
        mail(M=[("x", "Q[]")], Q=[("r", "R")], R=[("z", "bool"), ("k", "P[]")], P=PERSON),
        {"x": [{"r": {"k": [ALICE], "z": True}}]},
    ),
}


@pytest.mark.parametrize("reason", UNSHOWN)
def test_what_the_app_cannot_show_is_signed_by_its_hashes_and_only_with_consent(reason: str) -> None:
    data = UNSHOWN[reason]
    assert device_view(data).mode == "blind"
    fake = FakeLedger(blind_signing=True)
    signer = connect(fake)
    del fake.commands[:]
    with pytest.raises(errors.BlindSigningRequired, match=reason):
        signer.sign_typed_data(data)
    assert not fake.commands
    signature = connect(fake, allow_blind_signing=True).sign_typed_data(data)
    assert recover(data.digest(), signature) == signer.address
    assert signature.clear is False
    fake.blind_signing = False
    with pytest.raises(errors.BlindSigningRequired, match="turn on 'Blind signing'"):
        connect(fake, allow_blind_signing=True).sign_typed_data(data)


@pytest.mark.parametrize("message", [b"", b"hello", bytes(range(256)), b"x" * 5_000, b"y" * 230, b"z" * 65_535])
def test_messages(message: bytes) -> None:
    with connect(FakeLedger()) as signer:
        signature = signer.sign_message(message)
        assert recover(message_hash(message), signature) == signer.address
        assert signature.clear is True


def test_a_message_beyond_the_length_field_is_refused() -> None:
    with connect(FakeLedger()) as signer, pytest.raises(errors.UnsupportedBySigner, match="65535 bytes, got 65536"):
        signer.sign_message(bytes(65_536))


# ---------------------------------------------------------------- consent
@pytest.mark.parametrize(
    "tx", [transfer(data=b"\0"), legacy(data="0xa9059cbb" + "00" * 64), transfer(to=None, data=b"code")]
)
def test_calldata_needs_consent_before_anything_is_asked(tx: Transaction) -> None:
    fake = FakeLedger(blind_signing=True)
    signer = connect(fake)
    del fake.commands[:]
    with pytest.raises(errors.BlindSigningRequired, match="allow_blind_signing=True"):
        signer.sign_transaction(tx)
    assert not fake.commands
    with pytest.raises(errors.BlindSigningRequired, match="turn on 'Blind signing'"):
        connect(FakeLedger(), allow_blind_signing=True).sign_transaction(tx)


def test_typed_data_refused_by_the_settings_name_the_safer_setting_first() -> None:
    with connect(FakeLedger(raw_messages=False)) as signer:
        with pytest.raises(errors.BlindSigningRequired) as refused:
            signer.sign_typed_data(SHOWN["atoms"])
        text = str(refused.value)
        assert 0 < text.index("Raw messages") < text.index("Blind signing")
    with connect(FakeLedger(raw_messages=False, blind_signing=True), allow_blind_signing=True) as signer:
        assert signer.sign_typed_data(SHOWN["atoms"]).clear is None


def test_an_app_without_full_typed_data_gets_the_hashes_with_consent() -> None:
    def nano_s(number: int, command: bytes) -> bytes | None:
        if command[1] in {0x1A, 0x1C}:
            raise StatusError(0x6D00)
        return None

    fake = FakeLedger(blind_signing=True, before=nano_s)
    with pytest.raises(errors.BlindSigningRequired, match="allow_blind_signing=True"):
        connect(fake).sign_typed_data(SHOWN["atoms"])
    assert connect(fake, allow_blind_signing=True).sign_typed_data(SHOWN["atoms"]).clear is False


# ---------------------------------------------------------------- what goes wrong
class CommError(Exception):
    """What ledgerblue raises where there was no answer: 6F00, told apart only by its words."""

    sw = 0x6F00


ACTIONS: dict[str, Callable[[LedgerSigner], object]] = {
    "transaction": lambda signer: signer.sign_transaction(transfer()),
    "calldata": lambda signer: signer.sign_transaction(transfer(data=bytes(1_000))),
    "typed data": lambda signer: signer.sign_typed_data(SHOWN["long values"]),
    "message": lambda signer: signer.sign_message(b"m" * 1_000),
    "address": lambda signer: signer.confirm_address(),
    "accounts": lambda signer: signer.accounts(count=2),
}
FAULTS: dict[str, tuple[Callable[[], BaseException], type[errors.SignerError]]] = {
    "rejected": (lambda: StatusError(0x6985), errors.UserRejected),
    "rejected by the system": (lambda: StatusError(0x5501), errors.UserRejected),
    "locked": (lambda: StatusError(0x5515), errors.DeviceLocked),
    "locked, as older systems say it": (lambda: StatusError(0x6982), errors.DeviceLocked),
    "locked, as the oldest say it": (lambda: StatusError(0x6804), errors.DeviceLocked),
    "app closed": (lambda: StatusError(0x6E00), errors.AppNotOpen),
    "app closed, as the system says it": (lambda: StatusError(0x6511), errors.AppNotOpen),
    "another app": (lambda: StatusError(0x6E01), errors.AppNotOpen),
    "no such command": (lambda: StatusError(0x6B00), errors.FirmwareTooOld),
    "out of memory": (lambda: StatusError(0x6A84), errors.UnsupportedBySigner),
    "no such type": (lambda: StatusError(0x6501), errors.UnsupportedBySigner),
    "internal": (lambda: StatusError(0x6F00), errors.DeviceFault),
    "unheard of": (lambda: StatusError(0x1234), errors.DeviceFault),
    "out of step": (lambda: StatusError(0x6980), errors.DeviceFault),
    "timed out": (lambda: CommError("Timeout"), errors.SignerTimeout),
    "socket timed out": (TimeoutError, errors.SignerTimeout),
    "plugged out": (lambda: OSError("read error"), errors.DeviceNotFound),
    "handle gone": (lambda: ValueError("not open"), errors.DeviceNotFound),
    "write failed": (lambda: BaseException("Error while writing"), errors.DeviceNotFound),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_fault_at_any_command_is_named_and_the_next_call_works(action: str, fault: str) -> None:
    """Every command of an action fails in turn; then the same signer does it."""
    make, expected = FAULTS[fault]
    fake = FakeLedger(blind_signing=True)
    signer = connect(fake, allow_blind_signing=True)
    del fake.commands[:]
    ACTIONS[action](signer)
    commands = list(fake.commands)
    forgiven = {0x1C} if isinstance(make(), StatusError) else set()
    for number, command in enumerate(commands):
        if command[1] in forgiven and command[3] == 1:
            continue  # the command that makes the app forget fails on a healthy device, too
        opened, closed = fake.opened, fake.closed

        def before(n: int, _: bytes, at: int = number) -> None:
            if n == at:
                raise make()

        del fake.commands[:]
        fake.before = before
        with pytest.raises(expected) as raised:
            ACTIONS[action](signer)
        assert type(raised.value.__cause__) is type(make())
        assert len(fake.commands) == number + 1, "nothing was sent after the fault"
        fake.before = None
        fake._forget()  # a device plugged in again
        ACTIONS[action](signer)
        assert fake.closed > closed
        assert fake.opened > opened


def test_an_interrupt_passes_and_the_line_is_opened_anew() -> None:
    fake = FakeLedger()
    signer = connect(fake)

    def interrupt(number: int, command: bytes) -> None:
        raise KeyboardInterrupt

    fake.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        signer.sign_message(b"m")
    assert fake.closed == 1
    fake.before = None
    signer.sign_message(b"m")
    assert fake.opened == 2


def test_another_device_between_two_calls() -> None:
    first, second = FakeLedger(), FakeLedger(b"another seed")
    devices = [first, second]
    signer = LedgerSigner.connect(open_dongle=lambda: devices.pop(0).open())
    first.before = lambda number, command: (_ for _ in ()).throw(OSError("plugged out"))
    with pytest.raises(errors.DeviceNotFound):
        signer.sign_transaction(transfer())
    with pytest.raises(errors.WrongDevice) as wrong:
        signer.sign_transaction(transfer())
    assert str(signer.address) in str(wrong.value)
    assert second.address(DEFAULT) in str(wrong.value).lower()
    assert all(command[1] != 0x04 for command in second.commands)


def test_a_passphrase_changed_between_two_calls() -> None:
    fake = FakeLedger()
    signer = connect(fake)
    fake.seed = b"the same seed with a passphrase"
    with pytest.raises(errors.WrongDevice):
        signer.sign_message(b"m")


def test_a_signature_of_another_key_or_of_another_text_is_never_returned() -> None:
    fake = FakeLedger()
    signer = connect(fake)
    other = connect(FakeLedger(b"another seed")).sign_transaction(transfer())
    answer = bytes([other.y_parity]) + other.to_bytes()[:64]
    fake.before = lambda number, command: answer if command[1] == 0x04 else None
    with pytest.raises(errors.WrongDevice, match=str(signer.address)):
        signer.sign_transaction(transfer())
    good = connect(FakeLedger()).sign_transaction(transfer())
    high_s = (
        bytes([1 - good.y_parity])
        + good.r.to_bytes(32)
        + (2**256 - 0x14551231950B75FC4402DA1732FC9BEBF - good.s).to_bytes(32)
    )
    for bad, expected in (
        (high_s, errors.BadSignature),
        (bytes(65), errors.BadSignature),
        (answer[:64], errors.BadSignature),
        (answer + b"\0", errors.BadSignature),
        (b"", errors.BadSignature),
    ):
        fake.before = lambda number, command, bad=bad: bad if command[1] == 0x04 else None
        with pytest.raises(expected):
            signer.sign_transaction(transfer())


@pytest.mark.parametrize(
    ("ins", "answer"),
    [
        (0x01, b""),
        (0x01, b"\2\1E"),
        (0x01, b"\1\x09E"),
        (0x06, b"\0\1\2"),
        (0x02, b""),
        (0x02, b"\x41" + bytes(65)),
        (0x02, b"\1\0\x28" + b"g" * 40),
    ],
)
def test_answers_that_make_no_sense(ins: int, answer: bytes) -> None:
    fake = FakeLedger(before=lambda number, command: answer if command[1] == ins else None)
    with pytest.raises(errors.DeviceFault):
        connect(fake)
    assert fake.closed == fake.opened


# ---------------------------------------------------------------- connecting
def test_connect_checks_and_gives_the_device_back_if_it_fails() -> None:
    for fake, expected in (
        (FakeLedger(app="BOLOS"), errors.AppNotOpen),
        (FakeLedger(app="Bitcoin"), errors.AppNotOpen),
        (FakeLedger(version=(1, 13, 9)), errors.FirmwareTooOld),
    ):
        with pytest.raises(expected):
            connect(fake)
        assert (fake.opened, fake.closed) == (1, 1)
    with pytest.raises(errors.AppNotOpen) as other:
        connect(FakeLedger(app="Bitcoin"))
    assert other.value.running == "Bitcoin"
    with pytest.raises(errors.WrongDevice):
        connect(FakeLedger(), expected_address=TO)
    for path in (
        "",
        "m",
        "m/",
        "m/44'/60'/0'/0/x",
        "m/-1",
        "m/2147483648",
        "m/" + "/".join("0" * 11),
        "44'//0",
        "m/\u0661",
    ):
        fake = FakeLedger()
        with pytest.raises(errors.InputError):
            connect(fake, path=path)
        assert fake.opened == 0
    with pytest.raises(errors.InputError, match="timeout"):
        connect(FakeLedger(), timeout=0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CommError("No dongle found"), errors.DeviceNotFound),
        (CommError("Proxy connection failed"), errors.DeviceNotFound),
        (OSError("open failed"), errors.DeviceBusy),
        (RuntimeError("libusb"), errors.DeviceFault),
    ],
)
def test_no_device(error: Exception, expected: type[errors.SignerError]) -> None:
    def open_dongle() -> FakeLedger:
        raise error

    with pytest.raises(expected) as raised:
        LedgerSigner.connect(open_dongle=open_dongle)
    assert raised.value.__cause__ is error


def test_closed_is_closed() -> None:
    fake = FakeLedger()
    with connect(fake) as signer:
        other = signer.find(signer.accounts("legacy", 2)[1].address)
    assert fake.closed == 1
    for used in (signer, other):
        with pytest.raises(errors.DeviceNotFound, match="closed"):
            used.sign_message(b"m")


def test_accounts_and_find() -> None:
    fake = FakeLedger()
    with connect(fake) as signer:
        schemes = {scheme: signer.accounts(scheme, 3) for scheme in ("ledger-live", "legacy", "bip44")}
        assert [a.path for a in schemes["ledger-live"]] == [f"m/44'/60'/{i}'/0/0" for i in range(3)]
        assert [a.path for a in schemes["legacy"]] == [f"m/44'/60'/0'/{i}" for i in range(3)]
        assert [a.path for a in schemes["bip44"]] == [f"m/44'/60'/0'/0/{i}" for i in range(3)]
        for accounts in schemes.values():
            found = signer.find(accounts[2].address, count=3)
            assert found.path == accounts[2].path
            assert recover(message_hash(b"m"), found.sign_message(b"m")) == accounts[2].address
        with pytest.raises(errors.WrongDevice, match="first 3 accounts"):
            signer.find(TO, count=3)
        assert signer.confirm_address() == signer.address
        with pytest.raises(errors.InputError, match="scheme"):
            signer.accounts("else")  # type: ignore[arg-type]
        with pytest.raises(errors.InputError, match="count"):
            signer.accounts(count=0)
    fake.approve = False
    with connect(fake) as signer, pytest.raises(errors.UserRejected):
        signer.confirm_address()


def test_what_it_is() -> None:
    signer = connect(FakeLedger())
    assert isinstance(signer, Signer)
    assert Capability.TYPED_DATA_HASH not in signer.capabilities
    consenting = connect(FakeLedger(), allow_blind_signing=True)
    assert consenting.capabilities - signer.capabilities == {Capability.TYPED_DATA_HASH}
    assert Capability.TYPED_DATA in signer.capabilities
    assert repr(signer) == f"LedgerSigner(path=\"m/44'/60'/0'/0/0\", address='{signer.address}')"
    for path in ("44h/60H/0'/0/0", "m/44'/60'/0'/0/0"):
        assert connect(FakeLedger(), path=path).path == "m/44'/60'/0'/0/0"


def test_one_request_at_a_time() -> None:
    inside, most = 0, 0
    lock = threading.Lock()
    fake = FakeLedger()

    def before(number: int, command: bytes) -> None:
        nonlocal inside, most
        if command[1] == 0x08 and command[2] == 0:
            with lock:
                inside += 1
                most = max(most, inside)
        if command[1] == 0x08 and command[2] == 0x80 and len(command) < 260:
            with lock:
                inside -= 1

    fake.before = before
    signer = connect(fake)
    results: list[Address] = []

    def work(text: bytes) -> None:
        results.append(recover(message_hash(text), signer.sign_message(text)))

    threads = [threading.Thread(target=work, args=(bytes([65 + i]) * 600,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [signer.address] * 8
    assert most == 1


def test_for_asyncio_through_a_worker_thread() -> None:
    import asyncio

    from signers.threaded import ThreadedSigner

    signer = connect(FakeLedger())
    threaded = ThreadedSigner(signer)

    async def both() -> list[Any]:
        return await asyncio.gather(threaded.sign_message(b"a"), threaded.sign_transaction(transfer()))

    message, transaction = asyncio.run(both())
    assert recover(message_hash(b"a"), message) == threaded.address
    assert transfer().sender(transaction) == threaded.address


def test_importing_it_loads_no_device_library() -> None:
    import subprocess
    import sys

    heavy = {"ledgerblue", "ledgereth", "hid", "eth_keys", "httpx"}
    program = f"import signers.ledger, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    assert done.stdout.strip() == "[]"


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ledgerblue.comm", None)
    with pytest.raises(errors.SignerError, match=r"zkcore\[ledger\]"):
        LedgerSigner.connect()


# ---------------------------------------------------------------- against the library that does (some of) the same
def test_the_same_commands_as_ledgereth_where_it_is_right() -> None:
    objects = pytest.importorskip("ledgereth.objects")
    ledgereth = pytest.importorskip("ledgereth.transactions")
    for data in (b"", bytes(range(200)), bytes(range(256)) * 3):
        ours, theirs = FakeLedger(blind_signing=True), FakeLedger(blind_signing=True)
        tx = transfer(chain_id=1, data=data)
        signature = connect(ours, allow_blind_signing=True).sign_transaction(tx)
        signed = ledgereth.sign_transaction(
            objects.Type2Transaction(
                chain_id=1,
                nonce=tx.nonce,
                max_priority_fee_per_gas=tx.max_priority_fee_per_gas,
                max_fee_per_gas=tx.max_fee_per_gas,
                gas_limit=tx.gas_limit,
                destination=bytes(TO),
                amount=tx.value,
                data=data,
                access_list=[],
            ),
            "44'/60'/0'/0/0",
            dongle=theirs,
        )
        assert (signed.sender_r, signed.sender_s, signed.y_parity) == (signature.r, signature.s, signature.y_parity)
        assert [c for c in theirs.commands if c[1] == 4] == [c for c in ours.commands if c[1] == 4]


def test_the_real_transport_says_that_nothing_is_there(tmp_path: Path) -> None:
    pytest.importorskip("ledgerblue")
    import os
    import subprocess
    import sys

    from tests.hardware.ledger.speculos import free_port

    program = "from signers import LedgerSigner\ntry: LedgerSigner.connect()\nexcept Exception as e: print(type(e).__name__, e)"
    proxy = {"LEDGER_PROXY_ADDRESS": "127.0.0.1", "LEDGER_PROXY_PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | proxy,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.startswith("DeviceNotFound no Ledger found: plug it in, unlock it and open the Ethereum app")

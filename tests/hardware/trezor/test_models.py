"""Each model by its own right path, on a fake that asks, shows and signs as the firmware: core models cannot run."""

from typing import Any

import pytest
from trezorlib import messages

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor
from signers.threaded import ThreadedSigner
from signers.trezor import Passphrase
from tests.hardware.trezor.scenes import MAIL, TO, legacy, transfer, withdrawal
from zkcore.errors import (
    BadSignature,
    BlindSigningRequired,
    DeviceFault,
    FirmwareTooOld,
    InputError,
    UnsupportedBySigner,
    UserRejected,
    WrongDevice,
)
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import SECP256K1_N, recover
from zkcore.signer import Capability, Signer
from zkcore.testing import check_signer
from zkcore.transactions import Eip2930Transaction

CORE = ["T2T1", "T2B1", "T3B1", "T3T1", "T3W1", "T9Z9"]  # the last one is not known yet


def connected(device: FakeTrezor, *path: str, **options: Any) -> TrezorSigner:
    return TrezorSigner.connect(*path, **{"transport": device, "timeout": 20, "allow_blind_signing": True, **options})


def asked(device: FakeTrezor, *kinds: type) -> list[Any]:
    return [message for message in device.received if isinstance(message, kinds)]


@pytest.mark.parametrize("model", ["T1B1", *CORE])
def test_transactions_and_messages(model: str) -> None:
    device = FakeTrezor(model)
    signer = connected(device)
    assert isinstance(signer, Signer)
    assert signer.model == model
    for tx in (
        transfer(),
        transfer(data=bytes(range(256)) * 20),
        transfer(to=None, data=b"\x60"),
        transfer(access_list=[(TO, [b"\x05" * 32]), ("0x" + "00" * 20, [])]),
        transfer(value=0, nonce=0, max_priority_fee_per_gas=0, chain_id=2**64 - 1),
        legacy(),
        legacy(chain_id=2**40, data=b"\x01" * 1025),
    ):
        signature = signer.sign_transaction(tx)
        assert tx.sender(signature) == signer.address == device.address([2**31 + 44, 2**31 + 60, 2**31, 0, 0])
        assert signature.clear is (not tx.data)
    message = "\u00e9 e\u0301 \u2603".encode()
    assert recover(message_hash(message), signer.sign_message(message)) == signer.address
    assert asked(device, messages.EthereumSignMessage)[0].message == message


STRUCTS = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "salt", "type": "bytes32"}],
        "Item": [
            {"name": "a", "type": "int8"},
            {"name": "b", "type": "int256"},
            {"name": "c", "type": "bytes3"},
            {"name": "d", "type": "bytes"},
            {"name": "e", "type": "bool"},
            {"name": "f", "type": "uint16"},
        ],
        "Zed": [{"name": "items", "type": "Item[2]"}, {"name": "names", "type": "string[]"}],
        "Root": [
            {"name": "zed", "type": "Zed"},
            {"name": "more", "type": "Zed[]"},
            {"name": "none", "type": "uint256[]"},
            {"name": "flags", "type": "bool[3]"},
            {"name": "who", "type": "address"},
        ],
    },
    "primaryType": "Root",
    "domain": {"name": "", "salt": "0x" + "5a" * 32},
    "message": {
        "zed": (
            zed := {
                "items": [
                    {"a": -1, "b": -(2**255), "c": "0x010203", "d": "0x", "e": True, "f": 65535},
                    {"a": 127, "b": 0, "c": b"\0\0\0", "d": b"\xff" * 300, "e": False, "f": "0x10"},
                ],
                "names": ["", "\u2603"],
            }
        ),
        "more": [zed, zed],
        "none": [],
        "flags": [True, False, True],
        "who": "0x" + "ab" * 20,
    },
}


@pytest.mark.parametrize("model", CORE)
@pytest.mark.parametrize(
    "data", [MAIL, TypedData.parse(STRUCTS), withdrawal().typed_data()], ids=["mail", "all", "0x71"]
)
def test_core_models_stream_every_field(model: str, data: TypedData) -> None:
    device = FakeTrezor(model)
    signer = connected(device, allow_blind_signing=False)
    assert Capability.TYPED_DATA in signer.capabilities
    assert Capability.TYPED_DATA_HASH not in signer.capabilities
    signature = signer.sign_typed_data(data)  # the fake hashes what it was sent by itself
    assert recover(data.digest(), signature) == signer.address
    assert signature.clear is None  # its user may choose not to see the fields
    assert f"message hash={data.struct_hash().hex()}" in device.shown
    assert not asked(device, messages.EthereumSignTypedHash)
    structs = asked(device, messages.EthereumTypedDataStructAck)
    assert [member.name for member in structs[0].members] == [field.name for field in data.fields("EIP712Domain")]


def test_a_0x71_transaction_is_typed_data_on_every_model() -> None:
    tx = withdrawal()
    for model in ("T1B1", "T3T1"):
        signer = connected(FakeTrezor(model))
        signature = signer.sign_transaction(tx)
        assert tx.sender(signature) == signer.address
        assert signature.clear is (False if model == "T1B1" else None)


def test_the_core_screen_shows_the_fields() -> None:
    device = FakeTrezor("T2T1")
    connected(device).sign_typed_data(MAIL)
    assert "chainId=" + (1).to_bytes(32).hex() in device.shown
    assert "contents=" + b"Hello".hex() in device.shown


def test_model_one_signs_by_hashes_and_only_with_consent() -> None:
    device = FakeTrezor("T1B1")
    with pytest.raises(BlindSigningRequired, match=r"T1B1.*typed data \(Mail\).*allow_blind_signing=True"):
        connected(device, allow_blind_signing=False).sign_typed_data(MAIL)
    assert not asked(device, messages.EthereumSignTypedHash, messages.EthereumSignTypedData)
    signature = connected(device).sign_typed_data(MAIL)
    assert signature.clear is False
    (request,) = asked(device, messages.EthereumSignTypedHash)
    assert (request.domain_separator_hash, request.message_hash) == (MAIL.domain_separator(), MAIL.struct_hash())


@pytest.mark.parametrize("model", ["T1B1", "T3T1"])
@pytest.mark.parametrize("tx", [transfer(data=b"\x01"), legacy(data=b"\x01"), transfer(to=None, data=b"\x01")], ids=str)
def test_calldata_needs_consent_on_every_model(model: str, tx: Any) -> None:
    device = FakeTrezor(model)
    signer = connected(device, allow_blind_signing=False)
    before = len(device.received)
    with pytest.raises(BlindSigningRequired, match="1 bytes of calldata"):
        signer.sign_transaction(tx)
    assert len(device.received) == before
    assert signer.sign_transaction(transfer()).clear is True


def nested(type_: str, value: Any, **structs: Any) -> TypedData:
    types = {"Root": [{"name": "x", "type": type_}], **structs}
    return TypedData.parse({"types": types, "primaryType": "Root", "domain": {"name": "d"}, "message": {"x": value}})


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (nested("uint8[][]", [[1]]), "arrays of arrays: Root.x is uint8\\[\\]\\[\\]"),
        (nested("uint8[2][2]", [[1, 2], [3, 4]]), "arrays of arrays"),
        (nested("bool[]", [True] * 65_536), "up to 65535 members, this one has 65536"),
        (
            nested("interest", {"y": 1}, interest=[{"name": "y", "type": "uint8"}]),
            "takes a struct whose name.*: interest",
        ),
        (
            nested("bytesLike", {"y": 1}, bytesLike=[{"name": "y", "type": "uint8"}]),
            "takes a struct whose name.*: bytesLike",
        ),
    ],
)
def test_what_trezorlib_cannot_stream_is_refused_by_name(data: TypedData, text: str) -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    before = len(device.received)
    with pytest.raises(UnsupportedBySigner, match=text):
        signer.sign_typed_data(data)
    assert len(device.received) == before
    assert recover(data.digest(), connected(FakeTrezor("T1B1")).sign_typed_data(data))  # by hash it can


@pytest.mark.parametrize("model", ["T1B1", "T2T1"])
def test_conformance(model: str) -> None:
    signer = connected(FakeTrezor(model))
    check_signer(signer)
    check_signer(ThreadedSigner(signer), [Capability.EIP1559, Capability.TYPED_DATA])


# ---------------------------------------------------------------- limits
@pytest.mark.parametrize(
    ("tx", "text"),
    [
        (Eip2930Transaction(chain_id=1, nonce=0, gas_price=1, gas_limit=21_000, to=TO), "no Eip2930Transaction"),
        (legacy(chain_id=None), "no legacy transaction without a chain id"),
        (transfer(to=None), "creation of a contract without data"),
        (transfer(data=bytes(16_000_001)), "up to 16000000 bytes of data, not 16000001"),
        (
            transfer(gas_limit=2**64 - 1, max_fee_per_gas=2**176),
            "max_fee_per_gas and gas_limit of 30 bytes together, not 31",
        ),
        (legacy(gas_limit=2**32, gas_price=2**207), "gas_price and gas_limit of 30 bytes together, not 31"),
    ],
)
def test_limits_are_named_beforehand(tx: Any, text: str) -> None:
    for model in ("T1B1", "T3T1"):
        device = FakeTrezor(model)
        signer = connected(device)
        before = len(device.received)
        with pytest.raises(UnsupportedBySigner, match=text):
            signer.sign_transaction(tx)
        assert len(device.received) == before


def test_limits_of_model_one() -> None:
    long_list = transfer(access_list=[(TO, [])] * 13)
    many_keys = transfer(access_list=[(TO, [b"\1" * 32] * 13)])
    one, core = connected(FakeTrezor("T1B1")), connected(FakeTrezor("T3T1"))
    for tx, text in ((long_list, "not 13 with 0"), (many_keys, "not 1 with 13")):
        with pytest.raises(UnsupportedBySigner, match=text):
            one.sign_transaction(tx)
        assert tx.sender(core.sign_transaction(tx)) == core.address
    with pytest.raises(UnsupportedBySigner, match="of 1024 bytes, not 1025"):
        one.sign_message(bytes(1025))
    assert core.sign_message(b"\xff" * 5000).clear is True


@pytest.mark.parametrize(
    "path",
    [
        "m/44'/60'/101'/0/0",
        "m/44'/60'/0'/2/0",
        "m/44'/60'/0'/0/1000001",
        "m/44'/60'/1'/0",
        "m/44'/60'/0'/101",
        "m/44'/60'",
        "m/44'/60'/0'/0'/0",
        "m/44'/60'/0/0/0",
        "m/44'/324'/0'/0/0",
        "m/44'/60'/0'/0/0/0",
        "m/49'/60'/0'/0/0",
        "m/45'/60'/0/0/0",
        "m/45'/60/101/0/0",
    ],
)
def test_forbidden_paths(path: str) -> None:
    device = FakeTrezor()
    with pytest.raises(UnsupportedBySigner, match="forbids the path " + path):
        connected(device, path)
    assert not device.received


@pytest.mark.parametrize("path", ["", "m", "m/x", "m/44'/60'/-1'", "m/2147483648", "m/44'/60''"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(InputError, match="path"):
        connected(FakeTrezor(), path)


def test_a_testnet_path_is_not_for_a_network_with_a_coin_of_its_own() -> None:
    signer = connected(FakeTrezor("T1B1"), "m/44'/1'/0'/0/0")
    assert signer.sign_transaction(transfer(chain_id=1))
    with pytest.raises(
        UnsupportedBySigner, match=r"chain 10 with a coin of \[60, 614\] in the path, not m/44'/1'/0'/0/0"
    ):
        signer.sign_transaction(transfer(chain_id=10))


# ---------------------------------------------------------------- every signature is checked
def test_the_parity_that_fits_is_used_whatever_the_device_says() -> None:
    device = FakeTrezor("T1B1")
    honest = device.sign
    device.sign = lambda digest, key: (*honest(digest, key)[:2], 1 - honest(digest, key)[2])
    signer = connected(device)
    for tx in (transfer(), legacy(), legacy(chain_id=110), legacy(chain_id=238)):
        assert tx.sender(signer.sign_transaction(tx)) == signer.address


def test_a_high_s_is_refused() -> None:
    device = FakeTrezor()
    honest = device.sign

    def high(digest: bytes, key: bytes) -> tuple[int, int, int]:
        r, s, parity = honest(digest, key)
        return r, SECP256K1_N - s, 1 - parity

    device.sign = high
    with pytest.raises(BadSignature, match="EIP-2"):
        connected(device).sign_message(b"hello")


def test_a_signature_over_something_else_is_refused() -> None:
    device = FakeTrezor()
    honest = device.sign
    device.sign = lambda digest, key: honest(bytes(32), key)
    signer = connected(device)
    for call in (lambda: signer.sign_transaction(transfer()), lambda: signer.sign_typed_data(MAIL)):
        with pytest.raises(BadSignature, match="signed something else"):
            call()
    device.sign = honest
    assert signer.sign_transaction(transfer())


def test_a_short_signature_is_refused() -> None:
    device = FakeTrezor()
    device._signature = lambda path, digest: bytes(64)  # type: ignore[method-assign]
    with pytest.raises(BadSignature, match="64 bytes, expected 65"):
        connected(device).sign_message(b"hello")


# ---------------------------------------------------------------- whose wallet
def test_expected_address() -> None:
    device = FakeTrezor()
    with pytest.raises(WrongDevice) as caught:
        connected(device, expected_address=TO)
    assert (caught.value.expected, caught.value.got) == (TO, connected(device).address)


def test_passphrases_are_wallets() -> None:
    device = FakeTrezor("T2T1", passphrase_protection=True)
    addresses = {
        str(connected(device, passphrase=passphrase).address) for passphrase in (None, "abc", lambda: "xyz", "")
    }
    assert len(addresses) == 3
    acks = asked(device, messages.PassphraseAck)
    assert [ack.passphrase for ack in acks] == ["", "abc", "xyz", ""]


def test_passphrase_on_the_device() -> None:
    device = FakeTrezor("T2T1", passphrase_protection=True)
    device.capabilities.append(messages.Capability.PassphraseEntry)
    signer = connected(device, passphrase=Passphrase.ON_DEVICE)
    assert asked(device, messages.PassphraseAck)[-1].on_device is True
    assert signer.sign_transaction(transfer())
    with pytest.raises(UnsupportedBySigner, match="cannot do that"):
        connected(FakeTrezor("T1B1", passphrase_protection=True), passphrase=Passphrase.ON_DEVICE)


@pytest.mark.parametrize(
    ("passphrase", "text"),
    [
        ("\u00e9" * 17, "up to 50 bytes, this one has 51"),
        (5, "expected a text, got int"),
        (lambda: None, "got NoneType"),
    ],
)
def test_passphrases_that_are_none(passphrase: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        connected(FakeTrezor("T2T1", passphrase_protection=True), passphrase=passphrase)


def test_a_wallet_swapped_by_another_program_is_taken_back() -> None:
    device = FakeTrezor("T2T1", passphrase_protection=True)
    signer = connected(device, passphrase="abc")
    device.steal("xyz")
    tx = transfer()
    assert tx.sender(signer.sign_transaction(tx)) == signer.address


def test_a_wallet_swapped_in_the_middle_of_a_call_is_caught() -> None:
    device = FakeTrezor("T2T1", passphrase_protection=True)
    signer = connected(device, passphrase="abc")
    device.user = lambda shown: device.steal("xyz") or True
    with pytest.raises(WrongDevice) as caught:
        signer.sign_transaction(transfer())
    assert caught.value.expected == signer.address
    assert caught.value.got == device.address([2**31 + 44, 2**31 + 60, 2**31, 0, 0])
    device.user = lambda shown: True
    tx = transfer()
    assert tx.sender(signer.sign_transaction(tx)) == signer.address


def test_a_restarted_device_is_asked_again() -> None:
    typed: list[str] = ["abc"]
    device = FakeTrezor("T2T1", passphrase_protection=True)
    signer = connected(device, passphrase=lambda: typed[0])
    device.restart()
    tx = transfer()
    assert tx.sender(signer.sign_transaction(tx)) == signer.address
    device.restart()
    typed[0] = "other"
    with pytest.raises(WrongDevice):
        signer.sign_transaction(tx)
    typed[0] = "abc"
    assert tx.sender(signer.sign_transaction(tx)) == signer.address


def test_confirm_address() -> None:
    device = FakeTrezor("T3T1")
    signer = connected(device)
    assert signer.confirm_address() == signer.address
    assert device.shown == ["show_address"]
    device.user = lambda shown: False
    with pytest.raises(UserRejected, match="rejected on the Trezor"):
        signer.confirm_address()


@pytest.mark.parametrize("model", ["T1B1", "T3T1"])
@pytest.mark.parametrize("told", ["0x" + "11" * 19, "0x" + "aB" * 20, "", None])
def test_an_address_that_is_none_is_the_devices_fault(model: str, told: str | None) -> None:
    class Odd(FakeTrezor):
        def _next(self, message: Any) -> Any:
            if isinstance(message, messages.EthereumGetAddress):
                return messages.EthereumAddress(address=told)
            return super()._next(message)

    with pytest.raises(DeviceFault, match=r"expected an address from the Trezor|trezorlib failed \(AssertionError"):
        connected(Odd(model))


@pytest.mark.parametrize(
    ("model", "version", "needed"),
    [
        ("T1B1", (1, 10, 4), r"1\.10\.5"),
        ("T1B1", (1, 8, 0), r"1\.10\.5"),
        ("T1B1", (1, 10, 5), None),
        ("T2T1", (2, 3, 4), r"2\.4\.3"),
        ("T2T1", (2, 4, 2), r"2\.4\.3"),
        ("T3T1", (2, 4, 3), None),
    ],
)
def test_firmware_that_does_not_show_all_is_refused(
    model: str, version: tuple[int, int, int], needed: str | None
) -> None:
    class Aged(FakeTrezor):
        def _features(self) -> Any:
            features = super()._features()
            features.major_version, features.minor_version, features.patch_version = version
            return features

    device = Aged(model)
    if needed is None:
        connected(device)
        return
    with pytest.raises(FirmwareTooOld, match=rf"expected {needed} or newer"):
        connected(device)

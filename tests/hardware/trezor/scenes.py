"""What is asked of a real Trezor Model One, scene by scene: played on an emulator by `record.py` and `test_emulator.py`
and replayed from `recorded/T1B1.json` by `test_replay.py`. A scene checks its own outcome.
"""

from collections.abc import Callable
from typing import Any, Protocol

import pytest

from signers import PrivateKeySigner, TrezorSigner
from signers.trezor import TrezorAccount
from tests.hardware.trezor.defined import encoded, written
from zkcore.errors import (
    BlindSigningRequired,
    DeviceLocked,
    InvalidDefinition,
    UnsupportedBySigner,
    UserRejected,
    WrongDevice,
)
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import recover
from zkcore.protocol.paymaster import Paymaster
from zkcore.signer import Capability
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, LegacyTransaction, Transaction
from zkcore.types import Address

MNEMONIC = " ".join(["test"] * 11 + ["junk"])
TO = Address("0x" + "1a" * 20)

# account 0 of the mnemonic, the first account of every test chain: RFC 6979 makes both signers' signatures equal
KEY = PrivateKeySigner("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


class Rig(Protocol):
    """The device a scene is played on. Its user presses yes, but no at the screen with the number `refuse_at`."""

    screens: int  # seen up to now
    names: list[str]  # of them
    refuse_at: int
    model: str

    def connect(self, **options: Any) -> TrezorSigner: ...
    def pin(self, wanted: str) -> str: ...
    def lock(self) -> None: ...


def transfer(**fields: Any) -> Eip1559Transaction:
    given = {
        "chain_id": 324,
        "nonce": 7,
        "max_priority_fee_per_gas": 10**8,
        "max_fee_per_gas": 25 * 10**9,
        "gas_limit": 21_000,
        "to": TO,
        "value": 10**17,
    }
    return Eip1559Transaction(**{**given, **fields})


def legacy(**fields: Any) -> LegacyTransaction:
    given = {"chain_id": 1, "nonce": 0, "gas_price": 20 * 10**9, "gas_limit": 21_000, "to": TO, "value": 1}
    return LegacyTransaction(**{**given, **fields})


def withdrawal(**fields: Any) -> Eip712Transaction:
    """A 0x71 transaction with all that one may have."""
    given = {
        "chain_id": 324,
        "nonce": 3,
        "max_priority_fee_per_gas": 0,
        "max_fee_per_gas": 250_000_000,
        "gas_limit": 1_000_000,
        "to": "0x000000000000000000000000000000000000800A",
        "value": 10**16,
        "data": "0x51cff8d9" + "00" * 12 + "1a" * 20,
        "from_address": KEY.address,
        "factory_deps": [bytes(range(32))],
        "paymaster": Paymaster(address="0x" + "2b" * 20, input=bytes.fromhex("8c5a3445") + bytes(64)),
    }
    return Eip712Transaction(**{**given, **fields})


MAIL = TypedData.parse({
    "types": {
        "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person[]"},
            {"name": "contents", "type": "string"},
        ],
    },
    "primaryType": "Mail",
    "domain": {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0x" + "cc" * 20},
    "message": {
        "from": {"name": "Cow", "wallet": "0x" + "cd" * 20},
        "to": [{"name": "Bob", "wallet": "0x" + "bb" * 20}],
        "contents": "Hello",
    },
})  # fmt: skip


def screens(rig: Rig, call: Callable[[], object]) -> int:
    """How many screens a call takes."""
    before = rig.screens
    call()
    return rig.screens - before


def signs(signer: TrezorSigner, tx: Transaction, clear: bool) -> None:
    signature = signer.sign_transaction(tx)
    assert recover(tx.signing_hash(), signature) == signer.address
    assert signature.to_bytes() == KEY.sign_transaction(tx).to_bytes()
    assert signature.clear is clear


# ---------------------------------------------------------------- the scenes
def connects(rig: Rig) -> None:
    with rig.connect(expected_address=KEY.address) as signer:
        assert (signer.address, signer.path, signer.model) == (KEY.address, "m/44'/60'/0'/0/0", "T1B1")
        assert Capability.TYPED_DATA_HASH in signer.capabilities
        assert Capability.TYPED_DATA not in signer.capabilities


def transfers(rig: Rig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:
        for chain_id in (1, 10, 324, 11_155_111, 2**64 - 1):
            signs(signer, transfer(chain_id=chain_id), clear=True)
        signs(signer, transfer(value=0), clear=True)
        # so large an amount is not on the screen
        assert screens(rig, lambda: signs(signer, transfer(value=2**256 - 1, nonce=2**64 - 1), clear=False)) == 4


def calldata_of_many_lengths(rig: Rig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:
        for length in (1, 23, 24, 25, 68, 119, 120, 121, 1023, 1024, 1025, 2048, 2049, 5000):
            tx = transfer(data=bytes(i % 251 for i in range(length)))
            pages = -(-min(length, 120) // 24) + (length > 120)
            assert screens(rig, lambda tx=tx: signs(signer, tx, clear=False)) == 4 + pages
        signs(signer, transfer(data=b"\x00"), clear=False)
        signs(signer, transfer(data=b"\x80"), clear=False)


def erc20_transfer_is_not_taken_for_clear(rig: Rig) -> None:
    data = bytes.fromhex("a9059cbb") + bytes(12) + TO + (10**18).to_bytes(32)
    with rig.connect(allow_blind_signing=True) as signer:
        # the amount in "Wei UNKN", the contract not at all
        assert screens(rig, lambda: signs(signer, transfer(value=0, data=data), clear=False)) == 4


def creations(rig: Rig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:
        signs(signer, transfer(to=None, data=b"\x60\x00" * 20), clear=False)
        signs(signer, legacy(to=None, value=0, data=b"\x60"), clear=False)


def legacy_chain_ids(rig: Rig) -> None:
    with rig.connect() as signer:
        for chain_id in (1, 109, 110, 324, 2_147_483_629, 2_147_483_630, 2**32, 2**53 - 1, 2**63, 2**64 - 1):
            signs(signer, legacy(chain_id=chain_id), clear=True)


def access_lists(rig: Rig) -> None:
    with rig.connect() as signer:
        signs(signer, transfer(access_list=[(TO, [])]), clear=True)
        keys = [bytes([i]) * 32 for i in range(12)]
        signs(signer, transfer(access_list=[(bytes([i]) * 20, keys) for i in range(12)]), clear=True)


def gas_at_the_limit(rig: Rig) -> None:
    shown = rig.model != "T1B1"  # that leaves so large a fee out
    with rig.connect(allow_blind_signing=True) as signer:
        signs(signer, transfer(gas_limit=2**64 - 1, max_fee_per_gas=2**176 - 1), clear=shown)
        signs(signer, legacy(gas_limit=2**64 - 1, gas_price=2**176 - 1), clear=shown)


def typed_hashes(rig: Rig) -> None:
    with rig.connect() as signer, pytest.raises(BlindSigningRequired):
        signer.sign_typed_data(MAIL)
    with rig.connect(allow_blind_signing=True) as signer:
        signature = signer.sign_typed_data(MAIL)
        assert (signature.to_bytes(), signature.clear) == (KEY.sign_typed_data(MAIL).to_bytes(), False)
        for tx in (withdrawal(), withdrawal(chain_id=300, paymaster=None, factory_deps=(), data=b"", to=None)):
            signs(signer, tx, clear=False)


def messages(rig: Rig) -> None:
    with rig.connect() as signer:
        # not normalised: both forms of an accented letter are signed as they are
        for message in (b"", b"hello", b"0x1234", "\u00e9 e\u0301".encode(), bytes(range(256)), b"x" * 1024):
            signature = signer.sign_message(message)
            assert (signature.to_bytes(), signature.clear) == (KEY.sign_message(message).to_bytes(), True)


def accounts(rig: Rig) -> None:
    with rig.connect("m/44'/60'/0'/0/1") as signer:
        assert signer.address == Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
        assert signer.accounts(count=2) == [
            TrezorAccount("m/44'/60'/0'/0/0", KEY.address),
            TrezorAccount(signer.path, signer.address),
        ]
        live = signer.accounts("ledger-live", 3)[2]
        assert live.path == "m/44'/60'/2'/0/0"
        found = signer.find(live.address, count=3)
        assert (found.path, found.address) == (live.path, live.address)
        tx = transfer()
        assert tx.sender(found.sign_transaction(tx)) == live.address
        with pytest.raises(WrongDevice, match="none of the first 2 accounts"):
            signer.find(TO, count=2)
        assert screens(rig, lambda: signer.confirm_address() == signer.address) == 1


def paths_at_the_limit(rig: Rig) -> None:
    for path in ("m/44'/60'/100'/1/1000000", "m/44'/60'/100'", "m/44'/1'/0'/100", "m/45'/60/100/1/1000000"):
        with rig.connect(path) as signer:
            tx = transfer()
            assert tx.sender(signer.sign_transaction(tx)) == signer.address


def refuses_at_each_screen(rig: Rig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:

        def refused(call: Callable[[], object], expected: int) -> None:
            for screen in range(1, expected + 1):
                rig.refuse_at = rig.screens + screen
                with pytest.raises(UserRejected):
                    call()
                assert rig.screens == rig.refuse_at
            assert screens(rig, call) == expected

        refused(lambda: signer.sign_transaction(transfer()), 4)
        refused(lambda: signer.sign_transaction(transfer(data=bytes(200))), 10)
        refused(lambda: signer.sign_transaction(legacy()), 2)
        refused(lambda: signer.sign_typed_data(MAIL), 4)
        refused(lambda: signer.sign_message(b"hello"), 2)


def definitions(rig: Rig) -> None:
    with written(encoded(chain_id=324)) as path, rig.connect(definitions=path) as signer:
        assert (signer.unit(324), signer.unit(300), signer.unit(1)) == ("ZKE", "UNKN", "ETH")
        signs(signer, transfer(), clear=True)
        signs(signer, legacy(chain_id=324), clear=True)
        signs(signer, transfer(chain_id=300), clear=True)  # none for this chain: as without
    with written(encoded(chain_id=324, slip44=324)) as path:
        with rig.connect(definitions=path) as signer:
            signs(signer, transfer(), clear=True)
        with rig.connect("m/44'/1'/0'/0/0", definitions=path) as signer:
            assert signer.unit(324) == "UNKN"  # it would make the firmware refuse this path: left out
            assert transfer().sender(signer.sign_transaction(transfer())) == signer.address


def definitions_refused(rig: Rig) -> None:
    for definition in (encoded(signed=False), encoded(timestamp=1)):
        with written(definition) as path, rig.connect(definitions=path) as signer:
            with pytest.raises(InvalidDefinition, match="refuses the definition"):
                signer.sign_transaction(transfer())
            signs(signer, transfer(chain_id=300), clear=True)


def unlocks(rig: Rig) -> None:
    rig.lock()
    with pytest.raises(DeviceLocked, match="on_pin"):
        rig.connect(on_pin=None)
    with pytest.raises(DeviceLocked, match="does not accept"):
        rig.connect(on_pin=lambda _: "9")
    with rig.connect(on_pin=rig.pin) as signer:
        signs(signer, transfer(), clear=True)
        rig.lock()
        signs(signer, transfer(), clear=True)


def passphrases(rig: Rig) -> None:
    with rig.connect(on_pin=rig.pin, passphrase="abc") as signer:
        tx = transfer()
        assert signer.address == Address("0xCb8094Fd389d4935EE98954Df9827255A6Da0c2A")
        assert tx.sender(signer.sign_transaction(tx)) == signer.address
        # another program (here: another signer) opens another wallet: the next call takes up its own again
        with rig.connect(on_pin=rig.pin, passphrase=lambda: "xyz") as other:
            assert other.address != signer.address
            assert tx.sender(signer.sign_transaction(tx)) == signer.address
            assert tx.sender(other.sign_transaction(tx)) == other.address
    with pytest.raises(WrongDevice) as caught:
        rig.connect(on_pin=rig.pin, passphrase="abd", expected_address=signer.address)
    assert caught.value.expected == signer.address
    assert str(caught.value.got) in str(caught.value)


def passphrase_changes_under_way(rig: Rig) -> None:
    typed = ["abc"]
    with rig.connect(on_pin=rig.pin, passphrase=lambda: typed[0]) as signer:
        for number in range(10):  # the device keeps ten sessions: ours is gone
            rig.connect(on_pin=rig.pin, passphrase=f"other {number}").close()
        typed[0] = "mistyped"
        with pytest.raises(WrongDevice):
            signer.sign_transaction(transfer())
        typed[0] = "abc"
        tx = transfer()
        assert tx.sender(signer.sign_transaction(tx)) == signer.address


def passphrase_where_there_is_none(rig: Rig) -> None:
    with pytest.raises(UnsupportedBySigner, match="passphrase"):
        rig.connect(passphrase="abc")


# name -> (scene, whether the device has a PIN and asks for a passphrase)
SCENES: dict[str, tuple[Callable[[Rig], None], bool]] = {
    **{
        scene.__name__: (scene, False)
        for scene in (
            connects,
            transfers,
            calldata_of_many_lengths,
            erc20_transfer_is_not_taken_for_clear,
            creations,
            legacy_chain_ids,
            access_lists,
            gas_at_the_limit,
            typed_hashes,
            messages,
            accounts,
            paths_at_the_limit,
            refuses_at_each_screen,
            definitions,
            definitions_refused,
            passphrase_where_there_is_none,
        )
    },
    **{scene.__name__: (scene, True) for scene in (unlocks, passphrases, passphrase_changes_under_way)},
}

"""What is asked of a real core model, scene by scene: played on an emulator and replayed, as those of scenes.py are.

Screens are known by the firmware's names; those here were seen on firmware 2.12.0 of a Safe 5 (T3T1) and a Model T (T2T1).
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.hardware.trezor import scenes
from tests.hardware.trezor.defined import encoded, written
from tests.hardware.trezor.scenes import KEY, MAIL, TO, Rig, legacy, signs, transfer, withdrawal
from zkcore.errors import BlindSigningRequired, UnsupportedBySigner, UserRejected
from zkcore.ethereum.eip712 import TypedData
from zkcore.signer import Capability

NO_REFUSAL = ("T2T1", "T2B1", "T3B1")  # these go back from the summary to the recipient
UNKNOWN_TOKEN = ["unknown_contract_warning", "unknown_token"]
TYPED = [
    "confirm_address",
    "should_show_domain",
    "should_show_struct",
    "confirm_message_hash",
    "confirm_typed_data_final",
]
APPROVAL = ["unknown_contract_warning", *["confirm_ethereum_approve"] * 5, "confirm_total"]


def transfer_screens(rig: Rig) -> list[str]:
    return ["confirm_ethereum_tx"] * 2 if rig.model in NO_REFUSAL else ["confirm_output", "confirm_total"]


def erc20(selector: str, **fields: Any) -> Any:
    return transfer(**{"value": 0, "data": bytes.fromhex(selector) + bytes(12) + TO + (10**18).to_bytes(32), **fields})


def names(rig: Rig, call: Callable[[], object]) -> list[str]:
    """The screens that a call brings."""
    before = len(rig.names)
    call()
    return rig.names[before:]


def connects(rig: Rig) -> None:
    with rig.connect(expected_address=KEY.address) as signer:
        assert (signer.address, signer.path, signer.model) == (KEY.address, "m/44'/60'/0'/0/0", rig.model)
        assert Capability.TYPED_DATA in signer.capabilities
        assert Capability.TYPED_DATA_HASH not in signer.capabilities


def transfers(rig: Rig) -> None:
    with rig.connect() as signer:
        for tx in (transfer(), transfer(chain_id=2**64 - 1), transfer(value=2**256 - 1), legacy(), legacy(value=0)):
            assert names(rig, lambda tx=tx: signs(signer, tx, clear=True)) == transfer_screens(rig)


def calldata_needs_consent(rig: Rig) -> None:
    with rig.connect() as signer:
        for tx in (transfer(data=b"\0"), legacy(data=b"\1"), erc20("a9059cbb"), transfer(to=None, data=b"\1")):
            with pytest.raises(BlindSigningRequired):
                signer.sign_transaction(tx)
    assert not rig.names


def calldata_of_many_lengths(rig: Rig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:
        for length in (1, 36, 1024, 1025, 4097, 5000):
            tx = transfer(data=bytes(i % 251 for i in range(length)))
            assert names(rig, lambda tx=tx: signs(signer, tx, clear=False)) == ["confirm_data", *transfer_screens(rig)]
        assert names(rig, lambda: signs(signer, transfer(to=None, data=b"\x60\x00"), clear=False)) == [
            "confirm_data",
            *transfer_screens(rig),
        ]


def erc20_calls(rig: Rig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:
        assert names(rig, lambda: signs(signer, erc20("a9059cbb"), clear=False)) == [
            *UNKNOWN_TOKEN,
            *transfer_screens(rig),
        ]
        # 5 wei go along, and no screen of this firmware has them
        assert names(rig, lambda: signs(signer, erc20("095ea7b3", value=5), clear=False)) == APPROVAL


def typed_data(rig: Rig) -> None:
    with rig.connect() as signer:
        assert names(rig, lambda: typed(signer, MAIL)) == TYPED
        for tx in (withdrawal(), withdrawal(chain_id=300, paymaster=None, factory_deps=(), data=b"", to=None)):
            assert names(rig, lambda tx=tx: signs(signer, tx, clear=None)) == TYPED
        typed(signer, EVERY_ATOM)
        with pytest.raises(UnsupportedBySigner, match="arrays of arrays"):
            signer.sign_typed_data(GRID)


def typed(signer: Any, data: TypedData) -> None:
    signature = signer.sign_typed_data(data)
    assert (signature.to_bytes(), signature.clear) == (KEY.sign_typed_data(data).to_bytes(), None)


def messages(rig: Rig) -> None:
    with rig.connect() as signer:
        for message in (b"", b"hello", b"0x1234", "\u00e9 e\u0301".encode(), bytes(range(256)), b"x" * 600):
            signature = signer.sign_message(message)
            assert signature.to_bytes() == KEY.sign_message(message).to_bytes()


def access_lists(rig: Rig) -> None:
    keys = [bytes([i]) * 32 for i in range(12)]
    with rig.connect() as signer:
        signs(signer, transfer(access_list=[(bytes([i]) * 20, keys) for i in range(12)]), clear=True)


def accounts(rig: Rig) -> None:
    with rig.connect() as signer:
        found = signer.find("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", count=2)
        assert transfer().sender(found.sign_transaction(transfer())) == found.address
        assert names(rig, lambda: signer.confirm_address() == signer.address) == ["show_address"]


def refuses_at_each_screen(rig: Rig) -> None:
    """And the next call works. Where "no" is no refusal, the person goes on with yes: see docs/trezor.md."""
    with rig.connect(allow_blind_signing=True) as signer:
        for call, expected in (
            (lambda: signer.sign_transaction(transfer()), transfer_screens(rig)),
            (lambda: signer.sign_transaction(transfer(data=bytes(2000))), ["confirm_data", *transfer_screens(rig)]),
            (lambda: signer.sign_transaction(erc20("095ea7b3")), APPROVAL),
            (lambda: signer.sign_typed_data(MAIL), TYPED),
        ):
            for index, name in enumerate(expected):
                if expected[index - 1 : index + 1] == ["confirm_ethereum_tx"] * 2:
                    continue  # "no" goes back to the first of them
                rig.refuse_at = rig.screens + 1 + index
                with pytest.raises(UserRejected):
                    call()
                assert rig.names[-1] == name
            assert names(rig, call) == expected


def definitions(rig: Rig) -> None:
    with written(encoded(chain_id=324)) as path, rig.connect(definitions=path) as signer:
        assert (signer.unit(324), signer.unit(300), signer.unit(1)) == ("ZKE", "UNKN", "ETH")
        for tx in (transfer(), legacy(chain_id=324), transfer(chain_id=300)):
            signs(signer, tx, clear=True)


EVERY_ATOM = TypedData.parse({
    "types": {"Atoms": [
        {"name": "a", "type": "bool"}, {"name": "b", "type": "bytes3"}, {"name": "c", "type": "bytes"},
        {"name": "d", "type": "int256"}, {"name": "e", "type": "uint8[2]"}, {"name": "f", "type": "string"},
        {"name": "g", "type": "Inner[]"}, {"name": "h", "type": "string[]"},
    ], "Inner": [{"name": "x", "type": "int8"}]},
    "primaryType": "Atoms",
    "domain": {"name": "zkcore", "chainId": 324},
    "message": {"a": True, "b": "0x010203", "c": "0x", "d": -1, "e": [0, 255], "f": "", "g": [{"x": -128}, {"x": 1}],
                "h": []},
})  # fmt: skip
GRID = TypedData.parse({
    "types": {"Grid": [{"name": "a", "type": "uint8[][]"}]}, "primaryType": "Grid", "domain": {"name": "x"},
    "message": {"a": [[1]]},
})  # fmt: skip
CORE_SCENES: dict[str, tuple[Callable[[Rig], None], bool]] = {
    scene.__name__: (scene, False)
    for scene in (
        connects,
        transfers,
        calldata_needs_consent,
        calldata_of_many_lengths,
        erc20_calls,
        typed_data,
        messages,
        access_lists,
        accounts,
        refuses_at_each_screen,
        definitions,
        scenes.definitions_refused,
        scenes.legacy_chain_ids,
        scenes.gas_at_the_limit,
        scenes.paths_at_the_limit,
    )
}

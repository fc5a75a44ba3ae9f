"""What contracts and nodes answer about bridges: requests, messages, calldata, reverts. The first byte says which."""

from types import SimpleNamespace
from typing import Any

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import ZkCoreError
    from zkcore.ethereum.abi import ErrorType
    from zkcore.protocol.assets import (
        AssetWithdrawal,
        BaseTokenWithdrawal,
        BridgeMint,
        LegacyWithdrawal,
        SecondBridgeDeposit,
        TransferData,
        parse_withdrawal_message,
    )
    from zkcore.protocol.contracts import BRIDGEHUB, DIAMOND, NULLIFIER, functions
    from zkcore.protocol.priority import CanonicalTransaction, priority_requests
    from zkcore.protocol.reverts import decode_revert
    from zkcore.types import Address, Hash32

ME, TOKEN = Address(b"\x32" * 20), Address(b"\x05" * 20)
ASSET = Hash32(b"\x07" * 32)


def canonical(data: bytes) -> None:
    require(CanonicalTransaction.decode(data).encode() == data, "another encoding was taken")


def event(data: bytes) -> None:
    log = SimpleNamespace(address=ME, topics=(DIAMOND.new_priority_request.topic,), data=data)
    for request in priority_requests(SimpleNamespace(logs=(log,)), ME):  # type: ignore[arg-type]
        require(request.transaction.hash() == request.l2_tx_hash == data[32:64], "a hash that is not the transaction's")


def message(data: bytes) -> None:
    require(parse_withdrawal_message(data).encode() == data, "another message was taken")


def second_bridge(data: bytes) -> None:
    require(SecondBridgeDeposit.decode(data).encode() == data, "another encoding was taken")


def mint(data: bytes) -> None:
    require(BridgeMint.decode(data).encode() == data, "another encoding was taken")


def calldata(data: bytes) -> None:
    function = functions().get(data[:4])
    if function is not None:
        require(function.encode(*function.decode_arguments(data)) == data, "another encoding was taken")


def revert(data: bytes) -> None:
    require(decode_revert(data).data == data, "the raw data is lost")


PARSERS = (canonical, event, message, second_bridge, mint, calldata, revert)


def check(data: bytes) -> None:
    if data:
        try:
            PARSERS[data[0] % len(PARSERS)](data[1:])
        except ZkCoreError as error:
            _ = str(error)


TRANSFER = TransferData(5, ME, TOKEN)
TRANSACTION = CanonicalTransaction(
    tx_type=0xFF,
    from_address=ME,
    to=TOKEN,
    gas_limit=900_000,
    max_fee_per_gas=1,
    nonce=3,
    value=4,
    data=b"\x01" * 40,
    factory_deps=(ASSET,),
)
STRUCT = TRANSACTION.encode()[32:]
HEAD = (3, int.from_bytes(TRANSACTION.hash()), 9, 5 * 32, 5 * 32 + len(STRUCT))
DEPS = (1, 32, 32)  # one bytecode, of a word, which follows
PROOF = [ASSET, ASSET]


def words(numbers: tuple[int, ...]) -> bytes:
    return b"".join(number.to_bytes(32) for number in numbers)


SAMPLES: list[tuple[Any, bytes]] = [
    (canonical, TRANSACTION.encode()),
    (event, words(HEAD) + STRUCT + words(DEPS) + b"\x05" * 32),
    (message, BaseTokenWithdrawal(receiver=ME, amount=5, extra=b"\x01").encode()),
    (message, LegacyWithdrawal(receiver=ME, l1_token=TOKEN, amount=5).encode()),
    (message, AssetWithdrawal(origin_chain_id=324, asset_id=ASSET, transfer_data=b"\x01").encode()),
    (second_bridge, SecondBridgeDeposit(asset_id=ASSET, transfer=TRANSFER).encode()),
    (second_bridge, SecondBridgeDeposit(asset_id=None, transfer=TRANSFER).encode()),
    (mint, BridgeMint(original_caller=ME, receiver=ME, origin_token=TOKEN, amount=5, metadata=b"\x01").encode()),
    (
        calldata,
        BRIDGEHUB.request_l2_transaction_direct.encode((324, 9, ME, 4, b"\x01", 9, 800, [b"\x02", b"\x03" * 33], ME)),
    ),
    (calldata, BRIDGEHUB.request_l2_transaction_two_bridges.encode((324, 9, 0, 9, 800, ME, TOKEN, 0, b"\x01"))),
    (calldata, NULLIFIER.finalize_deposit.encode((324, 1, 2, ME, 3, b"\x01", PROOF))),
    (revert, ErrorType("MsgValueTooLow(uint256 required,uint256 provided)").encode(2, 1)),
    (revert, ErrorType("Error(string reason)").encode("Pausable: paused")),
]

if __name__ == "__main__":
    fuzz(check, [bytes([PARSERS.index(parser)]) + data for parser, data in SAMPLES])

"""Fuzz the parsers of what contracts and nodes answer about bridges: requests, proofs, messages, calldata, reverts.

The first byte chooses the parser; seeds/bridge.hex has an input for each. It must refuse with an error of ours, or accept only what encodes to the same bytes.
"""

import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import atheris

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

with atheris.instrument_imports(include=["zkcore"]):
    from zkcore.assets import BridgeMint, SecondBridgeDeposit, TransferData, parse_withdrawal_message
    from zkcore.contracts import DIAMOND, functions
    from zkcore.errors import ZkCoreError
    from zkcore.priority import CanonicalTransaction, priority_requests
    from zkcore.proofs import parse_proof, verify_proof
    from zkcore.reverts import decode_revert
    from zkcore.types import Address, Hash32

DIAMOND_PROXY = Address(b"\x32" * 20)
LEAF, ROOT = Hash32(b"\x01" * 32), Hash32(b"\x02" * 32)


def canonical(data: bytes) -> None:
    assert CanonicalTransaction.decode(data).encode() == data


def event(data: bytes) -> None:
    log = SimpleNamespace(address=DIAMOND_PROXY, topics=(DIAMOND.new_priority_request.topic,), data=data)
    for request in priority_requests(SimpleNamespace(logs=(log,)), DIAMOND_PROXY):  # type: ignore[arg-type]
        assert request.transaction.hash() == request.l2_tx_hash


def proof(data: bytes) -> None:
    words = [data[place : place + 32] for place in range(0, len(data), 32)]
    parts = parse_proof(words)
    assert [part.final for part in parts] == [False] * (len(parts) - 1) + [True]
    assert not verify_proof(
        chain_id=1, batch=1, index=len(words), leaf=LEAF, proof=words, roots=lambda _chain, _batch: ROOT
    )


def message(data: bytes) -> None:
    assert parse_withdrawal_message(data).encode() == data


def second_bridge(data: bytes) -> None:
    assert SecondBridgeDeposit.decode(data).encode() == data


def transfer(data: bytes) -> None:
    assert TransferData.decode(data).encode() == data


def mint(data: bytes) -> None:
    assert BridgeMint.decode(data).encode() == data


def calldata(data: bytes) -> None:
    function = functions().get(data[:4])
    if function is not None:
        assert function.encode(*function.decode_arguments(data)) == data


def revert(data: bytes) -> None:
    assert str(decode_revert(data))


PARSERS = (canonical, event, proof, message, second_bridge, transfer, mint, calldata, revert)


def one_input(data: bytes) -> None:
    if data:
        try:
            PARSERS[data[0] % len(PARSERS)](data[1:])
        except ZkCoreError as error:
            _ = str(error)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as corpus:  # libFuzzer adds what it finds to it
        for number, line in enumerate((HERE / "seeds/bridge.hex").read_text(encoding="ascii").split()):
            Path(corpus, str(number)).write_bytes(bytes.fromhex(line))
        atheris.Setup([*sys.argv, corpus], one_input)
        atheris.Fuzz()

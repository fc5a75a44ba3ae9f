"""What a Ledger, or whatever is on its line, answers: an error of ours, or a signature of the account that was read."""

from collections.abc import Iterator
from typing import Any

import atheris

with atheris.instrument_imports(include=["zkcore", "signers"]):
    from harness import fuzz, require

    from signers.ledger import LedgerSigner
    from signers.testing.ledger import FakeLedger, StatusError
    from zkcore.errors import SignerError
    from zkcore.ethereum.eip191 import message_hash
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.ethereum.signature import Signature, recover
    from zkcore.transactions import Eip1559Transaction


def answers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(Which answer, how many bytes, the bytes), as often as they last."""
    while len(data) >= 2:
        yield data[0], data[2 : 2 + data[1]]
        data = data[2 + data[1] :]


def check(data: bytes) -> None:
    """First what is asked, then what is answered; two bytes are a status."""
    if not data:
        return
    ask, digest = ASKED[data[0] % len(ASKED)]
    odd = {number % 8: answer for number, answer in answers(data[1:])}

    def before(number: int, _: bytes) -> bytes | None:
        if len(odd.get(number, b"")) == 2:
            raise StatusError(int.from_bytes(odd[number]))
        return odd.get(number)

    try:
        with LedgerSigner.connect(
            open_dongle=FakeLedger(before=before).open, allow_blind_signing=True, timeout=1
        ) as signer:
            signature = ask(signer)
            require(recover(digest, signature) == signer.address, signature)
    except SignerError:
        return


def of_transaction(signer: LedgerSigner) -> Signature:
    return signer.sign_transaction(TRANSACTION)


def of_typed_data(signer: LedgerSigner) -> Signature:
    return signer.sign_typed_data(TYPED)


def of_message(signer: LedgerSigner) -> Signature:
    return signer.sign_message(b"hello")


TRANSACTION = Eip1559Transaction(
    chain_id=1,
    nonce=0,
    max_priority_fee_per_gas=1,
    max_fee_per_gas=2,
    gas_limit=21_000,
    to=bytes(19) + b"\x01",
    value=1,
)
TYPED = TypedData.parse(
    {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
            "Mail": [{"name": "contents", "type": "string"}, {"name": "to", "type": "address[]"}],
        },
        "primaryType": "Mail",
        "domain": {"name": "fuzz", "chainId": 1},
        "message": {"contents": "hello", "to": ["0x" + "11" * 20]},
    }
)
ASKED: list[Any] = [
    (of_transaction, TRANSACTION.signing_hash()),
    (of_typed_data, TYPED.digest()),
    (of_message, message_hash(b"hello")),
]


def honest(ask: Any) -> list[bytes]:
    """What the device answers, one after the other."""
    told: list[bytes] = []
    fake = FakeLedger()

    class Told:
        def exchange(self, apdu: bytearray, timeout: float = 0) -> bytes:
            told.append(fake.exchange(apdu, timeout))
            return told[-1]

        def close(self) -> None:
            fake.close()

    with LedgerSigner.connect(open_dongle=Told, allow_blind_signing=True) as signer:
        ask(signer)
    return told


SEEDS = [
    bytes([which, number, len(answer)]) + answer
    for which, (ask, _) in enumerate(ASKED)
    for number, answer in enumerate(honest(ask))
    if len(answer) < 256
]
SEEDS += [bytes([0, number, 2]) + status for number in range(4) for status in (b"\x69\x85", b"\x6a\x80", b"\x55\x15")]

if __name__ == "__main__":
    fuzz(check, SEEDS)

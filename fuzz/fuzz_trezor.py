"""What a Trezor, or whatever is on its line, answers: an error of ours, or a signature of the account that was read."""

from typing import Any

import atheris

with atheris.instrument_imports(include=["zkcore", "signers"]):
    from fuzz_ledger import ASKED, answers
    from harness import fuzz, require

    from signers.testing.trezor import FakeTrezor
    from signers.trezor import TrezorSigner
    from zkcore.errors import SignerError
    from zkcore.ethereum.signature import recover

MODELS = ("T1B1", "T3T1")
SECONDS = 0.2  # for answers that are shorter than they say


class Odd(FakeTrezor):
    """Some of its answers are what they are set to be; `told` has those that are its own."""

    def __init__(self, model: str, answers: dict[int, bytes]) -> None:
        super().__init__(model)
        self.answers, self.told = answers, list[bytes]()

    def answer(self, timeout: float | None) -> bytes:
        self.told.append(super().answer(timeout))
        return self.answers.get(len(self.told) - 1, self.told[-1])


def check(data: bytes) -> None:
    """First what is asked of which model, then what is answered."""
    if not data:
        return
    ask, digest = ASKED[data[0] % len(ASKED)]
    odd = {number % 8: framed(answer) if number < 128 else answer for number, answer in answers(data[1:])}
    device = Odd(MODELS[data[0] // 128], odd)
    try:
        with TrezorSigner.connect(transport=device, allow_blind_signing=True, timeout=SECONDS) as signer:
            signature = ask(signer)
            require(recover(digest, signature) == signer.address, signature)
    except SignerError:
        return


def framed(answer: bytes) -> bytes:
    """Of the length that it says, or else the harness mostly waits for the rest."""
    return answer[:2] + len(answer[6:]).to_bytes(4) + answer[6:]


def honest(model: str, ask: Any) -> list[bytes]:
    device = Odd(model, {})
    with TrezorSigner.connect(transport=device, allow_blind_signing=True, timeout=10) as signer:
        ask(signer)
    return device.told


SEEDS = [
    bytes([which + 128 * place + (0 if place == 0 else 1), number, len(answer)]) + answer
    for place, model in enumerate(MODELS)
    for which, (ask, _) in enumerate(ASKED)
    for number, answer in enumerate(honest(model, ask))
    if len(answer) < 256
]

if __name__ == "__main__":
    fuzz(check, SEEDS)

"""The program with a fake device in the place of a real one: python -m tests.cli.device ledger|trezor yes|no ARGUMENTS..."""

import sys
from functools import partial


def main() -> None:
    which, answer, *arguments = sys.argv[1:]
    says_yes = answer == "yes"
    if which == "ledger":
        from signers import LedgerSigner
        from signers.testing.ledger import FakeLedger

        fake = FakeLedger(blind_signing=True, approve=says_yes)
        LedgerSigner.connect = partial(LedgerSigner.connect, open_dongle=fake.open)  # type: ignore[method-assign]
    else:
        from signers import TrezorSigner
        from signers.testing.trezor import FakeTrezor

        device = FakeTrezor(user=lambda _: says_yes)
        TrezorSigner.connect = partial(TrezorSigner.connect, transport=device)  # type: ignore[method-assign]
    sys.argv = ["zkcore", *arguments]
    from zkcore.cli import main as program

    program()


if __name__ == "__main__":
    main()

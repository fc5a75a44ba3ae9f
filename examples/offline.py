"""Three machines in one program: one that reads, one that signs and has no network, one that sends."""

from pathlib import Path
from tempfile import TemporaryDirectory

from signers import PrivateKeySigner
from zkcore import ETH, Deposit, Plan, SignedPlan, Wallet, ether, sign_plan
from zkcore.testing.devnet import Devnet


def main() -> None:
    with Devnet() as net, TemporaryDirectory() as stick:
        unsigned, signed = Path(stick, "plan.json"), Path(stick, "signed.json")
        account = net.accounts[0]
        with Wallet(account.address, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as watching:
            plan = watching.prepare_deposit(ETH, ether("0.1"))
            unsigned.write_text(plan.to_json())
            approved = plan.hash  # by another way than the file

            # the machine with the key
            loaded = Plan.from_json(unsigned.read_text(), Deposit)
            print(loaded.preview())
            signed.write_text(
                sign_plan(loaded, PrivateKeySigner(account.private_key), expected_hash=approved).to_json()
            )

            # the machine that sends
            deposit = watching.submit(SignedPlan.from_json(signed.read_text(), Deposit))
            print(deposit.wait())


if __name__ == "__main__":
    main()

"""Run by `nox -s core` in an environment made from a lock and the wheel: is it exactly that, and does it work?"""

import importlib.metadata
import re
import sys
from pathlib import Path


def main(lock: Path) -> None:
    expected = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock.read_text(encoding="utf-8"), re.MULTILINE)) | {
        "zkcore"
    }
    installed = {re.sub(r"[-_.]+", "-", found.name).lower() for found in importlib.metadata.distributions()}
    if installed != expected:
        sys.exit(f"not the core's environment: missing {expected - installed}, too many {installed - expected}")

    import zkcore
    from signers import PrivateKeySigner
    from zkcore import ETH, Wallet, ether
    from zkcore.ethereum.signature import recover
    from zkcore.testing.devnet import Devnet
    from zkcore.transactions import Eip1559Transaction

    if "site-packages" not in str(zkcore.__file__):
        sys.exit(f"the tree was imported, not the wheel: {zkcore.__file__}")
    root = lock.parents[1]
    packed = {str(file) for file in importlib.metadata.files("zkcore") or ()}
    tree = {
        str(path.relative_to(root))
        for package in ("zkcore", "signers")
        for path in (root / package).rglob("*")
        if path.is_file()
    }
    if lost := sorted(path for path in tree - packed if not path.endswith(".pyc") and "node_modules" not in path):
        sys.exit(f"the wheel lacks {lost}")

    signer = PrivateKeySigner.generate()
    transaction = Eip1559Transaction(
        chain_id=1,
        nonce=0,
        max_priority_fee_per_gas=1,
        max_fee_per_gas=2,
        gas_limit=21_000,
        to=ETH,
        value=ether("1"),
        data=b"",
    )
    if recover(transaction.signing_hash(), signer.sign_transaction(transaction)) != signer.address:
        sys.exit("a signature did not recover to its signer")
    if Wallet(signer, chain="era", l1="http://127.0.0.1:1", l2="http://127.0.0.1:1").address != signer.address:
        sys.exit("a wallet has not its signer's address")
    with Devnet() as net:
        if net.l1.rpc("eth_chainId") != hex(net.profile.l1_chain_id):
            sys.exit("the wheel's devnet does not run")
    print(f"{len(installed) - 1} distributions and zkcore: a wallet, a transaction, a signature, a devnet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

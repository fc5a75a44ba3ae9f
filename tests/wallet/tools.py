"""What the tests of the wallets share: signers and nodes that tell what they were asked to do."""

from typing import Any

import pytest

from signers import PrivateKeySigner
from zkcore import AsyncWallet, Wallet
from zkcore.ethereum.signature import Signature
from zkcore.rpc.http import AsyncHttpTransport, HttpTransport
from zkcore.rpc.transport import Limits
from zkcore.signer import Capability
from zkcore.testing import AsyncNoSend, NoSend
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Transaction
from zkcore.types import Address

ERA = pytest.mark.parametrize("net", ["era-eth"], indirect=True)
BASE_ERC20 = pytest.mark.parametrize("net", ["era-erc20"], indirect=True)
AMOUNT = 1_234_567
opened: list[Wallet] = []  # by `wallet_of`; conftest closes them after each test


class CountingSigner:
    """Signs with an account's key and remembers what it signed."""

    def __init__(self, net: Devnet, who: int = 0) -> None:
        self._inner = PrivateKeySigner(net.accounts[who].private_key)
        self.signed: list[Transaction] = []

    @property
    def address(self) -> Address:
        return self._inner.address

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._inner.capabilities

    def sign_transaction(self, tx: Transaction) -> Signature:
        self.signed.append(tx)
        return self._inner.sign_transaction(tx)

    def sign_typed_data(self, data: Any) -> Signature:
        raise AssertionError("no typed data is signed here")

    def sign_message(self, message: bytes) -> Signature:
        raise AssertionError("no message is signed here")


def impatient(url: str, **limits: Any) -> HttpTransport:
    """A node that is asked once."""
    return HttpTransport(url, limits=Limits(attempts=1, **limits))


def readable(net: Devnet, wallet: type) -> dict[str, Any]:
    """Both nodes, refusing to send anything."""
    if wallet is AsyncWallet:
        return {"l1": AsyncNoSend(AsyncHttpTransport(net.l1_url)), "l2": AsyncNoSend(AsyncHttpTransport(net.l2_url))}
    return {"l1": NoSend(HttpTransport(net.l1_url)), "l2": NoSend(HttpTransport(net.l2_url))}


def wallet_of(net: Devnet, who: Any = 0, **options: Any) -> Wallet:
    """A blocking wallet of an account (or a signer, or an address) over a devnet."""
    signer = PrivateKeySigner(net.accounts[who].private_key) if isinstance(who, int) else who
    wallet = Wallet(signer, **{"chain": net.profile, "l1": net.l1_url, "l2": net.l2_url} | options)
    opened.append(wallet)
    return wallet


def sends(net: Devnet) -> list[str]:
    """The raw transactions that either node was sent, repeats included."""
    return [raw for node in ("l1", "l2") for raw in net.faults.requests(node).sends]  # type: ignore[arg-type]


def count(net: Devnet, who: int = 0, chain: str = "l1") -> int:
    """How many transactions of an account are in blocks."""
    node = net.l1 if chain == "l1" else net.l2
    return int(node.rpc("eth_getTransactionCount", str(net.accounts[who].address), "latest"), 16)

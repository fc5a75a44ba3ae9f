"""What the tests of the wallets share: signers and nodes that tell what they were asked to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from signers import LedgerSigner, PrivateKeySigner, TrezorSigner
from signers.testing.ledger import FakeLedger
from signers.testing.trezor import FakeTrezor
from zkcore import AsyncWallet, Wallet
from zkcore.ethereum.abi import encode
from zkcore.ethereum.signature import Signature
from zkcore.rpc.http import AsyncHttpTransport, HttpTransport
from zkcore.rpc.transport import Limits
from zkcore.signer import Capability
from zkcore.testing import AsyncNoSend, NoSend
from zkcore.testing.devnet import Devnet
from zkcore.testing.devnet.deploy import artifact
from zkcore.transactions import Transaction
from zkcore.types import Address

ERA = pytest.mark.parametrize("net", ["era-eth"], indirect=True)
BASE_ERC20 = pytest.mark.parametrize("net", ["era-erc20"], indirect=True)
AMOUNT = 1_234_567
SIGNERS = pytest.mark.parametrize("kind", ["key", "ledger", "trezor"])
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


def fund(net: Devnet, address: Address, wei: int = 10**19) -> None:
    """Give an account base token on L2, from nowhere."""
    net.l2.rpc("anvil_setBalance", str(address), hex(wei))


def told(thing: object) -> str:
    """The words for people, on one line."""
    return " ".join(str(thing).split())


@contextmanager
def signer_of(kind: str, net: Devnet) -> Iterator[Any]:
    """A funded signer: the key of a devnet's account, or a device that has consented to signing blindly."""
    if kind == "key":
        signer: Any = PrivateKeySigner(net.accounts[0].private_key)
        fund(net, signer.address)
        yield signer
        return
    ledger = FakeLedger(blind_signing=True)
    made: Any = (
        LedgerSigner.connect(open_dongle=ledger.open, allow_blind_signing=True)
        if kind == "ledger"
        else TrezorSigner.connect(transport=FakeTrezor("T3T1"), timeout=20, allow_blind_signing=True)
    )
    with made as signer:
        fund(net, signer.address)
        yield signer


def deployed(net: Devnet, name: str, types: tuple[str, ...] = (), values: tuple[Any, ...] = ()) -> Address:
    """A contract of the devnet's own, deployed on L2 by its first account."""
    code = artifact(name) + (encode(types, values) if types else b"")
    with Wallet(
        PrivateKeySigner(net.accounts[0].private_key), chain=net.profile, l1=net.l1_url, l2=net.l2_url
    ) as wallet:
        fund(net, wallet.address)
        made = wallet.deploy(code)
        made.wait(timeout=30)
        return made.contract_address

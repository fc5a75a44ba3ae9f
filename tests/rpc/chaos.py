"""Operations against a devnet whose nodes drop, delay and garble at random; and what its chain then really has."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from msgspec import Struct

from signers import PrivateKeySigner
from zkcore import ETH, AsyncWallet, Wallet
from zkcore.errors import NodeError, WaitTimeout
from zkcore.explore import Client
from zkcore.methods import calls
from zkcore.protocol.contracts import DIAMOND
from zkcore.rpc import AsyncHttpTransport, HttpTransport, Limits
from zkcore.testing.devnet import (
    Body,
    Devnet,
    Drop,
    HalfJson,
    Latency,
    MissingMember,
    Shuffle,
    Status,
    Timeout,
    WrongId,
)
from zkcore.transactions import parse_transaction
from zkcore.types import Address, hex_bytes

__all__ = ["LIMITS", "Chaos", "Ledger", "disturb", "run_async", "run_sync"]

LIMITS = Limits(timeout=1.0, attempts=4, first_delay=0.002, longest_delay=0.1)


class Ledger(Struct):
    """What was asked for, as its caller believes."""

    deposits: list[int]
    withdrawals: list[int]
    failures: int = 0


def disturb(net: Devnet, *, sends: float = 0.45, reads: float = 0.08) -> Callable[[], int]:
    """Lose sends before and after they are carried out, and answer reads late, wrongly or not at all.

    The first send to each node is lost for certain. Gives how many sends were lost so far.
    """
    losses = []
    for node in ("l1", "l2"):
        losses.append(net.faults.add(Drop(after=True), node=node, method="eth_send*", times=1))
        for fault, share in [(Drop(after=True), 0.5), (Drop(), 0.2), (Status(503), 0.2), (HalfJson(short=True), 0.1)]:
            losses.append(net.faults.add(fault, node=node, method="eth_send*", probability=sends * share))
        for fault in (
            Drop(),
            Drop(after=True),
            Status(503),
            Status(429),
            HalfJson(),
            Body(),
            WrongId(),
            MissingMember(),
        ):
            net.faults.add(fault, node=node, method="[!e]*", probability=reads / 8)
            net.faults.add(fault, node=node, method="eth_[!s]*", probability=reads / 8)
        net.faults.add(Shuffle(), node=node, probability=0.3)
        net.faults.add(Latency(0.01), node=node, probability=0.1)
        losses.append(net.faults.add(Timeout(after=True), node=node, method="eth_send*", probability=sends / 50))
    return lambda: sum(loss.hits for loss in losses)


class Chaos:
    """The numbers on the chain before, and what they must be afterwards."""

    def __init__(self, net: Devnet, sender: Address, receiver: Address) -> None:
        self.net, self.sender, self.receiver = net, sender, receiver
        self.before = self._state()

    def _state(self) -> dict[str, int]:
        with Client(self.net.l1_url) as l1, Client(self.net.l2_url) as l2:
            diamond = self.net.profile.diamond
            assert diamond is not None
            requests = calls.get_logs(
                "l1", from_block=0, to_block="latest", address=diamond, topics=[DIAMOND.new_priority_request.topic]
            )
            return {
                "l1 nonce": l1.run(calls.get_transaction_count("l1", self.sender)),
                "l2 nonce": l2.run(calls.get_transaction_count("l2", self.sender)),
                "priority requests": len(l1.run(requests)),
                "arrived on l2": l2.run(calls.get_balance("l2", self.receiver)),
            }

    def check(self, ledger: Ledger) -> None:
        """Nothing is lost and nothing happened twice: the chain has just what the callers believe."""
        after = self._state()
        changed = {name: after[name] - self.before[name] for name in after}
        assert changed == {
            "l1 nonce": len(ledger.deposits),
            "l2 nonce": len(ledger.withdrawals),
            "priority requests": len(ledger.deposits),
            "arrived on l2": sum(ledger.deposits),
        }

    def check_sends(self) -> None:
        """Whatever was sent again was the same bytes: of one nonce there is one transaction."""
        for node in ("l1", "l2"):
            sent = {hex_bytes(raw) for raw in self.net.faults.requests(node).sends}
            assert len({parse_transaction(raw)[0].nonce for raw in sent}) == len(sent)


T: TypeAlias = Any


def _insist(act: Callable[[], T], ledger: Ledger) -> T:
    """Do it until a node lets it be done. Only a node's failure is tried again."""
    for _ in range(60):
        try:
            return act()
        except (NodeError, WaitTimeout):
            ledger.failures += 1
    raise AssertionError("sixty failures in a row")


def run_sync(net: Devnet, key: str, receiver: Address, amounts: list[int]) -> Ledger:
    """Deposits, each followed by a withdrawal: prepared, submitted as one plan however often, and waited for."""
    ledger = Ledger([], [])
    l1, l2 = HttpTransport(net.l1_url, limits=LIMITS), HttpTransport(net.l2_url, limits=LIMITS)
    with Wallet(PrivateKeySigner(key), chain=net.profile, l1=l1, l2=l2) as wallet:
        for amount in amounts:
            plan = _insist(lambda: wallet.prepare_deposit(ETH, amount, to=receiver), ledger)  # noqa: B023
            deposit = _insist(lambda: wallet.submit(plan), ledger)  # noqa: B023
            ledger.deposits.append(amount)
            assert _insist(lambda: deposit.wait(poll=0.01), ledger).status == 1  # noqa: B023
            back = _insist(lambda: wallet.prepare_withdraw(ETH, amount), ledger)  # noqa: B023
            withdrawal = _insist(lambda: wallet.submit(back), ledger)  # noqa: B023
            ledger.withdrawals.append(amount)
            _insist(lambda: withdrawal.wait("ready", poll=0.01), ledger)  # noqa: B023
    return ledger


async def _insist_async(act: Callable[[], Awaitable[T]], ledger: Ledger) -> T:
    for _ in range(60):
        try:
            return await act()
        except (NodeError, WaitTimeout):
            ledger.failures += 1
    raise AssertionError("sixty failures in a row")


async def _one_async(wallet: AsyncWallet, receiver: Address, amount: int, ledger: Ledger, turn: asyncio.Lock) -> None:
    async with turn:  # a plan has its nonce from the node: it is sent before the next is made
        plan = await _insist_async(lambda: wallet.prepare_deposit(ETH, amount, to=receiver), ledger)
        deposit = await _insist_async(lambda: wallet.submit(plan), ledger)
        ledger.deposits.append(amount)
    receipt = await _insist_async(lambda: deposit.wait(poll=0.01), ledger)
    assert receipt.status == 1
    async with turn:
        back = await _insist_async(lambda: wallet.prepare_withdraw(ETH, amount), ledger)
        withdrawal = await _insist_async(lambda: wallet.submit(back), ledger)
        ledger.withdrawals.append(amount)
    await _insist_async(lambda: withdrawal.wait("ready", poll=0.01), ledger)


def run_async(net: Devnet, key: str, receiver: Address, amounts: list[int]) -> Ledger:
    """The same, all at once but for the sending."""

    async def main() -> Ledger:
        ledger = Ledger([], [])
        l1, l2 = AsyncHttpTransport(net.l1_url, limits=LIMITS), AsyncHttpTransport(net.l2_url, limits=LIMITS)
        async with AsyncWallet(PrivateKeySigner(key), chain=net.profile, l1=l1, l2=l2) as wallet:
            turn = asyncio.Lock()
            await asyncio.gather(*[_one_async(wallet, receiver, amount, ledger, turn) for amount in amounts])
        return ledger

    return asyncio.run(main())

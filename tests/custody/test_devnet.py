"""A deposit and a withdrawal from end to end on the devnet, signed by each custody signer; and one that people approve."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signers import ApprovalSigner, ThreadedSigner
from signers.approval import Approval
from tests.custody.services import ADDRESS, OTHER, sign
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import BadSignature, SignerTimeout, SignerUnavailable, UserRejected, WrongDevice
from zkcore.plans import Plan
from zkcore.signer import AsyncSigner
from zkcore.testing import check_signer
from zkcore.testing.devnet import Devnet
from zkcore.transactions import parse_transaction


@pytest.fixture(scope="module")
def net() -> Iterator[Devnet]:
    with Devnet("era-eth") as devnet:
        yield devnet


def funded(net: Devnet, address: Any) -> dict[str, Any]:
    net.l1.rpc("anvil_setBalance", str(address), hex(ether("10")))
    return {"chain": net.profile, "l1": net.l1_url, "l2": net.l2_url}


def test_deposit_and_withdrawal(net: Devnet, custody: tuple[Any, Any]) -> None:
    signer, _ = custody
    with Wallet(signer, **funded(net, signer.address)) as wallet:
        before = wallet.get_balance()
        assert wallet.deposit(ETH, ether("0.5")).wait(timeout=60).status == 1
        assert wallet.get_balance() >= before + ether("0.5")
        withdrawal = wallet.withdraw(ETH, ether("0.1"))
        withdrawal.wait("ready", timeout=60)
        receipt = withdrawal.finalize().wait(timeout=60)
        assert receipt is not None
        assert receipt.status == 1


def test_awaited_on_a_thread(net: Devnet, custody: tuple[Any, Any]) -> None:
    signer = ThreadedSigner(custody[0])

    async def run() -> None:
        async with AsyncWallet(signer, **funded(net, signer.address)) as wallet:
            deposit = await wallet.deposit(ETH, ether("0.2"))
            assert (await deposit.wait(timeout=60)).status == 1

    asyncio.run(run())


# ---------------------------------------------------------------- people
class Desk:
    """A custody desk as a small service: requests by id, decided when somebody decides. It never signs twice for one id."""

    def __init__(self) -> None:
        self.requests: dict[str, Approval] = {}
        self.answers: dict[str, bytes | None] = {}
        self.signed = 0
        self.key, self.automatic, self.high = b"\x46" * 32, True, False

    async def open(self, approval: Approval) -> None:
        known = self.requests.setdefault(approval.id, approval)
        assert known == approval
        if self.automatic:
            self.decide(approval.id)

    async def answer(self, id: str) -> bytes | None:  # noqa: A002
        if id in self.answers and self.answers[id] is None:
            raise UserRejected(f"the request {id} was declined")
        return self.answers.get(id)

    def decide(self, name: str, *, approve: bool = True) -> None:
        if name not in self.answers:
            self.signed += approve
            r, s, v = sign(self.requests[name].digest, self.key, high=self.high)
            self.answers[name] = r.to_bytes(32) + s.to_bytes(32) + bytes([27 + v]) if approve else None


def test_an_approval_signer_conforms() -> None:
    desk = Desk()
    signer = ApprovalSigner(desk, ADDRESS)
    assert isinstance(signer, AsyncSigner)
    check_signer(signer)
    for approval in desk.requests.values():
        assert approval.id == str(approval.digest)
        if approval.kind == "transaction":
            assert parse_transaction(approval.content)[0].signing_hash() == approval.digest
    desk.high = True
    check_signer(ApprovalSigner(desk, ADDRESS))


def test_a_process_that_died_takes_the_answer_and_asks_for_no_second_signature(net: Devnet) -> None:
    desk = Desk()
    desk.automatic = False
    nodes = funded(net, ADDRESS)

    async def first() -> str:
        """It asks, waits a little, and dies with its plan written down."""
        async with AsyncWallet(ApprovalSigner(desk, ADDRESS, timeout=0.5, longest_pause=0.1), **nodes) as wallet:
            plan = await wallet.prepare_deposit(ETH, ether("0.3"))
            written = plan.to_json()
            with pytest.raises(SignerTimeout, match="it stays open. Order the same again"):
                await wallet.submit(plan)
            return written

    async def second(written: str) -> None:
        async with AsyncWallet(ApprovalSigner(desk, ADDRESS, timeout=5, longest_pause=0.1), **nodes) as wallet:
            plan: Plan[Any] = Plan.from_json(written)
            (identity,) = desk.requests
            assert ApprovalSigner.request_id(plan.steps[0].transaction) == identity
            asyncio.get_running_loop().call_later(0.3, desk.decide, identity)
            deposit = await wallet.submit(plan)
            assert (await deposit.wait(timeout=60)).status == 1
            again = await wallet.submit(plan)
            assert again.l1_tx_hash == deposit.l1_tx_hash

    asyncio.run(second(asyncio.run(first())))
    assert (len(desk.requests), desk.signed) == (1, 1)


class Unreachable(Desk):
    """Every other question gets no answer."""

    asked = 0

    async def answer(self, id: str) -> bytes | None:  # noqa: A002
        self.asked += 1
        if self.asked % 2:
            raise SignerUnavailable("no route")
        return await super().answer(id)


@pytest.mark.parametrize("killed", [False, True])
def test_the_journal_keeps_the_request_of_an_order(net: Devnet, tmp_path: Path, killed: bool) -> None:
    """By its reference alone: after a timeout, or the death of the process that waited."""
    desk = Unreachable()
    desk.automatic = False
    nodes = funded(net, ADDRESS) | {"journal": tmp_path / "journal"}

    async def first() -> None:
        signer = ApprovalSigner(desk, ADDRESS, timeout=60 if killed else 1, longest_pause=0.1)
        async with AsyncWallet(signer, **nodes) as wallet:
            ordered = asyncio.ensure_future(wallet.deposit(ETH, ether("0.3"), reference="order 7"))
            if killed:
                while not desk.requests:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                ordered.cancel()
            with pytest.raises(asyncio.CancelledError if killed else SignerTimeout):
                await ordered

    async def second() -> None:
        net.l1.rpc("anvil_setNextBlockBaseFeePerGas", hex(3 * 10**9))  # anew, it would be another plan
        net.l1.rpc("anvil_mine")
        signer = ApprovalSigner(desk, ADDRESS, timeout=30, longest_pause=0.1)
        async with AsyncWallet(signer, **nodes) as wallet:
            asyncio.get_running_loop().call_later(0.3, desk.decide, next(iter(desk.requests)))
            deposit = await wallet.deposit(ETH, ether("0.3"), reference="order 7")
            assert (await deposit.wait(timeout=60)).status == 1
            assert (await wallet.deposit(ETH, ether("0.3"), reference="order 7")).l1_tx_hash == deposit.l1_tx_hash

    asyncio.run(first())
    asyncio.run(second())
    assert (len(desk.requests), desk.signed) == (1, 1)


def test_what_was_declined_is_prepared_anew_when_it_is_ordered_again(net: Devnet, tmp_path: Path) -> None:
    desk = Desk()
    desk.automatic = False

    async def run() -> None:
        signer = ApprovalSigner(desk, ADDRESS, longest_pause=0.1)
        async with AsyncWallet(signer, **funded(net, ADDRESS), journal=tmp_path / "journal") as wallet:
            asyncio.get_running_loop().call_later(1, lambda: desk.decide(next(iter(desk.requests)), approve=False))
            with pytest.raises(UserRejected):
                await wallet.deposit(ETH, 5, reference="order 8")
            desk.automatic = True
            net.l1.rpc("anvil_setNextBlockBaseFeePerGas", hex(5 * 10**9))
            net.l1.rpc("anvil_mine")
            assert (await (await wallet.deposit(ETH, 5, reference="order 8")).wait(timeout=60)).status == 1

    asyncio.run(run())
    assert (len(desk.requests), desk.signed) == (2, 1)


@pytest.mark.parametrize(("approve", "key", "kind"), [(False, b"\x46" * 32, UserRejected), (True, OTHER, BadSignature)])
def test_what_was_declined_or_signed_by_another_key(
    net: Devnet, approve: bool, key: bytes, kind: type[Exception]
) -> None:
    desk = Desk()
    desk.automatic, desk.key = False, key

    async def run() -> None:
        async with AsyncWallet(ApprovalSigner(desk, ADDRESS, longest_pause=0.1), **funded(net, ADDRESS)) as wallet:
            plan = await wallet.prepare_deposit(ETH, 5)
            identity = ApprovalSigner.request_id(plan.steps[0].transaction)
            asyncio.get_running_loop().call_later(0.3, lambda: desk.decide(identity, approve=approve))
            with pytest.raises((kind, WrongDevice), match=identity):
                await wallet.submit(plan)

    asyncio.run(run())


def test_a_request_is_json_for_a_policy() -> None:
    desk = Desk()
    tx_of = ApprovalSigner(desk, ADDRESS)
    asyncio.run(tx_of.sign_message(b"hello"))
    (approval,) = desk.requests.values()
    assert (approval.kind, approval.content) == ("message", b"hello")
    assert json.dumps({"id": approval.id, "kind": approval.kind, "content": approval.content.hex()})

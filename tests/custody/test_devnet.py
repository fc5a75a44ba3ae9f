"""A deposit and a withdrawal from end to end on the devnet, signed by each custody signer; and one that people approve."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from signers import ApprovalSigner, ThreadedSigner
from signers.approval import Approval
from tests.custody.services import ADDRESS, OTHER, sign
from zkcore import ETH, AsyncWallet, Wallet, ether
from zkcore.errors import BadSignature, SignerTimeout, UserRejected, WrongDevice
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
            with pytest.raises(SignerTimeout, match="it stays open. Submit the same plan again"):
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

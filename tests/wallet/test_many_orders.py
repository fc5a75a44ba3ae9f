"""Two hundred deposits of one AsyncWallet at once: their drafts share waves, their sends go together under consecutive nonces."""

import asyncio
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH, AsyncWallet
from zkcore.errors import InputError, RpcError
from zkcore.rpc import AsyncHttpTransport
from zkcore.testing.devnet import Devnet, Failure
from zkcore.transactions import parse_transaction
from zkcore.wallet import async_wallet

MANY = 200


class Waves:
    """What was asked or sent at once, counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.sent, self._send = 0, 0, async_wallet.send_raws_async
        monkeypatch.setattr(async_wallet, "send_raws_async", self._sends)

    async def _sends(self, node: Any, raws: Any) -> Any:
        self.sent += 1
        return await self._send(node, raws)

    def watch(self, wallet: AsyncWallet) -> None:
        driver = wallet._driver
        wallet._driver = type(driver)(driver.l1, driver.l2, on_wave=self._wave)

    def _wave(self, calls: Any) -> None:
        self.asked += 1


async def many(net: Devnet, waves: Waves, orders: int) -> list[Any]:
    signer = PrivateKeySigner(net.accounts[0].private_key)
    async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
        waves.watch(wallet)
        to = net.accounts[7].address
        return await asyncio.gather(
            *[wallet.deposit(ETH, AMOUNT, to=to) for _ in range(orders)], return_exceptions=True
        )


@ERA
def test_two_hundred_deposits_at_once(net: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    waves = Waves(monkeypatch)
    deposits = asyncio.run(many(net, waves, MANY))
    assert waves.asked + waves.sent <= 20, (waves.asked, waves.sent)
    assert {parse_transaction(raw)[0].nonce for raw in sends(net)} == set(range(MANY))
    assert len({deposit.l1_tx_hash for deposit in deposits}) == count(net) == MANY
    wallet = wallet_of(net)
    for deposit in deposits:
        assert wallet.resume(deposit.to_json()).wait(timeout=60).status == 1
    assert wallet.get_balance(address=net.accounts[7].address) == MANY * AMOUNT


@ERA
def test_what_is_refused_of_many_leaves_no_gap(net: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    net.faults.add(Failure(-32000, "intrinsic gas too low"), node="l1", method="eth_sendRawTransaction", times=2)
    ended = asyncio.run(many(net, Waves(monkeypatch), 24))
    refused = [one for one in ended if isinstance(one, Exception)]
    assert [type(one) for one in refused] == [RpcError, RpcError]
    wallet, to = wallet_of(net), net.accounts[7].address
    again = [wallet.deposit(ETH, AMOUNT, to=to) for _ in refused]
    for deposit in [one for one in ended if not isinstance(one, Exception)] + again:
        assert wallet.resume(deposit.to_json()).wait(timeout=60).status == 1
    assert {parse_transaction(raw)[0].nonce for raw in sends(net)} == set(range(24))
    assert (count(net), wallet.get_balance(address=to)) == (24, 24 * AMOUNT)


@ERA
def test_one_bad_order_holds_up_no_other(net: Devnet) -> None:
    async def mixed() -> list[Any]:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            to = net.accounts[7].address
            orders: list[Any] = [
                wallet.deposit(ETH, amount, to=to, reference=f"job {amount % 3}") for amount in range(4)
            ]
            orders += [wallet.l1_transfer(to, 5), wallet.deposit(net.tokens["DAI"], AMOUNT, to=to)]
            ended = await asyncio.gather(*orders, return_exceptions=True)
            for one in ended:
                if not isinstance(one, Exception):
                    await one.wait(timeout=30)
            return ended

    ended = asyncio.run(mixed())
    # an empty deposit; another amount under the reference of the first: one of them is the order
    assert [isinstance(one, InputError) for one in ended] == [True, False, False, False, False, False]
    assert count(net) == 3 + 1 + 2


@ERA
def test_statuses_asked_one_by_one_cost_what_a_gathered_flow_costs(net: Devnet) -> None:
    async def main() -> tuple[int, int]:
        signer = PrivateKeySigner(net.accounts[0].private_key)
        async with (
            AsyncHttpTransport(net.l1_url) as l1,
            AsyncHttpTransport(net.l2_url) as l2,
            AsyncWallet(signer, chain=net.profile, l1=l1, l2=l2) as wallet,
        ):
            deposit = await wallet.deposit(ETH, AMOUNT)
            await deposit.wait(timeout=60)
            before = l1.http_requests + l2.http_requests
            await deposit.status()
            one = l1.http_requests + l2.http_requests - before
            before += one
            handles = [wallet.resume(deposit.to_json()) for _ in range(50)]
            statuses = await asyncio.gather(*[handle.status() for handle in handles])
            assert {status.phase for status in statuses} == {statuses[0].phase}
            return one, l1.http_requests + l2.http_requests - before

    one, fifty = asyncio.run(main())
    assert fifty <= one + 2, (one, fifty)

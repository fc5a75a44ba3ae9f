"""The wallet of `zkcore.wallet.wallet` for asyncio: the same methods, awaited, over the same flows."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from inspect import iscoroutinefunction
from os import PathLike
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, overload

from zkcore.effects import Flow, Step
from zkcore.flows import calling, finalize, messages, tokens, transact
from zkcore.flows.claim import draft_claim_failed_deposit, get_priority_op_confirmation
from zkcore.flows.deposit import draft_deposit
from zkcore.flows.execute import draft_request_execute, get_base_cost
from zkcore.flows.find import find_withdrawals
from zkcore.flows.lookup import find_deposits_in, find_withdrawals_in
from zkcore.flows.payout import draft_finalize_withdrawal
from zkcore.flows.session import Session, checked
from zkcore.flows.withdraw import draft_withdraw
from zkcore.journal import JournalLike
from zkcore.plans.plan import Draft, Plan, SignedPlan
from zkcore.protocol.chains import Bridge, ChainProfile
from zkcore.protocol.fees import FeePolicy
from zkcore.rpc.http import AsyncHttpTransport
from zkcore.rpc.several import AsyncFailover
from zkcore.rpc.transport import AsyncTransport
from zkcore.signer import AsyncCustomSigner, AsyncSigner, CustomSigner, Signer
from zkcore.types import AddressLike, HexLike
from zkcore.wallet._binding import Awaited, dress, planning, quoting
from zkcore.wallet.base import WalletBase, node_of
from zkcore.wallet.drivers import AsyncDriver, Watch, send_raws_async
from zkcore.wallet.handles import (
    ASYNC_HANDLES,
    AsyncClaim,
    AsyncDeployment,
    AsyncDeposit,
    AsyncExecution,
    AsyncFinalization,
    AsyncSentTransaction,
    AsyncWithdrawal,
    Handle,
)
from zkcore.wallet.observing import Observe
from zkcore.wallet.submission import Free, Hold, Keep, Order, Send, Sign, Submission, ordering

__all__ = ["AsyncWallet"]

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
H = TypeVar("H", bound=Handle[Any])


def _reads(flow: Callable[Concatenate[Session, P], Flow[T]]) -> Callable[Concatenate["AsyncWallet", P], Awaited[T]]:
    async def method(self: "AsyncWallet", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(flow(self._session, *args, **kwargs))

    return dress(method, flow)


def _sends(
    draft: Callable[Concatenate[Session, P], Flow[Draft[Q]]], handle: type[H]
) -> Callable[Concatenate["AsyncWallet", P], Awaited[H]]:
    async def method(self: "AsyncWallet", /, *args: P.args, **kwargs: P.kwargs) -> H:
        return handle(self, await self._together(draft, *args, **kwargs))

    return dress(method, draft, returns=lambda _: handle)


class AsyncWallet(WalletBase[Signer | AsyncSigner | CustomSigner | AsyncCustomSigner, AsyncTransport]):
    """As `Wallet`, with awaited methods. A `Signer` that blocks signs on a worker thread. For one event loop."""

    _handles = ASYNC_HANDLES

    def __init__(
        self,
        signer: Signer | AsyncSigner | CustomSigner | AsyncCustomSigner | AddressLike,
        *,
        chain: int | str | ChainProfile,
        l1: str | AsyncTransport | Sequence[str | AsyncTransport],
        l2: str | AsyncTransport | Sequence[str | AsyncTransport],
        bridgehub: AddressLike | None = None,
        trust_l2: bool = False,
        fees: FeePolicy = FeePolicy(),  # noqa: B008  # frozen
        journal: "JournalLike | str | PathLike[str] | None" = None,
        observe: Observe | None = None,
    ) -> None:
        nodes: list[AsyncTransport] = [node_of(node, AsyncHttpTransport, AsyncFailover) for node in (l1, l2)]
        more: dict[str, Any] = {"chain": chain, "bridgehub": bridgehub, "trust_l2": trust_l2}
        super().__init__(signer, *nodes, fees=fees, journal=journal, observe=observe, **more)
        self._driver = AsyncDriver(self._nodes["l1"], self._nodes["l2"], observe=observe)
        self._waiting: list[tuple[Order, asyncio.Future[Any]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """As `Wallet.close`."""
        for node in self._nodes.values():
            await node.aclose()
        if self._opened is not None:
            self._opened.close()

    # ------------------------------------------------------------ what moves value
    quote_deposit = _reads(quoting(draft_deposit))
    prepare_deposit = _reads(planning(draft_deposit, AsyncDeposit))
    deposit = _sends(draft_deposit, AsyncDeposit)

    quote_request_execute = _reads(quoting(draft_request_execute))
    prepare_request_execute = _reads(planning(draft_request_execute, AsyncExecution))
    request_execute = _sends(draft_request_execute, AsyncExecution)

    quote_withdraw = _reads(quoting(draft_withdraw))
    prepare_withdraw = _reads(planning(draft_withdraw, AsyncWithdrawal))
    withdraw = _sends(draft_withdraw, AsyncWithdrawal)

    quote_finalize_withdrawal = _reads(quoting(draft_finalize_withdrawal))
    prepare_finalize_withdrawal = _reads(planning(draft_finalize_withdrawal, AsyncFinalization))
    finalize_withdrawal = _sends(draft_finalize_withdrawal, AsyncFinalization)

    quote_claim_failed_deposit = _reads(quoting(draft_claim_failed_deposit))
    prepare_claim_failed_deposit = _reads(planning(draft_claim_failed_deposit, AsyncClaim))
    claim_failed_deposit = _sends(draft_claim_failed_deposit, AsyncClaim)

    async def finalize_withdrawals(
        self, withdrawals: Iterable[tuple[HexLike, int]]
    ) -> "list[AsyncFinalization | Exception]":
        """As `Wallet.finalize_withdrawals`."""
        outcomes = await self._run_submission(self._finalizing(withdrawals))
        return [one if isinstance(one, Exception) else AsyncFinalization(self, one) for one in outcomes]

    async def find_withdrawals(
        self,
        address: AddressLike | None = None,
        *,
        receiver: AddressLike | None = None,
        from_block: int,
        to_block: int | None = None,
        on_progress: Callable[[int], object] | None = None,
    ) -> list[AsyncWithdrawal]:
        """As `Wallet.find_withdrawals`."""
        blocks: dict[str, Any] = {"from_block": from_block, "to_block": to_block, "on_progress": on_progress}
        blocks["receiver"] = receiver
        found = self._found(await self.run(find_withdrawals(self._session, address, **blocks)))
        return [AsyncWithdrawal(self, one) for one in found]

    async def deposits_in(self, l1_tx_hash: HexLike) -> list[Any]:
        """As `Wallet.deposits_in`."""
        found = await self.run(find_deposits_in(self._session, l1_tx_hash))
        return [ASYNC_HANDLES[one.kind](self, one) for one in found]

    async def withdrawals_in(self, l2_tx_hash: HexLike) -> list[AsyncWithdrawal]:
        """As `Wallet.withdrawals_in`."""
        found = await self.run(find_withdrawals_in(self._session, l2_tx_hash))
        return [AsyncWithdrawal(self, one) for one in found]

    async def find_finalization(
        self, l2_tx_hash: HexLike, index: int = 0, *, from_block: int | None = None, bridge: Bridge | None = None
    ) -> AsyncFinalization | None:
        """As `Wallet.find_finalization`."""
        more: dict[str, Any] = {"from_block": from_block, "bridge": bridge}
        found = await self.run(finalize.find_finalization(self._session, l2_tx_hash, index, **more))
        return None if found is None else AsyncFinalization(self, self._paid(found, l2_tx_hash, index, bridge))

    # ------------------------------------------------------------ on L2 itself
    quote_execute = _reads(quoting(calling.draft_execute))
    prepare_execute = _reads(planning(calling.draft_execute, AsyncSentTransaction))
    execute = _sends(calling.draft_execute, AsyncSentTransaction)

    quote_deploy = _reads(quoting(calling.draft_deploy))
    prepare_deploy = _reads(planning(calling.draft_deploy, AsyncDeployment))
    deploy = _sends(calling.draft_deploy, AsyncDeployment)

    quote_deploy_era = _reads(quoting(calling.draft_deploy_era))
    prepare_deploy_era = _reads(planning(calling.draft_deploy_era, AsyncDeployment))
    deploy_era = _sends(calling.draft_deploy_era, AsyncDeployment)

    # ------------------------------------------------------------ around them
    quote_approve = _reads(quoting(transact.draft_approve))
    prepare_approve = _reads(planning(transact.draft_approve, AsyncSentTransaction))
    approve = _sends(transact.draft_approve, AsyncSentTransaction)

    quote_revoke = _reads(quoting(transact.draft_revoke))
    prepare_revoke = _reads(planning(transact.draft_revoke, AsyncSentTransaction))
    revoke = _sends(transact.draft_revoke, AsyncSentTransaction)

    quote_l2_approve = _reads(quoting(transact.draft_l2_approve))
    prepare_l2_approve = _reads(planning(transact.draft_l2_approve, AsyncSentTransaction))
    l2_approve = _sends(transact.draft_l2_approve, AsyncSentTransaction)

    quote_l2_revoke = _reads(quoting(transact.draft_l2_revoke))
    prepare_l2_revoke = _reads(planning(transact.draft_l2_revoke, AsyncSentTransaction))
    l2_revoke = _sends(transact.draft_l2_revoke, AsyncSentTransaction)

    quote_transfers = _reads(quoting(transact.draft_transfers))
    prepare_transfers = _reads(planning(transact.draft_transfers, AsyncSentTransaction))
    transfers = _sends(transact.draft_transfers, AsyncSentTransaction)

    quote_transfer = _reads(quoting(transact.draft_transfer))
    prepare_transfer = _reads(planning(transact.draft_transfer, AsyncSentTransaction))
    transfer = _sends(transact.draft_transfer, AsyncSentTransaction)

    quote_l1_transfer = _reads(quoting(transact.draft_l1_transfer))
    prepare_l1_transfer = _reads(planning(transact.draft_l1_transfer, AsyncSentTransaction))
    l1_transfer = _sends(transact.draft_l1_transfer, AsyncSentTransaction)

    get_base_cost = _reads(get_base_cost)
    is_withdrawal_finalized = _reads(finalize.is_withdrawal_finalized)
    get_finalize_withdrawal_params = _reads(finalize.get_finalize_withdrawal_params)
    get_message_proof = _reads(messages.get_message_proof)
    verify_message = _reads(messages.verify_message)
    get_priority_op_confirmation = _reads(get_priority_op_confirmation)
    get_balance = _reads(tokens.get_balance)
    get_balances = _reads(tokens.get_balances)
    get_l1_balance = _reads(tokens.get_l1_balance)
    get_l1_allowance = _reads(tokens.get_l1_allowance)
    l1_token_address = _reads(tokens.l1_token_address)
    l2_token_address = _reads(tokens.l2_token_address)
    asset_id = _reads(tokens.asset_id)
    get_base_token = _reads(tokens.get_base_token)
    is_eth_based_chain = _reads(tokens.is_eth_based_chain)
    get_bridge_addresses = _reads(tokens.get_bridge_addresses)
    get_deployment_nonce = _reads(tokens.get_deployment_nonce)

    # ------------------------------------------------------------ plans and handles
    async def submit(
        self, plan: Plan[H] | SignedPlan[H], *, reference: str | None = None, on_progress: Watch | None = None
    ) -> H:
        """As `Wallet.submit`."""
        record = await self._run_submission(self._submitting(plan, reference), on_progress=on_progress)
        handle: Any = ASYNC_HANDLES[record.kind](self, record)
        return handle  # type: ignore[no-any-return]

    async def resume_all(self) -> list[Any]:
        """As `Wallet.resume_all`."""
        return [ASYNC_HANDLES[record.kind](self, record) for record in await self._run_submission(self._resuming())]

    @overload
    def resume(self, handle_json: str | bytes) -> Any: ...
    @overload
    def resume(self, handle_json: str | bytes, kind: type[H]) -> H: ...
    def resume(self, handle_json: str | bytes, kind: type[Any] | None = None) -> Any:
        """The handle that `to_json` gave, in this process. Asks nothing. Raises InputError, as in `Wallet`."""
        record = self._resumed(handle_json, kind)
        return ASYNC_HANDLES[record.kind](self, record)

    async def run(
        self,
        step: Step[T],
        *,
        on_progress: Watch | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the flow's own
    ) -> T:
        """As `Wallet.run`."""
        with self._observed(step):
            return await self._driver.run(checked(self._session, step), on_progress=on_progress, timeout=timeout)

    async def _together(self, draft: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The record of an order, drafted, signed and sent with all that are asked for in the same turn of the event loop.

        Cancelled before it is signed, it is not; after that it goes on without its caller: it is in flight.
        """
        ended = asyncio.get_running_loop().create_future()
        order = self._order(draft, *args, **kwargs)
        order.wanted = lambda: not ended.cancelled()
        self._waiting.append((order, ended))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._order_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await ended

    async def _order_all(self) -> None:
        await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        while waiting:
            batch: dict[object, tuple[Order, asyncio.Future[Any]]] = {}
            later: list[tuple[Order, asyncio.Future[Any]]] = []
            for one in waiting:  # the same order twice is one after the other
                if one[0].reference in batch:
                    later.append(one)
                else:
                    batch[one[0].reference or one[1]] = one
            waiting, orders = later, [order for order, _ in batch.values()]
            failure: BaseException | None = None
            try:
                await self._run_submission(ordering(orders))
            except BaseException as error:  # noqa: BLE001  # it is told to those who wait
                failure = error
            for order, ended in batch.values():
                if ended.done():
                    continue
                if isinstance(failure, asyncio.CancelledError):
                    ended.cancel()
                elif isinstance(result := failure or self._result(order), BaseException):
                    ended.set_exception(result)
                else:
                    ended.set_result(result)

    async def _run_submission(self, submission: Submission[T], *, on_progress: Watch | None = None) -> T:
        """As `Wallet._run_submission`."""
        held: set[str] = set()

        async def own(effect: Hold | Free | Keep | Sign | Send) -> object:
            match effect:
                case Hold(names):
                    return await _to_its_end(self._hold, names, held)
                case Free(names):
                    return await _to_its_end(self._let_go, held, names)
                case Keep(act):
                    return await _to_its_end(act, self._journal)
                case Sign(transaction, reference, plan):
                    signer: Any = self._required_signer()
                    if hasattr(
                        signer, "request_id"
                    ):  # people are asked: written before, so that their answer finds its plan
                        kept = partial(self._journal.move, since=("asked",), approval=plan.to_json())
                        await _to_its_end(kept, reference, "asked")
                    sign: Any = signer.sign_transaction
                    return await (
                        sign(transaction) if iscoroutinefunction(sign) else asyncio.to_thread(sign, transaction)
                    )
                case Send(chain, raws):
                    return await send_raws_async(self._nodes[chain], raws)

        try:
            with self._observed(submission):
                step = checked(self._session, submission)
                return await self._driver.run(step, on_progress=on_progress, own=own)
        finally:
            self._let_go(held, held)


async def _to_its_end(act: Callable[..., T], *args: Any) -> T:
    """What may wait for a disk or another process, on a worker thread; cancelled, it is first waited for."""
    task = asyncio.ensure_future(asyncio.to_thread(act, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise

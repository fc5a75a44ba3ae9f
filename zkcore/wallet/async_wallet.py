"""The wallet of `zkcore.wallet.wallet` for asyncio: the same methods, awaited, over the same flows."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from inspect import iscoroutinefunction
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, overload

from zkcore.chains import ChainProfile
from zkcore.effects import Chain, Flow, Step, attempt, gather
from zkcore.errors import AlreadyFinalized
from zkcore.fees import FeePolicy
from zkcore.flows import tokens, transact
from zkcore.flows.claim import draft_claim_failed_deposit, get_priority_op_confirmation
from zkcore.flows.deposit import draft_deposit
from zkcore.flows.execute import draft_request_execute, get_base_cost
from zkcore.flows.finalize import (
    draft_finalize_withdrawal,
    get_finalize_withdrawal_params,
    get_message_proof,
    is_withdrawal_finalized,
    verify_message,
)
from zkcore.flows.find import find_withdrawals
from zkcore.flows.l1 import TxOptions
from zkcore.flows.records import Record, record_from_json
from zkcore.flows.session import Session
from zkcore.flows.withdraw import draft_withdraw
from zkcore.plan import (
    ClaimKind,
    DepositKind,
    Draft,
    ExecutionKind,
    FinalizationKind,
    Plan,
    SignedPlan,
    TransactionKind,
    WithdrawalKind,
)
from zkcore.rpc.http import AsyncHttpTransport
from zkcore.rpc.transport import AsyncTransport
from zkcore.signer import AsyncSigner, Signer
from zkcore.types import AddressLike, Hash32, HexLike
from zkcore.wallet._binding import Awaited, dress, kind_of_plan, kind_of_quote
from zkcore.wallet.base import WalletBase, first_step
from zkcore.wallet.drivers import AsyncDriver, Watch
from zkcore.wallet.handles import (
    ASYNC_HANDLES,
    AsyncClaim,
    AsyncDeposit,
    AsyncExecution,
    AsyncFinalization,
    AsyncSentTransaction,
    AsyncWithdrawal,
    Handle,
)
from zkcore.wallet.journal import Journal
from zkcore.wallet.submission import Send, Sign, Store, submission

__all__ = ["AsyncWallet"]

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
K = TypeVar("K", bound=str)
H = TypeVar("H", bound=Handle[Any])


def _reads(flow: Callable[Concatenate[Session, P], Flow[T]]) -> Callable[Concatenate["AsyncWallet", P], Awaited[T]]:
    async def method(self: "AsyncWallet", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(flow(self.session, *args, **kwargs))

    return dress(method, flow)


def _quotes(
    flow: Callable[Concatenate[Session, P], Flow[Draft[Q, K]]],
) -> Callable[Concatenate["AsyncWallet", P], Awaited[Q]]:
    async def method(self: "AsyncWallet", /, *args: P.args, **kwargs: P.kwargs) -> Q:
        return (await self.run(flow(self.session, *args, **kwargs))).quote

    return dress(method, flow, "quote_", returns=kind_of_quote)


def _prepares(
    flow: Callable[Concatenate[Session, P], Flow[Draft[Q, K]]],
) -> Callable[Concatenate["AsyncWallet", P], Awaited[Plan[K]]]:
    async def method(self: "AsyncWallet", /, *args: P.args, **kwargs: P.kwargs) -> Plan[K]:
        return (await self.run(flow(self.session, *args, **kwargs))).plan

    return dress(method, flow, "prepare_", returns=kind_of_plan)


def _sends(
    flow: Callable[Concatenate[Session, P], Flow[Draft[Q, K]]], handle: type[H]
) -> Callable[Concatenate["AsyncWallet", P], Awaited[H]]:
    async def method(self: "AsyncWallet", /, *args: P.args, **kwargs: P.kwargs) -> H:
        return handle(self, await self.send(flow(self.session, *args, **kwargs)))

    return dress(method, flow, returns=lambda _: handle)


class AsyncWallet(WalletBase[Signer | AsyncSigner, AsyncTransport]):
    """As `Wallet`, with awaited methods. A `Signer` that blocks signs on a worker thread. For one event loop."""

    def __init__(
        self,
        signer: Signer | AsyncSigner | AddressLike,
        *,
        l1: str | AsyncTransport,
        l2: str | AsyncTransport,
        profile: ChainProfile | None = None,
        bridgehub: AddressLike | None = None,
        trust_l2: bool = False,
        fees: FeePolicy = FeePolicy(),  # noqa: B008  # frozen
        journal: Journal | None = None,
    ) -> None:
        super().__init__(
            signer,
            AsyncHttpTransport(l1) if isinstance(l1, str) else l1,
            AsyncHttpTransport(l2) if isinstance(l2, str) else l2,
            profile=profile,
            bridgehub=bridgehub,
            trust_l2=trust_l2,
            fees=fees,
            journal=journal,
        )
        self._driver = AsyncDriver(self._nodes["l1"], self._nodes["l2"])
        self._locks = {"l1": asyncio.Lock(), "l2": asyncio.Lock()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the nodes."""
        for node in self._nodes.values():
            await node.aclose()

    # ------------------------------------------------------------ the six
    quote_deposit = _quotes(draft_deposit)
    prepare_deposit = _prepares(draft_deposit)
    deposit = _sends(draft_deposit, AsyncDeposit)

    quote_request_execute = _quotes(draft_request_execute)
    prepare_request_execute = _prepares(draft_request_execute)
    request_execute = _sends(draft_request_execute, AsyncExecution)

    get_base_cost = _reads(get_base_cost)

    quote_withdraw = _quotes(draft_withdraw)
    prepare_withdraw = _prepares(draft_withdraw)
    withdraw = _sends(draft_withdraw, AsyncWithdrawal)

    quote_finalize_withdrawal = _quotes(draft_finalize_withdrawal)
    prepare_finalize_withdrawal = _prepares(draft_finalize_withdrawal)
    is_withdrawal_finalized = _reads(is_withdrawal_finalized)
    get_finalize_withdrawal_params = _reads(get_finalize_withdrawal_params)

    async def finalize_withdrawal(
        self, l2_tx_hash: HexLike, index: int = 0, *, l1: TxOptions | None = None
    ) -> AsyncFinalization:
        try:
            record = await self.send(draft_finalize_withdrawal(self.session, l2_tx_hash, index, l1=l1))
        except AlreadyFinalized:
            record = self._done_before(l2_tx_hash, index)
        return AsyncFinalization(self, record)

    finalize_withdrawal.__doc__ = draft_finalize_withdrawal.__doc__

    async def finalize_withdrawals(
        self, withdrawals: Iterable[tuple[HexLike, int]]
    ) -> "list[AsyncFinalization | Exception]":
        """Finalize many, each by itself: one that fails is its exception in the list, and holds up none of the others."""
        wanted = [(Hash32(l2_tx_hash), index) for l2_tx_hash, index in withdrawals]
        drafts = [attempt(draft_finalize_withdrawal(self.session, *one), Exception) for one in wanted]
        marks = self._nonces.marks()
        outcomes: list[AsyncFinalization | Exception] = []
        for one, draft in zip(wanted, await self.run(gather(*drafts)), strict=True):
            try:
                record = self._done_before(*one) if isinstance(draft, AlreadyFinalized) else await self._send(draft, marks)
                outcomes.append(AsyncFinalization(self, record))
            except Exception as error:  # noqa: BLE001  # one bad withdrawal never blocks the rest
                outcomes.append(error)
        return outcomes

    async def find_withdrawals(
        self,
        address: AddressLike | None = None,
        *,
        from_block: int,
        to_block: int | None = None,
        on_progress: Callable[[int], object] | None = None,
    ) -> "list[AsyncWithdrawal]":
        found = await self.run(
            find_withdrawals(self.session, address, from_block=from_block, to_block=to_block, on_progress=on_progress)
        )
        return [AsyncWithdrawal(self, self._withdrawal(*one)) for one in found]

    quote_claim_failed_deposit = _quotes(draft_claim_failed_deposit)
    prepare_claim_failed_deposit = _prepares(draft_claim_failed_deposit)
    claim_failed_deposit = _sends(draft_claim_failed_deposit, AsyncClaim)

    # ------------------------------------------------------------ around them
    quote_approve = _quotes(transact.draft_approve)
    prepare_approve = _prepares(transact.draft_approve)
    approve = _sends(transact.draft_approve, AsyncSentTransaction)
    quote_transfer = _quotes(transact.draft_transfer)
    prepare_transfer = _prepares(transact.draft_transfer)
    transfer = _sends(transact.draft_transfer, AsyncSentTransaction)
    quote_l1_transfer = _quotes(transact.draft_l1_transfer)
    prepare_l1_transfer = _prepares(transact.draft_l1_transfer)
    l1_transfer = _sends(transact.draft_l1_transfer, AsyncSentTransaction)

    get_priority_op_confirmation = _reads(get_priority_op_confirmation)
    get_message_proof = _reads(get_message_proof)
    verify_message = _reads(verify_message)
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
    @overload
    async def submit(
        self, plan: Plan[DepositKind] | SignedPlan[DepositKind], *, on_progress: Watch | None = None
    ) -> AsyncDeposit: ...
    @overload
    async def submit(
        self, plan: Plan[ExecutionKind] | SignedPlan[ExecutionKind], *, on_progress: Watch | None = None
    ) -> AsyncExecution: ...
    @overload
    async def submit(
        self, plan: Plan[WithdrawalKind] | SignedPlan[WithdrawalKind], *, on_progress: Watch | None = None
    ) -> AsyncWithdrawal: ...
    @overload
    async def submit(
        self, plan: Plan[FinalizationKind] | SignedPlan[FinalizationKind], *, on_progress: Watch | None = None
    ) -> AsyncFinalization: ...
    @overload
    async def submit(
        self, plan: Plan[ClaimKind] | SignedPlan[ClaimKind], *, on_progress: Watch | None = None
    ) -> AsyncClaim: ...
    @overload
    async def submit(
        self, plan: Plan[TransactionKind] | SignedPlan[TransactionKind], *, on_progress: Watch | None = None
    ) -> AsyncSentTransaction: ...
    async def submit(self, plan: Plan[Any] | SignedPlan[Any], *, on_progress: Watch | None = None) -> Any:
        """As `Wallet.submit`."""
        self._check(plan)
        async with self._locks[first_step(plan).chain]:
            record = await self._submit(plan, on_progress=on_progress)
        return ASYNC_HANDLES[record.kind](self, record)

    def resume(self, handle_json: str | bytes) -> Any:
        """The handle that `to_json` gave, in this process. Asks nothing. Raises InputError."""
        record = record_from_json(handle_json)
        return ASYNC_HANDLES[record.kind](self, record)

    # ------------------------------------------------------------ how
    async def run(
        self,
        step: Step[T],
        *,
        on_progress: Watch | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the flow's own
    ) -> T:
        """As `Wallet.run`."""
        return await self._driver.run(step, on_progress=on_progress, timeout=timeout)

    async def send(self, flow: Flow[Draft[Any, Any]]) -> Any:
        """As `Wallet.send`."""
        self._required_signer()
        marks = self._nonces.marks()
        return await self._send(await self.run(flow), marks)

    async def _send(self, draft: Draft[Any, Any] | Exception, marks: Mapping[Chain, int]) -> Any:
        if isinstance(draft, Exception):
            raise draft
        plan: Plan[Any] = draft.plan
        chain = plan.steps[0].chain
        async with self._locks[chain]:
            if draft.nonce_fixed:
                return await self._submit(plan)
            nonce = await self.run(self._nonces.choose(plan, marks[chain]))
            return await self._submit(plan.at_nonce(chain, nonce), fresh=True)

    async def _submit(
        self, plan: Plan[Any] | SignedPlan[Any], *, fresh: bool = False, on_progress: Watch | None = None
    ) -> Record:
        run = self._driver.run(submission(plan, fresh=fresh), on_progress=on_progress, own=self._own)
        return self._sent(await run)

    async def _own(self, effect: Sign | Send | Store) -> object:
        match effect:
            case Sign(transaction):
                sign: Any = self._required_signer().sign_transaction
                return await (sign(transaction) if iscoroutinefunction(sign) else asyncio.to_thread(sign, transaction))
            case Send(chain, raw):
                return await self._nodes[chain].send_raw(raw)
            case Store():
                if self._journal is not None:
                    self._journal.record(effect)
                return None

"""The wallet of `zkcore.wallet.wallet` for asyncio: the same methods, awaited, over the same flows."""

import asyncio
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, overload

from zkcore.chains import ChainProfile
from zkcore.effects import Flow, Step
from zkcore.fees import FeePolicy
from zkcore.flows.deposit import draft_deposit
from zkcore.flows.execute import draft_request_execute
from zkcore.flows.records import Record, record_from_json
from zkcore.flows import tokens
from zkcore.flows.session import Session
from zkcore.plan import DepositKind, Draft, ExecutionKind, Plan, SignedPlan
from zkcore.rpc.http import AsyncHttpTransport
from zkcore.rpc.transport import AsyncTransport
from zkcore.signer import AsyncSigner, Signer
from zkcore.types import AddressLike
from zkcore.wallet._binding import Awaited, dress, kind_of_plan, kind_of_quote
from zkcore.wallet.base import WalletBase, first_step
from zkcore.wallet.drivers import AsyncDriver, Watch
from zkcore.wallet.handles import ASYNC_HANDLES, AsyncDeposit, AsyncExecution, Handle
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

    # ------------------------------------------------------------ around them
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

    async def send(self, flow: Flow[Draft[Any, Any]]) -> Record:
        """As `Wallet.send`."""
        self._required_signer()
        marks = self._nonces.marks()
        draft = await self.run(flow)
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

"""The wallet: an account, two nodes, and a method for each thing to do. Each method is one line over its flow."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from threading import Lock
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, overload

from zkcore.chains import ChainProfile
from zkcore.effects import Flow, Step
from zkcore.errors import InputError
from zkcore.fees import FeePolicy
from zkcore.flows.deposit import draft_deposit
from zkcore.flows.execute import draft_request_execute
from zkcore.flows.records import Record, record_from_json
from zkcore.flows import tokens
from zkcore.flows.session import Session
from zkcore.plan import DepositKind, Draft, ExecutionKind, Plan, SignedPlan
from zkcore.rpc.http import HttpTransport
from zkcore.rpc.transport import Transport
from zkcore.signer import Signer
from zkcore.types import AddressLike
from zkcore.wallet._binding import dress, kind_of_plan, kind_of_quote
from zkcore.wallet.base import WalletBase, first_step
from zkcore.wallet.drivers import Driver, Watch
from zkcore.wallet.handles import HANDLES, Deposit, Execution, Handle
from zkcore.wallet.journal import Journal
from zkcore.wallet.submission import Send, Sign, Store, submission

__all__ = ["Wallet"]

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
K = TypeVar("K", bound=str)
H = TypeVar("H", bound=Handle[Any])


def _reads(flow: Callable[Concatenate[Session, P], Flow[T]]) -> Callable[Concatenate["Wallet", P], T]:
    def method(self: "Wallet", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(flow(self.session, *args, **kwargs))

    return dress(method, flow)


def _quotes(flow: Callable[Concatenate[Session, P], Flow[Draft[Q, K]]]) -> Callable[Concatenate["Wallet", P], Q]:
    def method(self: "Wallet", /, *args: P.args, **kwargs: P.kwargs) -> Q:
        return self.run(flow(self.session, *args, **kwargs)).quote

    return dress(method, flow, "quote_", returns=kind_of_quote)


def _prepares(
    flow: Callable[Concatenate[Session, P], Flow[Draft[Q, K]]],
) -> Callable[Concatenate["Wallet", P], Plan[K]]:
    def method(self: "Wallet", /, *args: P.args, **kwargs: P.kwargs) -> Plan[K]:
        return self.run(flow(self.session, *args, **kwargs)).plan

    return dress(method, flow, "prepare_", returns=kind_of_plan)


def _sends(
    flow: Callable[Concatenate[Session, P], Flow[Draft[Q, K]]], handle: type[H]
) -> Callable[Concatenate["Wallet", P], H]:
    def method(self: "Wallet", /, *args: P.args, **kwargs: P.kwargs) -> H:
        return handle(self, self.send(flow(self.session, *args, **kwargs)))

    return dress(method, flow, returns=lambda _: handle)


class Wallet(WalletBase[Signer, Transport]):
    """An account on a ZKsync chain and its L1, by blocking calls. For any number of threads.

    `signer`: a `Signer`, or an address: then the wallet is watch-only, and signing raises NoSigner. `l1`, `l2`: URLs, or
    `Transport`s. `profile`: the chain with its pinned contracts; without one, the pinned profile of a known chain is taken, or
    name the `bridgehub` yourself, or say `trust_l2=True` to let the L2 node name it. `fees`: how much headroom the L1 gas price
    gets. `journal`: records what is in flight. No I/O here. Raises InputError.

    `quote_...` says what the method of that name costs and does, `prepare_...` gives its plan; neither signs or sends.
    """

    def __init__(
        self,
        signer: Signer | AddressLike,
        *,
        l1: str | Transport,
        l2: str | Transport,
        profile: ChainProfile | None = None,
        bridgehub: AddressLike | None = None,
        trust_l2: bool = False,
        fees: FeePolicy = FeePolicy(),  # noqa: B008  # frozen
        journal: Journal | None = None,
    ) -> None:
        if iscoroutinefunction(getattr(signer, "sign_transaction", None)):
            raise InputError("signer: an AsyncSigner signs for an AsyncWallet")
        super().__init__(
            signer,
            HttpTransport(l1) if isinstance(l1, str) else l1,
            HttpTransport(l2) if isinstance(l2, str) else l2,
            profile=profile,
            bridgehub=bridgehub,
            trust_l2=trust_l2,
            fees=fees,
            journal=journal,
        )
        self._driver = Driver(self._nodes["l1"], self._nodes["l2"])
        self._locks = {"l1": Lock(), "l2": Lock()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the nodes."""
        for node in self._nodes.values():
            node.close()

    # ------------------------------------------------------------ the six
    quote_deposit = _quotes(draft_deposit)
    prepare_deposit = _prepares(draft_deposit)
    deposit = _sends(draft_deposit, Deposit)

    quote_request_execute = _quotes(draft_request_execute)
    prepare_request_execute = _prepares(draft_request_execute)
    request_execute = _sends(draft_request_execute, Execution)

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
    def submit(
        self, plan: Plan[DepositKind] | SignedPlan[DepositKind], *, on_progress: Watch | None = None
    ) -> Deposit: ...
    @overload
    def submit(
        self, plan: Plan[ExecutionKind] | SignedPlan[ExecutionKind], *, on_progress: Watch | None = None
    ) -> Execution: ...
    def submit(self, plan: Plan[Any] | SignedPlan[Any], *, on_progress: Watch | None = None) -> Any:
        """Sign what is unsigned, send what is unsent, in order, and return the handle of the plan's kind. Idempotent.

        Raises NonceTaken if another transaction has used a nonce of it, InputError if it has expired or is not this
        account's, NoSigner, SignerError, TransactionFailed, NodeError.
        """
        self._check(plan)
        with self._locks[first_step(plan).chain]:
            record = self._submit(plan, on_progress=on_progress)
        return HANDLES[record.kind](self, record)

    def resume(self, handle_json: str | bytes) -> Any:
        """The handle that `to_json` gave, in this process. Asks nothing. Raises InputError."""
        record = record_from_json(handle_json)
        return HANDLES[record.kind](self, record)

    # ------------------------------------------------------------ how
    def run(self, step: Step[T], *, on_progress: Watch | None = None, timeout: float | None = None) -> T:
        """Run a flow, or a call of `zkcore.calls`, over this wallet's nodes. NodeTimeout after `timeout` seconds."""
        return self._driver.run(step, on_progress=on_progress, timeout=timeout)

    def send(self, flow: Flow[Draft[Any, Any]]) -> Record:
        """Prepare and submit at once, under a nonce of its own among all that is under way in this wallet."""
        self._required_signer()
        marks = self._nonces.marks()
        draft = self.run(flow)
        plan: Plan[Any] = draft.plan
        chain = plan.steps[0].chain
        with self._locks[chain]:
            if draft.nonce_fixed:
                return self._submit(plan)
            return self._submit(plan.at_nonce(chain, self.run(self._nonces.choose(plan, marks[chain]))), fresh=True)

    def _submit(
        self, plan: Plan[Any] | SignedPlan[Any], *, fresh: bool = False, on_progress: Watch | None = None
    ) -> Record:
        return self._sent(self._driver.run(submission(plan, fresh=fresh), on_progress=on_progress, own=self._own))

    def _own(self, effect: Sign | Send | Store) -> object:
        match effect:
            case Sign(transaction):
                return self._required_signer().sign_transaction(transaction)
            case Send(chain, raw):
                return self._nodes[chain].send_raw(raw)
            case Store():
                if self._journal is not None:
                    self._journal.record(effect)
                return None

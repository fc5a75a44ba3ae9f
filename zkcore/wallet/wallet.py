"""The wallet: an account, two nodes, and a method for each thing to do. Each method is one line over its flow."""

from collections.abc import Callable, Iterable, Sequence
from inspect import iscoroutinefunction
from os import PathLike
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, overload

from zkcore.effects import Flow, Step
from zkcore.errors import InputError
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
from zkcore.rpc.http import HttpTransport
from zkcore.rpc.several import Failover
from zkcore.rpc.transport import Transport
from zkcore.signer import CustomSigner, Signer
from zkcore.types import AddressLike, HexLike
from zkcore.wallet._binding import dress, planning, quoting
from zkcore.wallet.base import WalletBase, node_of
from zkcore.wallet.drivers import Driver, Watch, send_raws
from zkcore.wallet.handles import (
    HANDLES,
    Claim,
    Deployment,
    Deposit,
    Execution,
    Finalization,
    Handle,
    SentTransaction,
    Withdrawal,
)
from zkcore.wallet.observing import Observe
from zkcore.wallet.submission import Free, Hold, Keep, Send, Sign, Submission

__all__ = ["Wallet"]

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q")
H = TypeVar("H", bound=Handle[Any])


def _reads(flow: Callable[Concatenate[Session, P], Flow[T]]) -> Callable[Concatenate["Wallet", P], T]:
    def method(self: "Wallet", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(flow(self._session, *args, **kwargs))

    return dress(method, flow)


def _sends(
    draft: Callable[Concatenate[Session, P], Flow[Draft[Q]]], handle: type[H]
) -> Callable[Concatenate["Wallet", P], H]:
    def method(self: "Wallet", /, *args: P.args, **kwargs: P.kwargs) -> H:
        return handle(self, self._run_submission(self._ordering(self._order(draft, *args, **kwargs))))

    return dress(method, draft, returns=lambda _: handle)


class Wallet(WalletBase[Signer | CustomSigner, Transport]):
    """An account on a ZKsync chain and its L1, by blocking calls. For any number of threads.

    `signer`: a `Signer`, or an address: then the wallet is watch-only, and signing raises NoSigner. `l1`, `l2`: URLs, or
    `Transport`s, or a list of them: each is asked what the one before it fails at. `chain`: which chain it is: the name of a
    pinned one (`known_chains()`), its L2 chain id, or a `ChainProfile`. Of one that is not pinned, name the `bridgehub` too, or
    say `trust_l2=True` to let the L2 node name it. The nodes' chain ids are compared with it before anything of theirs is taken
    for an answer. `fees`: how much headroom the L1 gas price gets. `journal`: a path, or a journal, that keeps what is in
    flight. `observe`: is told of what is done, see `zkcore.observe`. No I/O here. Raises InputError; what asks raises
    ChainIdMismatch.

    Every write takes `reference=`, the caller's own name of the order: asked for again under it, the order is the same, and paid
    once. Without a journal, what is in flight is remembered in this process, and lost with it.

    `quote_...` says what the method of that name costs and does, `prepare_...` gives its plan; neither signs or sends.
    """

    _handles = HANDLES

    def __init__(
        self,
        signer: Signer | CustomSigner | AddressLike,
        *,
        chain: int | str | ChainProfile,
        l1: str | Transport | Sequence[str | Transport],
        l2: str | Transport | Sequence[str | Transport],
        bridgehub: AddressLike | None = None,
        trust_l2: bool = False,
        fees: FeePolicy = FeePolicy(),  # noqa: B008  # frozen
        journal: "JournalLike | str | PathLike[str] | None" = None,
        observe: Observe | None = None,
    ) -> None:
        if iscoroutinefunction(getattr(signer, "sign_transaction", None)):
            raise InputError("signer: an AsyncSigner signs for an AsyncWallet")
        nodes: list[Transport] = [node_of(node, HttpTransport, Failover) for node in (l1, l2)]
        more: dict[str, Any] = {"chain": chain, "bridgehub": bridgehub, "trust_l2": trust_l2}
        super().__init__(signer, *nodes, fees=fees, journal=journal, observe=observe, **more)
        self._driver = Driver(self._nodes["l1"], self._nodes["l2"], observe=observe)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the nodes, and the journal if it was given as a path."""
        for node in self._nodes.values():
            node.close()
        if self._opened is not None:
            self._opened.close()

    # ------------------------------------------------------------ what moves value
    quote_deposit = _reads(quoting(draft_deposit))
    prepare_deposit = _reads(planning(draft_deposit, Deposit))
    deposit = _sends(draft_deposit, Deposit)

    quote_request_execute = _reads(quoting(draft_request_execute))
    prepare_request_execute = _reads(planning(draft_request_execute, Execution))
    request_execute = _sends(draft_request_execute, Execution)

    quote_withdraw = _reads(quoting(draft_withdraw))
    prepare_withdraw = _reads(planning(draft_withdraw, Withdrawal))
    withdraw = _sends(draft_withdraw, Withdrawal)

    quote_finalize_withdrawal = _reads(quoting(draft_finalize_withdrawal))
    prepare_finalize_withdrawal = _reads(planning(draft_finalize_withdrawal, Finalization))
    finalize_withdrawal = _sends(draft_finalize_withdrawal, Finalization)

    quote_claim_failed_deposit = _reads(quoting(draft_claim_failed_deposit))
    prepare_claim_failed_deposit = _reads(planning(draft_claim_failed_deposit, Claim))
    claim_failed_deposit = _sends(draft_claim_failed_deposit, Claim)

    def finalize_withdrawals(self, withdrawals: Iterable[tuple[HexLike, int]]) -> "list[Finalization | Exception]":
        """Finalize many, each by itself: one that fails is its exception in the list, and holds up none of the others."""
        outcomes = self._run_submission(self._finalizing(withdrawals))
        return [one if isinstance(one, Exception) else Finalization(self, one) for one in outcomes]

    def find_withdrawals(
        self,
        address: AddressLike | None = None,
        *,
        receiver: AddressLike | None = None,
        from_block: int,
        to_block: int | None = None,
        on_progress: Callable[[int], object] | None = None,
    ) -> list[Withdrawal]:
        """The withdrawals of an address, or to one on L1, that are not finalized. See `zkcore.flows.find.find_withdrawals`."""
        blocks: dict[str, Any] = {"from_block": from_block, "to_block": to_block, "on_progress": on_progress}
        blocks["receiver"] = receiver
        return [
            Withdrawal(self, one) for one in self._found(self.run(find_withdrawals(self._session, address, **blocks)))
        ]

    def deposits_in(self, l1_tx_hash: HexLike) -> list[Any]:
        """A handle for each request of an L1 transaction to this chain, whoever sent it. See `zkcore.flows.lookup`."""
        return [HANDLES[one.kind](self, one) for one in self.run(find_deposits_in(self._session, l1_tx_hash))]

    def withdrawals_in(self, l2_tx_hash: HexLike) -> list[Withdrawal]:
        """A handle for each withdrawal of an L2 transaction, whoever sent it. See `zkcore.flows.lookup`."""
        return [Withdrawal(self, one) for one in self.run(find_withdrawals_in(self._session, l2_tx_hash))]

    def find_finalization(
        self, l2_tx_hash: HexLike, index: int = 0, *, from_block: int | None = None, bridge: Bridge | None = None
    ) -> Finalization | None:
        """Who finalized a withdrawal: a handle of the L1 transaction. See `zkcore.flows.finalize.find_finalization`."""
        more: dict[str, Any] = {"from_block": from_block, "bridge": bridge}
        found = self.run(finalize.find_finalization(self._session, l2_tx_hash, index, **more))
        return None if found is None else Finalization(self, self._paid(found, l2_tx_hash, index, bridge))

    # ------------------------------------------------------------ on L2 itself
    quote_execute = _reads(quoting(calling.draft_execute))
    prepare_execute = _reads(planning(calling.draft_execute, SentTransaction))
    execute = _sends(calling.draft_execute, SentTransaction)

    quote_deploy = _reads(quoting(calling.draft_deploy))
    prepare_deploy = _reads(planning(calling.draft_deploy, Deployment))
    deploy = _sends(calling.draft_deploy, Deployment)

    quote_deploy_era = _reads(quoting(calling.draft_deploy_era))
    prepare_deploy_era = _reads(planning(calling.draft_deploy_era, Deployment))
    deploy_era = _sends(calling.draft_deploy_era, Deployment)

    # ------------------------------------------------------------ around them
    quote_approve = _reads(quoting(transact.draft_approve))
    prepare_approve = _reads(planning(transact.draft_approve, SentTransaction))
    approve = _sends(transact.draft_approve, SentTransaction)

    quote_revoke = _reads(quoting(transact.draft_revoke))
    prepare_revoke = _reads(planning(transact.draft_revoke, SentTransaction))
    revoke = _sends(transact.draft_revoke, SentTransaction)

    quote_l2_approve = _reads(quoting(transact.draft_l2_approve))
    prepare_l2_approve = _reads(planning(transact.draft_l2_approve, SentTransaction))
    l2_approve = _sends(transact.draft_l2_approve, SentTransaction)

    quote_l2_revoke = _reads(quoting(transact.draft_l2_revoke))
    prepare_l2_revoke = _reads(planning(transact.draft_l2_revoke, SentTransaction))
    l2_revoke = _sends(transact.draft_l2_revoke, SentTransaction)

    quote_transfers = _reads(quoting(transact.draft_transfers))
    prepare_transfers = _reads(planning(transact.draft_transfers, SentTransaction))
    transfers = _sends(transact.draft_transfers, SentTransaction)

    quote_transfer = _reads(quoting(transact.draft_transfer))
    prepare_transfer = _reads(planning(transact.draft_transfer, SentTransaction))
    transfer = _sends(transact.draft_transfer, SentTransaction)

    quote_l1_transfer = _reads(quoting(transact.draft_l1_transfer))
    prepare_l1_transfer = _reads(planning(transact.draft_l1_transfer, SentTransaction))
    l1_transfer = _sends(transact.draft_l1_transfer, SentTransaction)

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
    def submit(
        self, plan: Plan[H] | SignedPlan[H], *, reference: str | None = None, on_progress: Watch | None = None
    ) -> H:
        """Sign what is unsigned, send what is unsent, in order, and return the handle of the plan's kind. Idempotent.

        `reference`: the caller's own name of the order; without one, the plan itself is its identity.

        Raises NonceTaken if another transaction has a nonce of it, SendUncertain if nobody can tell whether it is sent,
        InputError if it has expired, is not this account's, or if the reference is another order's, NoSigner, SignerError,
        TransactionFailed, NodeError.
        """
        record = self._run_submission(self._submitting(plan, reference), on_progress=on_progress)
        handle: Any = HANDLES[record.kind](self, record)
        return handle  # type: ignore[no-any-return]

    def resume_all(self) -> list[Any]:
        """A handle for each order in flight. What is signed and with no node is sent; what was never signed is not signed."""
        return [HANDLES[record.kind](self, record) for record in self._run_submission(self._resuming())]

    @overload
    def resume(self, handle_json: str | bytes) -> Any: ...
    @overload
    def resume(self, handle_json: str | bytes, kind: type[H]) -> H: ...
    def resume(self, handle_json: str | bytes, kind: type[Any] | None = None) -> Any:
        """The handle that `to_json` gave, in this process. Asks nothing.

        Raises InputError, also if it is not of this `kind`, this account or (ChainIdMismatch) this chain.
        """
        record = self._resumed(handle_json, kind)
        return HANDLES[record.kind](self, record)

    def run(self, step: Step[T], *, on_progress: Watch | None = None, timeout: float | None = None) -> T:
        """Run a flow, or a call of `zkcore.methods.calls`, over this wallet's nodes. NodeTimeout after `timeout` seconds."""
        with self._observed(step):
            return self._driver.run(checked(self._session, step), on_progress=on_progress, timeout=timeout)

    def _run_submission(self, submission: Submission[T], *, on_progress: Watch | None = None) -> T:
        """Run what signs and sends. What it holds is given back at its end, whatever that is."""
        held: set[str] = set()

        def own(effect: Hold | Free | Keep | Sign | Send) -> object:
            match effect:
                case Hold(names):
                    return self._hold(names, held)
                case Free(names):
                    self._let_go(held, names)
                case Keep(act):
                    return act(self._journal)
                case Sign(transaction):
                    return self._required_signer().sign_transaction(transaction)
                case Send(chain, raws):
                    return send_raws(self._nodes[chain], raws)
            return None

        try:
            with self._observed(submission):
                return self._driver.run(checked(self._session, submission), on_progress=on_progress, own=own)
        finally:
            self._let_go(held, held)

"""On L2 itself: any call, and the deployment of contracts. As type 2 where that is enough, which every device shows."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import InputError, NoContract, NodeError, NotDeployed, Reverted, UnsupportedProtocol
from zkcore.ethereum.hashing import keccak256
from zkcore.flows.l1 import AccountState, TxOptions, Unsigned, account_state, receiver
from zkcore.flows.session import ChainFacts, Session, chain_facts, named
from zkcore.flows.tokens import get_deployment_nonce
from zkcore.flows.transact import TxQuote, draft_calls
from zkcore.methods import calls
from zkcore.methods.replies import Receipt
from zkcore.plans.facts import StepKind
from zkcore.plans.plan import Draft
from zkcore.protocol.addresses import create2
from zkcore.protocol.contracts import (
    CONTRACT_DEPLOYER,
    CONTRACT_DEPLOYER_ADDRESS,
    ZERO_ADDRESS,
)
from zkcore.protocol.deployments import (
    DETERMINISTIC_DEPLOYER_CODE,
    EraDeployment,
    EraKind,
    check_factory_deps,
    created,
    deploys,
    evm_deployment,
)
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import AccessListLike, Eip712Transaction, parse_transaction
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes, uint

__all__ = ["check_deployed", "draft_deploy", "draft_deploy_era", "draft_execute"]

_MAX_INIT_CODE: Final = 49_152  # bytes: EIP-3860, on both stacks


def draft_execute(
    session: Session,
    to: AddressLike,
    data: HexLike = b"",
    value: int = 0,
    *,
    paymaster: Paymaster | None = None,
    factory_deps: Sequence[HexLike] = (),
    access_list: AccessListLike = (),
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Call a contract on L2, with `value` in base-token wei: as type 2, or as 0x71 with a paymaster or factory deps (Era only).

    `factory_deps`: EraVM bytecodes that the call deploys. `access_list`: of ZKsync OS alone; Era takes none. What deploys a
    contract is for `deploy` and `deploy_era`, which foresee its address and look for it.
    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    session = named(session, reference)
    target, call = Address(to), hex_bytes(data, "data")
    if not call:
        target = receiver(target)
    elif target == ZERO_ADDRESS:
        raise InputError("to: the zero address is nobody's: what is sent there is lost")
    if deploys(target, call):
        raise InputError(f"to: {target} deploys contracts: deploy and deploy_era are for that")
    deps = tuple(hex_bytes(code, "factory_deps") for code in factory_deps)
    check_factory_deps(deps)
    accesses = tuple((Address(at), tuple(Hash32(key) for key in keys)) for at, keys in access_list)
    facts, state, code = yield from gather(
        chain_facts(session), account_state(session, "l2", l2), calls.get_code("l2", target)
    )
    if accesses and facts.stack == "era":
        raise UnsupportedProtocol("access_list: Era takes no access lists, give none")
    step = Unsigned(to=target, data=call, value=uint(value, "value"), factory_deps=deps, access_list=accesses)
    notes = (f"there is no code at {target}: the call does nothing but send its value",) if call and not code else ()
    steps: list[tuple[StepKind, Unsigned]] = [("call", step)]
    more: dict[str, Any] = {"paymaster": paymaster, "notes": notes}
    return (yield from draft_calls(session, facts, state, "l2", "transaction", steps, l2, **more))


def draft_deploy(
    session: Session,
    init_code: HexLike,
    *,
    salt: HexLike | None = None,
    value: int = 0,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Deploy EVM code on L2, on either stack: by CREATE, or with a salt by CREATE2 through the deterministic deployer.

    `init_code`: the creation code, with the constructor's arguments behind it. `salt`: 32 bytes. `value`: for the constructor,
    in base-token wei. Where it will stand is in the quote and in the preview: by CREATE it follows from the nonce. The
    deployer's own code is compared with what it should be. An Era chain has to allow EVM code: else UnsupportedProtocol.
    Raises InputError also where the address is taken, InsufficientBalance, Reverted, NodeError.
    """
    session = named(session, reference)
    to, data = evm_deployment(init_code, salt)
    code = data if salt is None else data[32:]
    if len(code) > _MAX_INIT_CODE:
        raise InputError(f"init_code: {len(code)} bytes, at most {_MAX_INIT_CODE} can be deployed (EIP-3860)")
    facts, state, _ = yield from gather(
        chain_facts(session),
        account_state(session, "l2", l2),
        _deployer(to, create2(to, Hash32(salt), keccak256(code)) if to and salt is not None else None),
    )
    if facts.stack == "era" and not (yield from _takes_evm()):
        raise UnsupportedProtocol("this Era chain runs no EVM code: deploy EraVM bytecode by deploy_era")
    step = Unsigned(to=to, data=data, value=uint(value, "value"))
    return (yield from _deploying(session, facts, state, step, l2))


def draft_deploy_era(
    session: Session,
    bytecode: HexLike,
    constructor_data: HexLike = b"",
    *,
    salt: HexLike | None = None,
    factory_deps: Sequence[HexLike] = (),
    kind: EraKind = "contract",
    value: int = 0,
    paymaster: Paymaster | None = None,
    reference: str | None = None,
    l2: TxOptions | None = None,
) -> Flow[Draft[TxQuote]]:
    """Deploy EraVM bytecode on an Era chain through the ContractDeployer, as 0x71 with the bytecode as a factory dep.

    By create, or with a salt of 32 bytes by create2. `kind` "account": a contract that may send transactions (createAccount).
    `constructor_data`: the ABI-encoded arguments. `factory_deps`: other bytecodes that it deploys itself. From L1 it is
    `request_execute` with `zkcore.protocol.deployments.EraDeployment`. An address without a salt follows from the account's
    deployment nonce: of two at once, only one gets the one foreseen, and the handle of the other says so.
    Raises InputError, InsufficientBalance, UnsupportedProtocol, Reverted, NodeError.
    """
    session = named(session, reference)
    more = tuple(hex_bytes(code, "factory_deps") for code in factory_deps)
    asked = EraDeployment(bytecode=bytecode, constructor_data=constructor_data, salt=salt, kind=kind, more_deps=more)
    foreseen = None if asked.salt is None else asked.address(session.address)
    facts, state, _ = yield from gather(
        chain_facts(session), account_state(session, "l2", l2), _deployer(None, foreseen)
    )
    if facts.stack != "era":
        raise UnsupportedProtocol("deploy_era: ZKsync OS runs EVM code alone: deploy that by deploy")
    nonce = None if foreseen else (yield from get_deployment_nonce(session))
    data, deps = asked.calldata, asked.factory_deps
    step = Unsigned(to=CONTRACT_DEPLOYER_ADDRESS, data=data, value=uint(value, "value"), factory_deps=deps)
    said: dict[str, Any] = {"paymaster": paymaster, "deployment_nonce": nonce}
    return (yield from _deploying(session, facts, state, step, l2, **said))


def _deploying(
    session: Session, facts: ChainFacts, state: AccountState, step: Unsigned, l2: TxOptions | None, **more: Any
) -> Flow[Draft[TxQuote]]:
    steps: list[tuple[StepKind, Unsigned]] = [("deploy", step)]
    draft = yield from draft_calls(session, facts, state, "l2", "deployment", steps, l2, **more)
    plan = draft.plan
    made = created(plan.steps[-1].transaction, session.address, plan.facts.deployment_nonce)
    return replace(draft, quote=replace(draft.quote, contract=made.address))


def _deployer(deployer: Address | None, foreseen: Address | None) -> Flow[None]:
    """The deterministic deployer, if it is that, is what it should be, and nothing stands where the contract will."""
    asked = [at for at in (deployer, foreseen) if at is not None]
    found = dict(zip(asked, (yield from gather(*[calls.get_code("l2", at) for at in asked])), strict=True))
    if deployer is not None and found[deployer] != DETERMINISTIC_DEPLOYER_CODE:
        there = f"other code, of {len(found[deployer])} bytes" if found[deployer] else "no code"
        raise InputError(
            f"salt: at the deterministic deployer {deployer} there is {there} on this chain: nothing is deployed by it. "
            "Without a salt it goes by CREATE"
        )
    if foreseen is not None and found[foreseen]:
        raise InputError(f"salt: at {foreseen}, where this would stand, a contract stands already")


def _takes_evm() -> Flow[bool]:
    """Whether an Era chain runs EVM code. Its deployer does not have the question before v27: then it does not."""
    question = CONTRACT_DEPLOYER.allowed_bytecode_types_to_deploy
    mode = yield from attempt(attempt(calls.eth_call("l2", CONTRACT_DEPLOYER_ADDRESS, question), Reverted), NodeError)
    if isinstance(mode, NodeError) and not isinstance(mode, NoContract):
        raise mode
    return not isinstance(mode, Exception) and mode[0] == 1


def check_deployed(receipt: Receipt, foreseen: Address, signed: HexLike | None) -> Flow[None]:
    """The chain tells of the contract where it was foreseen, and shows its code: of EraVM what was sent.

    Raises NotDeployed.
    """
    tx = parse_transaction(signed)[0] if signed else None
    era = tx is not None and tx.to == CONTRACT_DEPLOYER_ADDRESS
    told: set[Address] = set() if receipt.contract_address is None else {receipt.contract_address}
    for log in receipt.logs if era else ():
        if log.address == CONTRACT_DEPLOYER_ADDRESS and log.topics[:1] == (_DEPLOYED.topic,) and len(log.topics) == 4:
            told.add(Address(log.topics[3][12:]))
    if told and foreseen not in told:
        raise NotDeployed(tx_hash=receipt.transaction_hash, contract=foreseen, why=f"the chain tells of {sorted(told)}")
    code = yield from calls.get_code("l2", foreseen)
    expected = tx.factory_deps[0] if era and isinstance(tx, Eip712Transaction) else None
    if not code or expected not in (None, code):
        why = "other code stands there than was sent" if code else "no code stands there"
        raise NotDeployed(tx_hash=receipt.transaction_hash, contract=foreseen, why=why)


_DEPLOYED: Final = CONTRACT_DEPLOYER.contract_deployed

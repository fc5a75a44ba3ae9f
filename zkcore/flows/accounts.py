"""Accounts that are contracts, on Era: what such an account is, and whether a signature is its own."""

from typing import Any, Final

from zkcore.effects import Flow, attempt, gather
from zkcore.errors import BadSignature, InputError, MalformedReply, NoContract, NodeError, Reverted
from zkcore.flows.session import Session
from zkcore.methods import calls
from zkcore.plans.plan import SignedPlan
from zkcore.protocol.contracts import CONTRACT_DEPLOYER, CONTRACT_DEPLOYER_ADDRESS, ERC1271

__all__ = ["check_account", "check_signatures"]

_MAGIC: Final = ERC1271.is_valid_signature.selector


def check_account(session: Session) -> Flow[None]:
    """The session's address is an account whose nonces go up by one. Raises InputError."""
    question = CONTRACT_DEPLOYER.get_account_info
    version, ordering = yield from calls.eth_call("l2", CONTRACT_DEPLOYER_ADDRESS, question, session.address)
    if version == 0:
        raise InputError(
            f"{session.address} is no account that can send transactions (ContractDeployer.getAccountInfo)"
        )
    if ordering != 0:
        raise InputError(
            f"the account {session.address} has arbitrary nonce ordering, which zkcore does not serve: which nonces it has used "
            "cannot be told from their count"
        )


def check_signatures(signed: SignedPlan[Any]) -> Flow[None]:
    """The account itself takes each custom signature for its own (EIP-1271), before anything is sent. Raises BadSignature."""
    account = signed.plan.sender
    asked = [
        calls.eth_call("l2", account, ERC1271.is_valid_signature, transaction.signing_hash(), signature.to_bytes())
        for transaction, signature in signed.custom
    ]
    for answer in (yield from gather(*[attempt(attempt(one, Reverted), NodeError) for one in asked])):
        if isinstance(answer, NodeError) and not isinstance(answer, NoContract | MalformedReply):
            raise answer
        if isinstance(answer, Exception) or answer[0] != _MAGIC:
            why = f": {answer}" if isinstance(answer, Exception) else ""
            raise BadSignature(f"the account {account} does not take this signature for its own (EIP-1271){why}")

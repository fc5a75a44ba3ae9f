"""zkcore: value and calls between Ethereum (L1) and ZKsync chains (L2), signed by a key, a Ledger or a Trezor.

Everything here is loaded when it is first asked for: `import zkcore` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkcore.errors import ZkCoreError
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.ethereum.hashing import keccak256
    from zkcore.ethereum.signature import Signature
    from zkcore.flows.finalize import WithdrawalStatus
    from zkcore.flows.l1 import TxOptions
    from zkcore.flows.status import RequestStatus
    from zkcore.journal import Journal
    from zkcore.plans.plan import Plan, SignedPlan, sign_plan
    from zkcore.plans.preview import Preview, preview
    from zkcore.protocol.chains import Bridge, ChainProfile, Token
    from zkcore.protocol.fees import FeePolicy
    from zkcore.protocol.paymaster import Paymaster
    from zkcore.protocol.pinned import known_chains, known_profile
    from zkcore.rpc import AsyncHttpTransport, AsyncTransport, HttpTransport, Limits, Transport
    from zkcore.signer import AsyncSigner, Capability, Signer
    from zkcore.transactions import parse_transaction
    from zkcore.types import ETH, MAX, Address, AddressLike, Hash32, HexLike, ether, format_units, gwei, parse_units
    from zkcore.wallet.async_wallet import AsyncWallet
    from zkcore.wallet.handles import (
        AsyncClaim,
        AsyncDeployment,
        AsyncDeposit,
        AsyncExecution,
        AsyncFinalization,
        AsyncSentTransaction,
        AsyncWithdrawal,
        Claim,
        Deployment,
        Deposit,
        Execution,
        Finalization,
        SentTransaction,
        Withdrawal,
    )
    from zkcore.wallet.keeper import AsyncKeeper, Keeper, KeeperPolicy
    from zkcore.wallet.wallet import Wallet

# where the names above are, for the moment when one is asked for
_ROOMS = {
    "errors": "ZkCoreError",
    "ethereum.eip712": "TypedData",
    "ethereum.hashing": "keccak256",
    "ethereum.signature": "Signature",
    "flows.finalize": "WithdrawalStatus",
    "flows.l1": "TxOptions",
    "flows.status": "RequestStatus",
    "journal": "Journal",
    "plans.plan": "Plan SignedPlan sign_plan",
    "plans.preview": "Preview preview",
    "protocol.chains": "Bridge ChainProfile Token",
    "protocol.fees": "FeePolicy",
    "protocol.paymaster": "Paymaster",
    "protocol.pinned": "known_chains known_profile",
    "rpc": "AsyncHttpTransport AsyncTransport HttpTransport Limits Transport",
    "signer": "AsyncSigner Capability Signer",
    "transactions": "parse_transaction",
    "types": "Address AddressLike ETH MAX Hash32 HexLike ether format_units gwei parse_units",
    "wallet.async_wallet": "AsyncWallet",
    "wallet.handles": "AsyncClaim AsyncDeployment AsyncDeposit AsyncExecution AsyncFinalization AsyncSentTransaction "
    "AsyncWithdrawal Claim Deployment Deposit Execution Finalization SentTransaction Withdrawal",
    "wallet.keeper": "AsyncKeeper Keeper KeeperPolicy",
    "wallet.wallet": "Wallet",
}
_WHERE = {name: room for room, names in _ROOMS.items() for name in names.split()}

# fmt: off
__all__ = [
    "ETH", "MAX", "Address", "AddressLike", "AsyncClaim", "AsyncDeployment", "AsyncDeposit", "AsyncExecution",
    "AsyncFinalization", "AsyncHttpTransport", "AsyncKeeper", "AsyncSentTransaction", "AsyncSigner", "AsyncTransport",
    "AsyncWallet", "AsyncWithdrawal", "Bridge", "Capability", "ChainProfile", "Claim", "Deployment", "Deposit",
    "Execution", "FeePolicy", "Finalization", "Hash32", "HexLike", "HttpTransport", "Journal", "Keeper", "KeeperPolicy",
    "Limits", "Paymaster", "Plan", "Preview", "RequestStatus", "SentTransaction", "Signature", "SignedPlan", "Signer",
    "Token", "Transport", "TxOptions", "TypedData", "Wallet", "Withdrawal", "WithdrawalStatus", "ZkCoreError", "ether",
    "format_units", "gwei", "keccak256", "known_chains", "known_profile", "parse_transaction", "parse_units", "preview",
    "sign_plan",
]
# fmt: on


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'zkcore' has no attribute {name!r}")
    value = getattr(import_module(f"zkcore.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""zkcore: value and calls between Ethereum (L1) and ZKsync chains (L2), signed by a key, a Ledger or a Trezor.

Everything here is loaded when it is first asked for: `import zkcore` itself costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkcore.chains import ChainProfile, Token, known_profile
    from zkcore.errors import ZkCoreError
    from zkcore.fees import FeePolicy
    from zkcore.flows.l1 import TxOptions
    from zkcore.hashing import keccak256
    from zkcore.paymaster import Paymaster
    from zkcore.plan import Plan, SignedPlan, sign_plan
    from zkcore.preview import Preview, preview
    from zkcore.signer import AsyncSigner, Capability, Signature, Signer
    from zkcore.transactions import parse_transaction
    from zkcore.types import ETH, Address, Hash32, ether, format_units, gwei, parse_units
    from zkcore.wallet.async_wallet import AsyncWallet
    from zkcore.wallet.journal import Journal
    from zkcore.wallet.wallet import Wallet

_WHERE = {
    "Address": "types",
    "AsyncSigner": "signer",
    "AsyncWallet": "wallet.async_wallet",
    "Capability": "signer",
    "ChainProfile": "chains",
    "ETH": "types",
    "FeePolicy": "fees",
    "Hash32": "types",
    "Journal": "wallet.journal",
    "Paymaster": "paymaster",
    "Plan": "plan",
    "Preview": "preview",
    "Signature": "signer",
    "SignedPlan": "plan",
    "Signer": "signer",
    "Token": "chains",
    "TxOptions": "flows.l1",
    "Wallet": "wallet.wallet",
    "ZkCoreError": "errors",
    "ether": "types",
    "format_units": "types",
    "gwei": "types",
    "keccak256": "hashing",
    "known_profile": "chains",
    "parse_transaction": "transactions",
    "parse_units": "types",
    "preview": "preview",
    "sign_plan": "plan",
}

# fmt: off
__all__ = [
    "ETH", "Address", "AsyncSigner", "AsyncWallet", "Capability", "ChainProfile", "FeePolicy", "Hash32", "Journal",
    "Paymaster", "Plan", "Preview", "Signature", "SignedPlan", "Signer", "Token", "TxOptions", "Wallet", "ZkCoreError",
    "ether", "format_units", "gwei", "keccak256", "known_profile", "parse_transaction", "parse_units", "preview",
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

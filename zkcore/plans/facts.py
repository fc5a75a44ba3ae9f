"""What plans are made of: their kinds, the facts that they were built on, and their steps."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from zkcore.effects import Chain
from zkcore.transactions import Transaction
from zkcore.types import Address, Hash32

__all__ = ["UNPINNED", "PlanFacts", "PlanKind", "PlanStep", "StepKind"]

PlanKind: TypeAlias = Literal[
    "deposit", "execution", "withdrawal", "finalization", "claim", "transaction", "deployment"
]  # fmt: skip
StepKind: TypeAlias = Literal[
    "approve", "deposit", "execute", "withdraw", "finalize", "claim", "transfer", "call", "deploy"
]  # fmt: skip


UNPINNED: Final = (
    "the profile, NOT the pinned one"  # the origin of a bridgehub that the caller's profile says is another
)


class PlanFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a plan was built on. `origins` says of each address where it came from; gas prices are wei.

    `bridge` and `l2_bridge`: the pair of a bridge beside the vault. `approves`: whether the order may approve what it takes.
    `holds_up_to_gas_price`: the L1 gas price at which the mint value stops being enough; None where there is none.
    `expires_after_l1_block`: past this L1 block `submit` refuses the plan; None if it does not age. `l2_tx_hash` and
    `l2_index`: the withdrawal or the deposit that a finalization or a claim settles. `replaces`: the transactions under the
    same nonce that this one is to take the place of. `deployment_nonce`: that an EraVM address without a salt follows from.
    `reference`: the caller's own name of the order, if it was given one.
    """

    l1_chain_id: int
    l2_chain_id: int
    bridgehub: Address
    diamond: Address
    asset_router: Address
    nullifier: Address | None = None
    native_token_vault: Address | None = None
    interop_handler: Address | None = None
    bridge: Address | None = None
    l2_bridge: Address | None = None
    approves: bool = True
    base_token: Address
    stack: str
    protocol_version: int
    origins: Mapping[str, str] = {}
    l1_block: int | None = None
    holds_up_to_gas_price: int | None = None
    expires_after_l1_block: int | None = None
    l2_tx_hash: Hash32 | None = None
    l2_index: int = 0
    replaces: tuple[Hash32, ...] = ()
    deployment_nonce: int | None = None
    route: str = ""
    notes: tuple[str, ...] = ()
    reference: str | None = None


class PlanStep(Struct, frozen=True, kw_only=True):
    """One transaction to sign and send, once the steps in `after` (their places in the plan) are included."""

    kind: StepKind
    chain: Chain
    transaction: Transaction
    after: tuple[int, ...] = ()

"""What `print` shows of what the wallet gives: a few aligned lines in 80 columns, hashes whole, and what happens next."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from zkcore import ETH, Address, Hash32, ether
from zkcore.errors import NodeTimeout
from zkcore.flows.approvals import Approval
from zkcore.flows.finalize import WithdrawalPhase, WithdrawalStatus
from zkcore.flows.l1 import Lack
from zkcore.flows.quote import Quote
from zkcore.flows.status import Phase, RequestStatus
from zkcore.flows.transact import TxQuote
from zkcore.methods.replies import Receipt
from zkcore.plans.records import RequestRecord, SettlementRecord, TransactionRecord, WithdrawalRecord
from zkcore.protocol.chains import ChainProfile, Token
from zkcore.words import NOBODY, PHASES, Names, knowing, laid_out, of_handle, units

A, B, TOKEN = (Address(bytes([byte]) * 20) for byte in (0xAA, 0xBB, 0xCC))
H1, H2 = Hash32(b"\x11" * 32), Hash32(b"\x22" * 32)
USDC = Token(symbol="USDC", decimals=6, l1_address=TOKEN)
VOUCHED = Names(
    ChainProfile(l1_chain_id=1, l2_chain_id=324, bridgehub=A, base_token=ETH, tokens=(USDC,)),
)
STATED = Names(None, (replace(USDC, vouched=False),))
QUOTE = Quote(
    route="erc20-to-eth-chain", why="locked on L1, minted by the asset router on L2", token=TOKEN, amount=5_000_000, to=B,
    refund_recipient=A, refund_lands_at=A, base_token=ETH, l2_sender=A, l2_gas_limit=428_819, minimal_l2_gas_limit=100_000,
    gas_per_pubdata=800, l2_gas_price=268_750_000, base_cost=115_245_106_250_000, operator_tip=0, l2_value=0,
    mint_value=115_245_106_250_000, l1_value=115_245_106_250_000, l1_gas_limit=300_000, gas_limits=(60_000, 300_000),
    base_fee_per_gas=10**9, max_fee_per_gas=1_500_000_000, max_priority_fee_per_gas=10**8,
    holds_up_to_gas_price=1_600_000_000, max_l1_fee=540_000_000_000_000, max_total=655_245_106_250_000,
    approvals=(Approval(token=TOKEN, spender=B, amount=5_000_000, allowance=0),), protocol_version=30, stack="era",
    notes=("L2 gas: the node's estimate of 357349, and 20 % on it",),
    missing=(Lack(token="ETH", balance=10**14, needed=655_245_106_250_000, purpose="the deposit and its L1 fee"),),
)  # fmt: skip
L1_RECEIPT = Receipt(
    transaction_hash=H1, block_hash=H2, block_number=19_000_000, from_address=A, to=B, status=1, gas_used=142_629,
    effective_gas_price=1_000_392_360, logs=(),
)  # fmt: skip
SENT = RequestRecord(
    kind="deposit", l1_chain_id=1, l2_chain_id=324, diamond=B, sender=A, nonce=7, l1_tx_hash=H1, claimable=True
)


class Remembering:
    """A handle, as far as its words go."""

    def __init__(self, record: Any) -> None:
        self._record = record


SHOWN: dict[str, tuple[object, str]] = {
    "a quote": (
        knowing(replace(QUOTE), VOUCHED),
        """\
Quote: a deposit of 5 USDC
  token       0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC
  receiver    0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB
  refunds to  0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa
  route       erc20-to-eth-chain: locked on L1, minted by the asset router on L2
  L2 fee      at most 0.00011524510625 ETH for 428819 gas; the rest is refunded
  L2 mint     0.00011524510625 ETH
  approve     5 USDC of 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC to
              0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB
  L1 fee      at most 0.00054 ETH, for 360000 gas at 1.5 gwei
  in total    at most 0.00065524510625 ETH leave the account on L1
  holds up to an L1 gas price of 1.6 gwei; above it the request reverts
  MISSING     the account holds 0.0001 ETH, needs 0.00065524510625 ETH for the
              deposit and its L1 fee
  note        L2 gas: the node's estimate of 357349, and 20 % on it
  next        nothing is signed or sent yet: prepare_... makes the plan to sign""",
    ),
    "a quote of a call": (
        replace(QUOTE, route="call", why="a direct request", token=ETH, amount=0, approvals=(), missing=(), notes=()),
        """\
Quote: a call on L2 of 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB
  refunds to  0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa
  route       call: a direct request
  L2 fee      at most 0.00011524510625 ETH for 428819 gas; the rest is refunded
  L2 mint     0.00011524510625 ETH
  L1 fee      at most 0.00054 ETH, for 360000 gas at 1.5 gwei
  in total    at most 0.00065524510625 ETH leave the account on L1
  holds up to an L1 gas price of 1.6 gwei; above it the request reverts
  next        nothing is signed or sent yet: prepare_... makes the plan to sign""",
    ),
    "a quote of a withdrawal": (
        knowing(
            TxQuote(
                chain="l2",
                gas_limits=(118_762,),
                max_fee_per_gas=150_000_000,
                max_priority_fee_per_gas=0,
                value=ether("0.05"),
                max_fee=17_814_300_000_000,
                max_total=50_017_814_300_000_000,
            ),
            VOUCHED,
        ),
        """\
Quote: 1 transaction(s) on L2
  value       0.05 ETH
  fee         at most 0.0000178143 ETH, for 118762 gas at 0.15 gwei
  in total    at most 0.0500178143 ETH
  next        nothing is signed or sent yet: prepare_... makes the plan to sign""",
    ),
    "a status of a deposit": (
        RequestStatus(phase="L1_INCLUDED", l1_tx_hash=H1, l1_receipt=L1_RECEIPT, l2_tx_hash=H2),
        """\
L1_INCLUDED: L1 has included it; L2 has not taken it up yet (usually 1 to 5
  minutes)
  L1 hash     0x1111111111111111111111111111111111111111111111111111111111111111
  in          block 19000000
  L2 hash     0x2222222222222222222222222222222222222222222222222222222222222222
  next        wait()""",
    ),
    "a status while a node is silent": (
        RequestStatus(phase="UNKNOWN", l1_tx_hash=H1, trouble=NodeTimeout("l1: no answer in 10 s")),
        """\
UNKNOWN: no node has answered yet
  L1 hash     0x1111111111111111111111111111111111111111111111111111111111111111
  trouble     l1: no answer in 10 s
  next        wait()""",
    ),
    "a status of a withdrawal": (
        WithdrawalStatus(phase="FINALIZED", l2_receipt=replace(L1_RECEIPT, transaction_hash=H2), finalization=H1),
        """\
FINALIZED: done: L1 has paid it out
  L2 hash     0x2222222222222222222222222222222222222222222222222222222222222222
  in          block 19000000
  paid out by 0x1111111111111111111111111111111111111111111111111111111111111111""",
    ),
    "a receipt": (
        L1_RECEIPT,
        """\
Succeeded, in block 19000000
  hash        0x1111111111111111111111111111111111111111111111111111111111111111
  from        0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa
  to          0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB
  gas used    142629 at 1.00039236 gwei
  events      0""",
    ),
}
HANDLES: dict[str, tuple[Any, str]] = {
    "a deposit": (
        SENT,
        """\
Deposit between L1, chain 1, and L2, chain 324
  L1 hash     0x1111111111111111111111111111111111111111111111111111111111111111
  L2 hash     known once L1 has included it
  sender      0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa
  next        status() looks, wait() waits, to_json() keeps it for resume()""",
    ),
    "a withdrawal": (
        WithdrawalRecord(l1_chain_id=1, l2_chain_id=324, l2_tx_hash=H2, index=1, reference="payout 17"),
        """\
Withdrawal between L1, chain 1, and L2, chain 324
  L2 hash     0x2222222222222222222222222222222222222222222222222222222222222222
  number      1
  reference   payout 17
  next        status() looks, wait() waits, to_json() keeps it for resume()""",
    ),
    "a finalization that had been done": (
        SettlementRecord(kind="finalization", l1_chain_id=1, l2_chain_id=324, l2_tx_hash=H2, l1_tx_hash=None),
        """\
Finalization between L1, chain 1, and L2, chain 324
  L1 hash     none: it was done before
  L2 hash     0x2222222222222222222222222222222222222222222222222222222222222222
  next        status() looks, wait() waits, to_json() keeps it for resume()""",
    ),
    "a transaction": (
        TransactionRecord(chain="l2", chain_id=324, tx_hash=H1),
        """\
Transaction sent on L2, chain 324
  hash        0x1111111111111111111111111111111111111111111111111111111111111111
  next        status() looks, wait() waits, to_json() keeps it for resume()""",
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_words(name: str) -> None:
    thing, words = SHOWN[name]
    assert str(thing) == words
    assert all(len(line) <= 80 and line.isprintable() for line in words.splitlines())


@pytest.mark.parametrize("name", HANDLES)
def test_the_words_of_a_handle(name: str) -> None:
    record, words = HANDLES[name]
    assert of_handle(Remembering(record)) == words


@pytest.mark.parametrize("name", SHOWN)
def test_repr_is_for_programs_and_short(name: str) -> None:
    shown = repr(SHOWN[name][0])
    assert len(shown) < 250
    assert shown.startswith(f"{type(SHOWN[name][0]).__name__}(")
    assert "\n" not in shown


def test_whose_word_an_amount_is() -> None:
    assert VOUCHED.amount(5_000_000, TOKEN) == "5 USDC"
    assert STATED.amount(5_000_000, TOKEN) == "5 USDC (5000000; symbol and decimals: the contract says)"
    assert NOBODY.amount(5_000_000, TOKEN) == "5000000 of its smallest unit"
    assert NOBODY.amount(ether("0.1"), ETH) == units(ether("0.1"), None, ether=True) == "0.1 ETH"


def test_what_is_known_of_the_chain_is_for_the_words_alone() -> None:
    quote = knowing(replace(QUOTE), STATED)
    assert quote == QUOTE
    assert "the contract says" in str(quote)
    assert "5000000 of its smallest unit" in str(QUOTE)


def test_every_phase_has_words() -> None:
    assert PHASES.keys() == {*get_args(Phase), *get_args(WithdrawalPhase)}


def test_nobodys_text_makes_lines_or_moves_a_cursor() -> None:
    shown = laid_out("a title", [("note", "x\x1b[2K\n  to          0xGOOD"), ("empty", ""), ("none", None)])
    assert shown == "a title\n  note        x\\x1b[2K\\n  to          0xGOOD"

"""The error tree: whose fault it is, the facts as attributes, and the texts word for word, since people act on them."""

import copy
import inspect
import pickle
from types import SimpleNamespace

import pytest

import zkcore.errors
from zkcore.errors import (
    AddressMismatch,
    AlreadyFinalized,
    AppNotOpen,
    BaseCostMismatch,
    ChainError,
    ChainIdMismatch,
    DepositFailed,
    FeeTooHigh,
    FeeTooLow,
    HttpStatusError,
    InputError,
    InsufficientAllowance,
    InsufficientBalance,
    InsufficientBaseCost,
    InvalidBundle,
    L2GasLimitTooHigh,
    L2GasLimitTooLow,
    L2HashMismatch,
    MethodNotFound,
    NoContract,
    NodeError,
    NonceTaken,
    NoSigner,
    NotCovered,
    NotDeployed,
    NothingToClaim,
    NotReady,
    RateLimited,
    Reverted,
    RpcError,
    SendUncertain,
    SignerError,
    TransactionChanged,
    TransactionFailed,
    UnknownChain,
    UntrustedBridgehub,
    WaitTimeout,
    WithdrawalCancelled,
    WrongDevice,
    ZkCoreError,
)

A, B = "0x00000000000000000000000000000000000000aA", "0x00000000000000000000000000000000000000Bb"
TEXTS = [
    (
        InsufficientBaseCost(base_cost=70, l2_value=5, mint_value=60, gas_price=20, enough_up_to=15),
        (
            "the mint value of 60 is too low: base cost 70 + L2 value 5 = 75 at an L1 gas price of 0.00000002 gwei (20 wei); "
            "it is enough only up to an L1 gas price of 0.000000015 gwei (15 wei) "
            "(in its smallest unit: its decimals are not known here)"
        ),
    ),
    (
        InsufficientBaseCost(base_cost=70, l2_value=65, mint_value=60, gas_price=20, enough_up_to=None),
        (
            "the mint value of 60 is too low: base cost 70 + L2 value 65 = 135 at an L1 gas price of 0.00000002 gwei (20 wei); "
            "it is enough at no gas price (in its smallest unit: its decimals are not known here)"
        ),
    ),
    (
        L2GasLimitTooLow(l2_gas_limit=10, minimum=20, rule="ValidateTxnNotEnoughGas"),
        "the L2 gas limit 10 is below the minimum 20: the chain would revert with ValidateTxnNotEnoughGas",
    ),
    (
        L2GasLimitTooHigh(l2_gas_limit=30, maximum=20, rule="TooMuchGas"),
        "the L2 gas limit 30 is above the maximum 20: the chain would revert with TooMuchGas",
    ),
    (ChainIdMismatch(what="the L1 node", expected=1, got=5), "the L1 node is on chain 5, expected chain 1"),
    (RateLimited("l1: HTTP 429", retry_after=2.5), "l1: HTTP 429"),
    (HttpStatusError("l1: HTTP 502", status=502), "l1: HTTP 502"),
    (RpcError(where="l2 eth_call", code=-32000, message="busy"), "l2 eth_call: busy (code -32000)"),
    (
        SendUncertain(signed=SimpleNamespace(tx_hashes=("0xab",)), why="l1 eth_sendRawTransaction: no answer"),
        (
            "0xab is signed and may or may not be with the nodes (l1 eth_sendRawTransaction: no answer). Do not order it anew: "
            "wait on `handle`, submit `signed` again, call `resume_all`, or ask again under its reference; "
            "all of them pay it once"
        ),
    ),
    (MethodNotFound(where="l2", code=-32601, message="unknown method"), "l2: unknown method (code -32601)"),
    (
        FeeTooLow(where="l1", code=-32000, message="max fee too low", max_fee=5 * 10**9, tip=10**9, base_fee=7 * 10**9),
        (
            "l1: the fees are too low: it offers at most 5 gwei (5000000000 wei) per gas, 1 gwei (1000000000 wei) of that as a "
            "tip; the base fee is 7 gwei (7000000000 wei) by now. Nothing is out: plan it anew, or name higher fees in TxOptions "
            "(the node says 'max fee too low', code -32000)"
        ),
    ),
    (
        UntrustedBridgehub(chain_id=324, named=A),
        (
            f"chain 324 has no pinned profile, and the L2 node must not choose whom we pay: check the bridgehub it "
            f"names ({A}) and give it as bridgehub=..., or say trust_l2=True"
        ),
    ),
    (
        UntrustedBridgehub(chain_id=324, named=A, expected=B),
        f"the L2 node of chain 324 names the bridgehub {A}, expected {B}: do not use this node",
    ),
    (
        AddressMismatch(what="the diamond", pinned=A, on_l1=B),
        f"the profile pins the diamond as {A}, the contracts on L1 name {B}",
    ),
    (L2HashMismatch(computed=A, claimed=B), f"the canonical transaction hashes to {A}, the node says {B}"),
    (
        BaseCostMismatch(computed=7, on_l1=8),
        (
            "the base cost computed here is 7, Bridgehub.l2TransactionBaseCost says 8: the fee rule of this chain "
            "is not the one this version knows"
        ),
    ),
    (
        Reverted("MsgValueMismatch", (5, 6), advice="Quote anew", where="deposit"),
        "deposit: execution reverted: MsgValueMismatch(5, 6). Quote anew",
    ),
    (Reverted(None, data=b"\x12\x34\x56\x78"), "execution reverted: unknown error 0x12345678"),
    (Reverted(None), "execution reverted: no reason given"),
    (
        InsufficientBalance(address=A, token="ETH", balance=3 * 10**17, needed=10**18, purpose="amount and fees"),
        (
            f"{A} holds 0.3 ETH (300000000000000000 wei), needs 1 ETH (1000000000000000000 wei) for amount and fees: "
            "0.7 ETH (700000000000000000 wei) missing"
        ),
    ),
    (
        InsufficientBalance(address=A, token=B, balance=3, needed=10),
        f"{A} holds 3 of {B}, needs 10: 7 missing (in its smallest unit: its decimals are not known here)",
    ),
    (
        InsufficientAllowance(token="USDC", owner=A, spender=B, allowance=3, needed=10),
        (
            f"{A} allows {B} 3 of USDC, needs 10 (in its smallest unit: its decimals are not known here): "
            "approve it, or leave approve=True"
        ),
    ),
    (
        NotCovered(token="USDC", owner=A, spender=B, allowance=3, needed=10),
        (
            f"{A} allows {B} 3 of USDC, needs 10 (in its smallest unit: its decimals are not known here): "
            "no nonce is free for an approval of more before it: cancel() it, and order it again"
        ),
    ),
    (UnknownChain(chain_id=7, bridgehub=A), f"the bridgehub {A} does not know chain 7"),
    (TransactionFailed(chain="l1", tx_hash="0x12", reason="paused"), "the l1 transaction 0x12 failed: paused"),
    (TransactionFailed(chain="l1", tx_hash="0x12"), "the l1 transaction 0x12 failed"),
    (
        NotDeployed(tx_hash="0x12", contract=A, why="there is no code"),
        f"the L2 transaction 0x12 was to deploy a contract at {A}, but there is no code",
    ),
    (
        DepositFailed(l2_tx_hash="0x12", receipt=None, claimable=True, advice="Claim it."),
        "the L2 transaction 0x12 failed. Claim it.",
    ),
    (NotReady("batch 5 is not executed", state="BATCH_PENDING"), "not ready: batch 5 is not executed"),
    (
        AlreadyFinalized(l2_tx_hash="0x12", index=1),
        "withdrawal 1 of 0x12 was finalized before: nothing is left to do",
    ),
    (
        WithdrawalCancelled(l2_tx_hash="0x12", index=1, bundle_hash="0x34"),
        "withdrawal 1 of 0x12 is lost: its unbundler cancelled bundle 0x34 on L1",
    ),
    (InvalidBundle("its value is 1"), "its value is 1"),
    (
        FeeTooHigh(
            what="the gas price on L1",
            got=9 * 10**9,
            ceiling=5 * 10**9,
            raised_by="FeePolicy(max_fee_per_gas=...)",
            unit="price",
        ),
        (
            "the gas price on L1 is 9 gwei (9000000000 wei), the ceiling is 5 gwei (5000000000 wei): if that is right, "
            "raise it with FeePolicy(max_fee_per_gas=...)"
        ),
    ),
    (
        FeeTooHigh(
            what="the highest fee of a transaction on L1", got=2 * 10**18, ceiling=10**18, raised_by="it", unit="ETH"
        ),
        (
            "the highest fee of a transaction on L1 is 2 ETH (2000000000000000000 wei), the ceiling is "
            "1 ETH (1000000000000000000 wei): if that is right, raise it with it"
        ),
    ),
    (
        FeeTooHigh(what="the L2 gas limit", got=9, ceiling=5, raised_by="l2_gas_limit=..."),
        "the L2 gas limit is 9, the ceiling is 5: if that is right, raise it with l2_gas_limit=...",
    ),
    (NothingToClaim("it succeeded"), "nothing to claim: it succeeded"),
    (
        NonceTaken(chain="l1", address=A, nonce=4, next_nonce=6),
        f"nonce 4 of {A} on l1 is taken (the next one is 6): prepare a new plan",
    ),
    (
        NoContract(chain="l1", address=A, function="getZKChain"),
        f"l1: nothing answers getZKChain at {A}: there is no such contract on this chain. Check the address and the node",
    ),
    (
        WaitTimeout(what="the L1 receipt", seconds=30),
        "waited 30 s for the L1 receipt; nothing is lost, wait again or resume later",
    ),
    (NoSigner(A), f"the wallet of {A} is watch-only: give it a signer, or sign the plan elsewhere"),
    (
        NotDeployed(tx_hash="0x12", contract=A, why="there is no code"),
        f"the L2 transaction 0x12 was to deploy a contract at {A}, but there is no code",
    ),
    (
        WrongDevice(expected=A, got=B),
        f"expected the account {A}, the device answers for {B}: other device, passphrase or path?",
    ),
    (
        WrongDevice(expected=A, got=B, of="the AWS KMS key k"),
        f"expected the account {A}, the AWS KMS key k answers for {B}: another key?",
    ),
    (
        TransactionChanged({"gas_limit": (1, 2), "to": (A, B)}),
        f"the signer changed the transaction: gas_limit: asked 1, signed 2, to: asked {A}, signed {B}",
    ),
    (AppNotOpen("open the Ethereum app", running="BOLOS"), "open the Ethereum app"),
]
TREE = [thing for thing in vars(zkcore.errors).values() if inspect.isclass(thing) and issubclass(thing, ZkCoreError)]


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=lambda value: type(value).__name__)
def test_text(error: ZkCoreError, text: str) -> None:
    assert str(error) == text


def test_every_class_with_facts_has_its_text_here() -> None:
    with_facts = {kind for kind in TREE if "__init__" in vars(kind)}
    assert with_facts <= {type(error) for error, _ in TEXTS}


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=lambda value: type(value).__name__)
def test_facts_survive_another_process(error: ZkCoreError, text: str) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == text
        assert vars(again) == vars(error)
        if isinstance(error, Reverted):
            assert again.args == error.args


@pytest.mark.parametrize("kind", TREE)
def test_it_is_somebody_s_fault(kind: type[ZkCoreError]) -> None:
    sides = [side for side in (InputError, NodeError, ChainError, SignerError) if issubclass(kind, side)]
    assert len(sides) == (kind is not ZkCoreError)
    assert issubclass(kind, ValueError) == issubclass(kind, InputError)
    assert kind.__name__ in zkcore.errors.__all__
    assert kind.__doc__

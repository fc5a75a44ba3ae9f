"""The public face as the type checkers see it: `nox -s types`. Checked, never run; an `assert_type` that is wrong fails
both.
"""

from collections.abc import Sequence
from typing import Any, assert_type

from signers import AccountSigner, AsyncAccountSigner, LedgerSigner, PrivateKeySigner, TrezorSigner
from zkcore import (
    ETH,
    Address,
    AddressLike,
    AsyncDeployment,
    AsyncDeposit,
    AsyncSentTransaction,
    AsyncWallet,
    ChainProfile,
    Claim,
    Deployment,
    Deposit,
    Execution,
    Finalization,
    Hash32,
    Plan,
    SentTransaction,
    SignedPlan,
    Wallet,
    Withdrawal,
    ether,
    format_units,
    gwei,
    keccak256,
    parse_units,
    preview,
    sign_plan,
)
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import Signature
from zkcore.flows.transact import TxQuote
from zkcore.protocol.addresses import apply_alias, create, create2, undo_alias
from zkcore.protocol.assets import ntv_asset_id
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.deployments import EraDeployment
from zkcore.protocol.fees import FeeParams, FeePolicy, base_cost, l2_gas_price, minimal_l2_gas_limit
from zkcore.protocol.paymaster import Paymaster
from zkcore.protocol.priority import CanonicalTransaction
from zkcore.protocol.proofs import L2ToL1Log, verify_proof
from zkcore.signer import AsyncCustomSigner, AsyncSigner, Capability, CustomSigner, Signer
from zkcore.transactions import (
    Eip712Transaction,
    Eip1559Transaction,
    Eip2930Transaction,
    LegacyTransaction,
    Transaction,
    parse_transaction,
)
from zkcore.wallet.handles import Handle

ALICE = Address("0x0000000000000000000000000000000000000001")


def values(token: AddressLike) -> None:
    assert_type(ETH, Address)
    assert_type(ether("0.1"), int)
    assert_type(gwei("1"), int)
    assert_type(parse_units("1", 6), int)
    assert_type(format_units(1, 6), str)
    assert_type(keccak256(b""), Hash32)
    assert_type(apply_alias(token), Address)
    assert_type(undo_alias(token), Address)
    assert_type(create(token, 0), Address)
    assert_type(create2(token, b"", b""), Address)
    assert_type(versioned_hash(b""), Hash32)
    assert_type(ntv_asset_id(1, token), Hash32)
    assert_type(message_hash(b""), Hash32)


def transactions(transaction: Transaction, signature: Signature) -> None:
    assert_type(transaction, LegacyTransaction | Eip2930Transaction | Eip1559Transaction | Eip712Transaction)
    assert_type(transaction.signing_hash(), Hash32)
    assert_type(transaction.unsigned_bytes(), bytes)
    assert_type(transaction.signed_bytes(signature), bytes)
    assert_type(transaction.hash(signature), Hash32)
    assert_type(transaction.sender(signature), Address)
    assert_type(parse_transaction("0x"), tuple[Transaction, Signature | None])
    assert_type(signature.to_bytes(), bytes)
    assert_type(signature.clear, bool | None)
    assert_type(TypedData.parse({}).digest(), Hash32)


def pure_rules(params: FeeParams, transaction: CanonicalTransaction, log: L2ToL1Log, proof: Sequence[str]) -> None:
    assert_type(l2_gas_price(params, gwei("1")), int)
    assert_type(base_cost(params, gwei("1"), 1_000_000), int)
    gas = minimal_l2_gas_limit(stack="era", protocol_version=30, calldata_length=0, l2_gas_price=1)
    assert_type(gas, int)
    assert_type(transaction.hash(), Hash32)
    assert_type(log.leaf(), Hash32)
    found = verify_proof(chain_id=1, batch=1, index=0, leaf=log.leaf(), proof=proof, roots=lambda chain, batch: None)
    assert_type(found, bool)


def signers(ledger: LedgerSigner, trezor: TrezorSigner, key: PrivateKeySigner) -> tuple[Signer, Signer, Signer]:
    """Each of them is a Signer, without being told so."""
    assert_type(key.address, Address)
    assert_type(key.capabilities, frozenset[Capability])
    assert_type(PrivateKeySigner.generate(), PrivateKeySigner)
    return ledger, trezor, key


def wallet(signer: Signer, profile: ChainProfile) -> None:
    watching = Wallet(
        "0x0000000000000000000000000000000000000001", chain=270, l1="http://l1", l2="http://l2", trust_l2=True
    )
    assert_type(watching.address, Address)
    wallet = Wallet(signer, chain=profile, l1="http://l1", l2="http://l2", fees=FeePolicy())
    assert_type(wallet.deposit(ETH, ether("1"), to=ALICE), Deposit)
    assert_type(wallet.prepare_deposit(ETH, ether("1")), Plan[Deposit])
    assert_type(wallet.submit(wallet.prepare_deposit(ETH, 1)), Deposit)
    assert_type(wallet.request_execute(ALICE, b""), Execution)
    assert_type(wallet.get_base_cost(1_000_000), int)
    assert_type(wallet.withdraw(ETH, 1), Withdrawal)
    assert_type(wallet.finalize_withdrawal("0x", 0), Finalization)
    assert_type(wallet.finalize_withdrawals([("0x", 0)]), list[Finalization | Exception])
    assert_type(wallet.is_withdrawal_finalized("0x"), bool)
    assert_type(wallet.claim_failed_deposit("0x"), Claim)
    assert_type(wallet.get_balance(), int)
    assert_type(wallet.get_l1_balance(ETH, address=ALICE), int)
    plan = wallet.prepare_withdraw(ETH, 1)
    assert_type(sign_plan(plan, signer), SignedPlan[Withdrawal])
    assert_type(wallet.submit(sign_plan(plan, signer)), Withdrawal)
    assert_type(plan.hash, Hash32)
    either: Plan[Deposit] | Plan[Withdrawal] = plan if plan.steps else wallet.prepare_deposit(ETH, 1)
    handle: Handle[Any] = wallet.submit(either)  # mypy joins the two, pyright has their union
    print(handle.kind)
    wider: Plan[Deposit | Withdrawal] = plan  # a plan is covariant in its handle
    assert_type(Plan.from_json(wider.to_json(), Withdrawal), Plan[Withdrawal])
    assert_type(SignedPlan.from_json("", Claim), SignedPlan[Claim])
    assert_type(wallet.resume("", Deposit), Deposit)
    print(plan.preview(), preview("0x", profile))


async def async_wallet(signer: Signer | AsyncSigner, profile: ChainProfile) -> None:
    wallet = AsyncWallet(signer, chain=profile, l1="http://l1", l2="http://l2")
    assert_type(await wallet.prepare_deposit(ETH, 1), Plan[AsyncDeposit])
    assert_type(await wallet.deposit(ETH, 1), AsyncDeposit)
    assert_type(await wallet.get_base_cost(1_000_000), int)
    assert_type(wallet.resume("", AsyncDeposit), AsyncDeposit)
    assert_type(await wallet.is_withdrawal_finalized("0x"), bool)


def on_l2(wallet: Wallet, keys: Sequence[Signer]) -> None:
    """Calls, deployments, allowances and transfers on L2, who pays for them, and accounts that are contracts."""
    general = Paymaster.general(ALICE, b"")
    paymaster = Paymaster.approval_based(ALICE, token=ALICE, minimal_allowance=1, inner_input="0x")
    assert_type(general, Paymaster)
    assert_type(paymaster.approval, tuple[Address, int] | None)
    assert_type(wallet.execute(ALICE, b"", 1, paymaster=paymaster), SentTransaction)
    assert_type(wallet.execute(ALICE, factory_deps=["0x"], access_list=[(ALICE, ["0x"])]), SentTransaction)
    assert_type(wallet.prepare_execute(ALICE), Plan[SentTransaction])
    quote = wallet.quote_execute(ALICE, paymaster=general)
    assert_type(quote, TxQuote)
    assert_type(
        (quote.contract, quote.paymaster_token, quote.paymaster_allowance), tuple[Address | None, Address | None, int]
    )
    assert_type(wallet.deploy(b"", salt="0x", value=1), Deployment)
    assert_type(wallet.prepare_deploy(b""), Plan[Deployment])
    assert_type(wallet.quote_deploy(b""), TxQuote)
    era = wallet.deploy_era(b"", b"", salt=b"", factory_deps=[b""], kind="account", paymaster=general)
    assert_type(era, Deployment)
    assert_type(era.contract_address, Address)
    assert_type(wallet.prepare_deploy_era(b""), Plan[Deployment])
    assert_type(wallet.quote_deploy_era(b"", kind="contract"), TxQuote)
    assert_type(wallet.get_deployment_nonce(), int)
    assert_type(wallet.approve(ALICE, 1), SentTransaction)
    assert_type(wallet.revoke(ALICE, ALICE), SentTransaction)
    assert_type(wallet.l2_approve(ALICE, 1, ALICE, paymaster=general), SentTransaction)
    assert_type(wallet.prepare_l2_revoke(ALICE, ALICE), Plan[SentTransaction])
    assert_type(wallet.l2_revoke(ALICE, ALICE), SentTransaction)
    assert_type(wallet.transfers([(ALICE, 1), ("0x", 2)], ETH), SentTransaction)
    assert_type(wallet.prepare_transfers([(ALICE, 1)]), Plan[SentTransaction])
    deployment = EraDeployment(bytecode="0x", salt=None, kind="account", more_deps=[b""])
    assert_type(wallet.request_execute(ALICE, deployment.calldata, factory_deps=deployment.factory_deps), Execution)
    assert_type(deployment.address(ALICE, 1), Address)
    account = AccountSigner(ALICE, keys, encode=lambda signatures: signatures[0].to_bytes())
    multisig: CustomSigner = account
    with Wallet(multisig, chain=270, l1="http://l1", l2="http://l2") as of_it:
        assert_type(of_it.execute(ALICE), SentTransaction)
        assert_type(sign_plan(of_it.prepare_execute(ALICE), account), SignedPlan[SentTransaction])


async def on_l2_awaited(wallet: AsyncWallet, keys: Sequence[Signer | AsyncSigner]) -> None:
    assert_type(await wallet.execute(ALICE, b"", 1), AsyncSentTransaction)
    assert_type(await wallet.prepare_execute(ALICE), Plan[AsyncSentTransaction])
    assert_type(await wallet.quote_execute(ALICE), TxQuote)
    assert_type(await wallet.deploy(b"", salt=b""), AsyncDeployment)
    era = await wallet.deploy_era(b"", kind="account")
    assert_type(era, AsyncDeployment)
    assert_type(era.contract_address, Address)
    assert_type(await wallet.quote_deploy_era(b""), TxQuote)
    assert_type(await wallet.approve(ALICE, 1), AsyncSentTransaction)
    assert_type(await wallet.revoke(ALICE), AsyncSentTransaction)
    assert_type(await wallet.l2_approve(ALICE, 1, ALICE), AsyncSentTransaction)
    assert_type(await wallet.l2_revoke(ALICE, ALICE), AsyncSentTransaction)
    assert_type(await wallet.transfers([(ALICE, 1)]), AsyncSentTransaction)
    multisig: AsyncCustomSigner = AsyncAccountSigner(ALICE, keys)
    async with AsyncWallet(multisig, chain=270, l1="http://l1", l2="http://l2") as of_it:
        assert_type(await of_it.execute(ALICE), AsyncSentTransaction)
    blocking = AccountSigner(ALICE, [one for one in keys if isinstance(one, PrivateKeySigner)])
    async with AsyncWallet(blocking, chain=270, l1="http://l1", l2="http://l2") as of_it:
        assert_type(await of_it.quote_execute(ALICE), TxQuote)

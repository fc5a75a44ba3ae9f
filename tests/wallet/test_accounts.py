"""Accounts that are contracts: a multisig of a key and both devices, asked by EIP-1271, refused by name where it cannot be."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from msgspec.structs import replace

from signers import AccountSigner, LedgerSigner, PrivateKeySigner, TrezorSigner
from signers.testing.ledger import FakeLedger
from signers.testing.trezor import FakeTrezor
from tests.wallet.conftest import Open
from tests.wallet.tools import ERA, deployed, fund, sends
from zkcore import ETH, Plan, SentTransaction, SignedPlan, ether, parse_transaction, sign_plan
from zkcore.errors import BadSignature, InputError, UnsupportedBySigner, UnsupportedProtocol
from zkcore.ethereum.abi import Function
from zkcore.ethereum.signature import CustomSignature, Signature
from zkcore.methods import calls
from zkcore.protocol.contracts import CONTRACT_DEPLOYER_ADDRESS
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Eip712Transaction, Eip1559Transaction
from zkcore.types import Address

INCREMENT = Function("increment(uint256 by) payable")
LAST = Function("lastSender() view returns (address sender)")
ONE, TWO = PrivateKeySigner(b"\x61" * 32), PrivateKeySigner(b"\x62" * 32)


@pytest.fixture
def owners() -> Iterator[list[Any]]:
    """A key and two devices, whose fakes keep what they have shown."""
    with ExitStack() as stack:
        ledger, trezor = FakeLedger(), FakeTrezor("T3T1")
        yield [
            ONE,
            stack.enter_context(LedgerSigner.connect(open_dongle=ledger.open)),
            stack.enter_context(TrezorSigner.connect(transport=trezor, timeout=20)),
            ledger,
            trezor,
        ]


def account_of(net: Devnet, signers: list[Any], ordering: int = 0, **more: Any) -> AccountSigner:
    addresses = [signer.address for signer in signers]
    at = deployed(net, "MultisigAccount", ("address[]", "uint8"), (addresses, ordering))
    fund(net, at)
    return AccountSigner(at, signers, **more)


@pytest.mark.parametrize("net", ["era-eth", "era-erc20"], indirect=True)
def test_a_multisig_of_a_key_and_both_devices(net: Devnet, open_wallet: Open, owners: list[Any]) -> None:
    *signers, ledger, trezor = owners
    account, counter = account_of(net, signers), deployed(net, "Counter")
    wallet = open_wallet(net, account)
    quote = wallet.quote_execute(counter, INCREMENT.encode(2), 3)
    assert quote.max_total == 3 + quote.max_fee  # it pays for itself
    plan = wallet.prepare_execute(counter, INCREMENT.encode(2), 3)
    tx = plan.steps[0].transaction
    assert type(tx) is Eip712Transaction
    assert tx.from_address == account.address
    before = wallet.get_balance()
    sent = wallet.submit(plan)
    assert sent.wait(timeout=60).status == 1
    assert wallet.run(calls.eth_call("l2", counter, LAST)) == (account.address,)
    assert before - quote.max_total <= wallet.get_balance() < before - 3
    # each was shown what it signed: the account, as the uint256 that the type has it
    assert str(int.from_bytes(account.address)) in ledger.shown
    assert f"from={bytes(12).hex()}{bytes(account.address).hex()}" in trezor.shown
    wallet.execute(counter, INCREMENT.encode(1)).wait(timeout=60)
    wallet.transfer(ONE.address, 5).wait(timeout=60)
    assert wallet.get_balance(address=ONE.address) == 5


@ERA
def test_offline_and_back(net: Devnet, open_wallet: Open) -> None:
    account, counter = account_of(net, [ONE, TWO]), deployed(net, "Counter")
    wallet = open_wallet(net, account)
    plan = wallet.prepare_execute(counter, INCREMENT.encode(2))
    signed = sign_plan(Plan.from_json(plan.to_json(), SentTransaction), account)
    (signature,) = signed.signatures
    assert type(signature) is CustomSignature
    assert len(signature.to_bytes()) == 130
    assert SignedPlan.from_json(signed.to_json()) == replace(signed, signatures=(CustomSignature(signature.data),))
    # the raw transaction, whose `from` is nobody's key, reads back as it was
    raw = signed.raw_transactions[0]
    read, none = parse_transaction(raw)
    assert none is None
    assert isinstance(read, Eip712Transaction)
    assert (read.custom_signature, read.from_address) == (signature.data, account.address)
    assert read.signed_bytes() == raw
    assert read.hash() == signed.tx_hashes[0]
    assert replace(read, custom_signature=b"") == plan.steps[0].transaction
    sent = wallet.submit(SignedPlan.from_json(signed.to_json()))
    assert sent.tx_hash == signed.tx_hashes[0]
    assert sent.wait(timeout=60).status == 1
    assert wallet.resume(sent.to_json()).wait(timeout=60).status == 1


@ERA
def test_a_single_signature_of_another_key_reads_back_too(net: Devnet, open_wallet: Open) -> None:
    account = account_of(net, [ONE])
    signed = sign_plan(open_wallet(net, account).prepare_execute(TWO.address, b"", 1), account)
    raw = signed.raw_transactions[0]
    read, none = parse_transaction(raw)
    assert none is None  # 65 bytes, and not of `from`
    assert isinstance(read, Eip712Transaction)
    assert read.signed_bytes() == raw
    assert open_wallet(net, account).submit(signed).wait(timeout=60).status == 1


@ERA
@pytest.mark.parametrize("wrong", ["order", "fewer", "encoding", "nobody"])
def test_the_account_is_asked_before_anything_is_sent(net: Devnet, open_wallet: Open, wrong: str) -> None:
    good = account_of(net, [ONE, TWO])
    signers: Any = {"order": [TWO, ONE], "fewer": [ONE]}.get(wrong, [ONE, TWO])
    encode: Any = {"encode": lambda several: b"\x01" + several[0].to_bytes()} if wrong == "encoding" else {}
    account = AccountSigner(good.address, signers, **encode)
    wallet = open_wallet(net, account)
    plan = wallet.prepare_execute(TWO.address, b"", 1)
    before = len(sends(net))
    if wrong == "nobody":
        net.l2.rpc("anvil_setCode", str(good.address), "0x")
    with pytest.raises(BadSignature, match=f"the account {good.address} does not take this signature for its own"):
        wallet.submit(plan)
    with pytest.raises(BadSignature, match="EIP-1271"):
        wallet.submit(sign_plan(plan, account))
    assert len(sends(net)) == before
    if wrong != "nobody":  # its nonce is free again
        assert open_wallet(net, good).execute(TWO.address, b"", 1).wait(timeout=60).status == 1


@ERA
def test_its_paymaster_pays(net: Devnet, open_wallet: Open) -> None:
    account = account_of(net, [ONE, TWO])
    crown, at = net.l2_tokens["CROWN"], net.built_ins.approval_paymaster
    assert at is not None
    open_wallet(net).transfer(account.address, 2 * 10**18, crown).wait(timeout=60)
    fund(net, account.address, 1)
    wallet = open_wallet(net, account)
    paymaster = Paymaster.approval_based(at, token=crown, minimal_allowance=10**18)
    assert wallet.execute(TWO.address, b"", 1, paymaster=paymaster).wait(timeout=60).status == 1
    assert (wallet.get_balance(crown), wallet.get_balance()) == (10**18, 0)
    assert net.l2.rpc("eth_getCode", str(account.address), "latest") != "0x"


@ERA
def test_what_is_no_such_account_is_refused_by_name(net: Devnet, open_wallet: Open) -> None:
    arbitrary = account_of(net, [ONE], ordering=1)
    nobody = AccountSigner(TWO.address, [ONE])
    for account, text in ((arbitrary, "has arbitrary nonce ordering"), (nobody, "is no account that can send")):
        for ask in ("quote_execute", "prepare_execute", "execute"):
            with pytest.raises(InputError, match=text):
                getattr(open_wallet(net, account), ask)(ONE.address, b"", 1)


@ERA
def test_nothing_of_it_is_on_l1(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net, account_of(net, [ONE]))
    net.l1.rpc("anvil_setBalance", str(wallet.address), hex(10**19))
    for ask in (
        lambda: wallet.deposit(ETH, ether("1")),
        lambda: wallet.l1_transfer(ONE.address, 1),
        lambda: wallet.approve(net.tokens["DAI"], 1),
    ):
        with pytest.raises(InputError, match="nothing is sent from it on L1"):
            ask()


@pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)
def test_zksync_os_has_no_such_accounts(net: Devnet, open_wallet: Open) -> None:
    net.l2.rpc("anvil_setCode", str(CONTRACT_DEPLOYER_ADDRESS), "0x")
    with pytest.raises(UnsupportedProtocol, match="an account: only Era has these"):
        open_wallet(net, AccountSigner(TWO.address, [ONE])).execute(ONE.address, b"", 1)


# ---------------------------------------------------------------- without a node
def test_what_the_signer_refuses() -> None:
    account = AccountSigner(Address(b"\x0a" * 20), [ONE])
    fees: dict[str, Any] = {
        "chain_id": 270,
        "nonce": 0,
        "max_fee_per_gas": 1,
        "max_priority_fee_per_gas": 0,
        "gas_limit": 1,
        "to": TWO.address,
    }
    with pytest.raises(UnsupportedBySigner, match="0x71 alone"):
        account.sign_transaction(Eip1559Transaction(**fees))
    with pytest.raises(InputError, match="the account is"):
        account.sign_transaction(Eip712Transaction(from_address=ONE.address, **fees))
    with pytest.raises(InputError, match="one at least"):
        AccountSigner(ONE.address, [])
    with pytest.raises(BadSignature, match="got none"):
        AccountSigner(account.address, [ONE], encode=lambda _: b"").sign_transaction(
            Eip712Transaction(from_address=account.address, **fees)
        )
    assert "0x" + "61" * 32 not in repr(account)
    assert account.placeholder == Signature(1, 1, 0).to_bytes()

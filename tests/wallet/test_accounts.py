"""Accounts that are contracts: a multisig of a key and both devices, asked by EIP-1271, refused by name where it cannot be."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from msgspec.structs import replace

from signers import (
    AccountSigner,
    ApprovalSigner,
    AsyncAccountSigner,
    LedgerSigner,
    PrivateKeySigner,
    ThreadedSigner,
    TrezorSigner,
)
from signers.approval import Approval
from signers.testing.ledger import FakeLedger
from signers.testing.trezor import FakeTrezor
from tests.wallet.conftest import Awaited, Open
from tests.wallet.tools import ERA, deployed, fund, sends
from zkcore import ETH, Plan, SentTransaction, SignedPlan, ether, parse_transaction, sign_plan
from zkcore.errors import (
    BadSignature,
    InputError,
    UnsupportedBySigner,
    UnsupportedProtocol,
    UserRejected,
    WrongDevice,
)
from zkcore.ethereum.abi import Function
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import CustomSignature, Signature
from zkcore.flows.l1 import TxOptions
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


# ---------------------------------------------------------------- signers that are awaited; what goes wrong with one of several
class Asked:
    """A custodian who answers at the second question, with a key."""

    def __init__(self, key: PrivateKeySigner) -> None:
        self.key, self.opened, self.content = key, list[str](), dict[str, Any]()

    async def open(self, approval: Approval) -> None:
        self.opened.append(approval.id)
        self.content[approval.id] = approval.content

    async def answer(self, id: str) -> bytes | None:  # noqa: A002
        if self.opened.count(id) < 2:
            return None
        return self.key.sign_typed_data(TypedData.parse(self.content[id])).to_bytes()


@ERA
def test_signers_that_are_awaited(net: Devnet, open_wallet: Open, owners: list[Any]) -> None:
    key, ledger, *_ = owners
    asked = Asked(TWO)
    several = [key, ThreadedSigner(ledger), ApprovalSigner(asked, TWO.address, longest_pause=0.01)]
    blocking = account_of(net, [key, ledger, TWO])
    with pytest.raises(InputError, match="is an AsyncSigner: AsyncAccountSigner takes it, for an AsyncWallet"):
        AccountSigner(blocking.address, several)
    account = AsyncAccountSigner(blocking.address, several)
    assert (account.placeholder, account.capabilities) == (blocking.placeholder, blocking.capabilities)
    assert repr(account) == f"Async{blocking!r}"
    assert hasattr(account, "request_id")
    assert not hasattr(AsyncAccountSigner(blocking.address, several[:2]), "request_id")
    if not isinstance(open_wallet(net), Awaited):
        with pytest.raises(InputError, match="an AsyncSigner signs for an AsyncWallet"):
            open_wallet(net, account)
        return
    wallet = open_wallet(net, account)
    plan = wallet.prepare_execute(ONE.address, b"", 1)
    assert wallet.submit(plan).wait(timeout=60).status == 1
    digest = plan.steps[0].transaction.signing_hash()
    assert asked.opened == [str(digest)] * 2
    # the same bytes as by those that block
    signature = asyncio.run(
        AsyncAccountSigner(blocking.address, [key, TWO]).sign_transaction(plan.steps[0].transaction)
    )
    assert (
        signature.to_bytes()
        == AccountSigner(blocking.address, [key, TWO]).sign_transaction(plan.steps[0].transaction).to_bytes()
    )


class Wrong:
    """Signs typed data in a way of its own."""

    capabilities = ONE.capabilities

    def __init__(self, address: Address, sign: Any) -> None:
        self.address, self.sign_typed_data = address, sign

    sign_transaction = sign_message = None


def _rejects(_: TypedData) -> Signature:
    raise UserRejected("declined on the device")


def _on_another_chain(data: TypedData) -> Signature:
    """The same transaction, of chain 324."""
    return TWO.sign_typed_data(
        TypedData.parse(data.to_dict() | {"domain": data.to_dict()["domain"] | {"chainId": 324}})
    )


@ERA
@pytest.mark.parametrize(
    ("sign", "error"),
    [
        (_rejects, UserRejected),
        (PrivateKeySigner(b"\x63" * 32).sign_typed_data, WrongDevice),
        (_on_another_chain, WrongDevice),
    ],
    ids=["rejects", "another key", "another chain"],
)
def test_one_of_several_that_does_not_sign(net: Devnet, open_wallet: Open, sign: Any, error: Any) -> None:
    good = account_of(net, [ONE, TWO])
    wallet = open_wallet(net, AccountSigner(good.address, [ONE, Wrong(TWO.address, sign)]))
    before = len(sends(net))
    with pytest.raises(error):
        wallet.execute(TWO.address, b"", 1)
    assert len(sends(net)) == before
    assert open_wallet(net, good).execute(TWO.address, b"", 1).wait(timeout=60).status == 1  # its nonce is free again


MAGIC = "1626ba7e"
ANSWERS = {
    "nothing": "00",
    "four bytes": f"63{MAGIC}60e01b60005260046000f3",
    "right aligned": f"63{MAGIC}60005260206000f3",
    "another word": "60205f5260205ff3",
    "reverts": "60006000fd",
    "too much, and not it": "60406000f3",
    "bits behind it": f"63{MAGIC}60e01b60011760005260206000f3",
}


@ERA
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_an_account_that_answers_otherwise(net: Devnet, open_wallet: Open, answer: str) -> None:
    """Only the magic value, in a whole word, is a yes: EIP-1271."""
    account = account_of(net, [ONE, TWO])
    net.l2.rpc("anvil_setCode", str(account.address), "0x" + answer)
    wallet = open_wallet(net, account)
    before = len(sends(net))
    with pytest.raises(BadSignature, match="does not take this signature for its own"):
        wallet.submit(wallet.prepare_execute(TWO.address, b"", 1, l2=TxOptions(gas_limit=1_000_000)))
    assert len(sends(net)) == before

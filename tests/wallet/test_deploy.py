"""Contracts deployed on L2: by CREATE and CREATE2 on both stacks, foreseen, previewed, looked for; EraVM as far as it is seen."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.conftest import Open
from tests.wallet.tools import ERA, SIGNERS, fund, sends, signer_of, told
from zkcore import Deployment
from zkcore.errors import (
    InputError,
    NotDeployed,
    PlanTampered,
    Reverted,
    RpcError,
    TransactionFailed,
    UnsupportedProtocol,
)
from zkcore.ethereum.abi import Function
from zkcore.ethereum.hashing import keccak256
from zkcore.flows.calling import check_deployed
from zkcore.methods import calls
from zkcore.methods.replies import Log, Receipt
from zkcore.plans.plan import Plan, sign_plan
from zkcore.protocol.addresses import create, create2, era_create, era_create2
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.contracts import (
    CONTRACT_DEPLOYER,
    CONTRACT_DEPLOYER_ADDRESS,
    DETERMINISTIC_DEPLOYER_ADDRESS,
    ERC20,
)
from zkcore.protocol.deployments import DETERMINISTIC_DEPLOYER_CODE, EraDeployment
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Devnet, Lie
from zkcore.testing.devnet.deploy import artifact
from zkcore.transactions import Eip712Transaction, Eip1559Transaction
from zkcore.types import Address, Hash32

COUNT = Function("count() view returns (uint256 count)")
COUNTER, RUNTIME = artifact("Counter"), artifact("Counter", "runtime")
SALT = Hash32(b"\x5a" * 32)
BYTECODE = b"\x01" + bytes(31)


@SIGNERS
@pytest.mark.parametrize("salt", [None, SALT], ids=["create", "create2"])
def test_a_contract(net: Devnet, open_wallet: Open, kind: str, salt: Hash32 | None) -> None:
    with signer_of(kind, net) as signer:
        wallet = open_wallet(net, signer)
        nonce = int(net.l2.rpc("eth_getTransactionCount", str(wallet.address), "latest"), 16)
        foreseen = (
            create(wallet.address, nonce)
            if salt is None
            else create2(DETERMINISTIC_DEPLOYER_ADDRESS, salt, keccak256(COUNTER))
        )
        assert wallet.quote_deploy(COUNTER, salt=salt).contract == foreseen
        plan = wallet.prepare_deploy(COUNTER, salt=salt and str(salt))
        assert wallet.run(calls.get_code("l2", foreseen)) == b""
        tx = plan.steps[0].transaction
        assert type(tx) is Eip1559Transaction
        assert (tx.to, tx.data) == (
            (None, COUNTER) if salt is None else (DETERMINISTIC_DEPLOYER_ADDRESS, salt + COUNTER)
        )
        words = plan.preview()
        assert words["creates"] == foreseen
        assert words["init code"] == COUNTER
        assert f"keccak256 {keccak256(COUNTER)}" in told(words)
        assert ("CREATE2" if salt else "CREATE)") in told(words)
        assert Plan.from_json(plan.to_json(), Deployment) == plan
        made = wallet.submit(plan)
        assert (made.kind, made.contract_address) == ("deployment", foreseen)
        again = wallet.resume(made.to_json())
        assert again.wait(timeout=30).status == 1
        assert again.contract_address == foreseen
        assert wallet.run(calls.get_code("l2", foreseen)) == RUNTIME
        assert wallet.run(calls.eth_call("l2", foreseen, COUNT)) == (0,)
        if salt is not None:  # it stands there now
            with pytest.raises(InputError, match=f"at {foreseen}, where this would stand, a contract stands already"):
                wallet.deploy(COUNTER, salt=salt)
        else:
            second = wallet.deploy(COUNTER)
            second.wait(timeout=30)
            assert second.contract_address == create(wallet.address, nonce + 1)


def test_a_constructor_takes_arguments_and_value(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    # init code that keeps its value and the word behind it: CODECOPY the last word to storage, then the code of one STOP
    init = bytes.fromhex("602060203803600039600051600055600160005360016000f3")
    made = wallet.deploy(init + (77).to_bytes(32), value=5)
    made.wait(timeout=30)
    assert wallet.get_balance(address=made.contract_address) == 5
    assert int.from_bytes(wallet.run(calls.get_storage_at("l2", made.contract_address, 0))) == 77


def test_a_nonce_that_moves_takes_the_address_along(net: Devnet, open_wallet: Open) -> None:
    """Two at once from one state: each stands where its own bytes say."""
    wallet = open_wallet(net)
    fund(net, wallet.address)
    made = [wallet.deploy(COUNTER) for _ in range(3)]
    for one in made:
        one.wait(timeout=30)
    assert len({one.contract_address for one in made}) == 3


@pytest.mark.parametrize(
    ("init", "salt", "text"),
    [
        (b"", None, "init_code: expected the code"),
        (b"", SALT, "init_code: expected the code"),
        (bytes(49_153), None, "49153 bytes, at most 49152"),
        (bytes(49_153), SALT, "49153 bytes, at most 49152"),
        (COUNTER, b"\x01", "32 bytes"),
        ("0x0", None, "init_code"),
    ],
    ids=["empty", "empty2", "large", "large2", "salt", "hex"],
)
@ERA
def test_what_cannot_be_deployed_is_refused(net: Devnet, open_wallet: Open, init: Any, salt: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        open_wallet(net).deploy(init, salt=salt)
    assert not sends(net)


def test_a_constructor_that_reverts_is_not_signed(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    for salt in (None, SALT):
        with pytest.raises(Reverted):
            wallet.deploy(bytes.fromhex("60006000fd"), salt=salt)
    assert not sends(net)


@pytest.mark.parametrize(
    ("code", "text"), [("0x", "there is no code"), ("0x" + "5b" * 69, "other code, of 69 bytes")], ids=["none", "other"]
)
def test_the_deterministic_deployer_is_what_it_should_be(net: Devnet, open_wallet: Open, code: str, text: str) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    net.l2.rpc("anvil_setCode", str(DETERMINISTIC_DEPLOYER_ADDRESS), code)
    with pytest.raises(InputError, match=text):
        wallet.deploy(COUNTER, salt=SALT)
    assert not sends(net)
    wallet.deploy(COUNTER).wait(timeout=30)


@ERA
def test_an_era_chain_without_evm_code(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    for code in (net.l2.rpc("eth_getCode", str(CONTRACT_DEPLOYER_ADDRESS), "latest"), "0x"):
        net.l2.rpc("anvil_setCode", str(CONTRACT_DEPLOYER_ADDRESS), code)
        net.l2.rpc("anvil_setStorageAt", str(CONTRACT_DEPLOYER_ADDRESS), "0x1", "0x" + "00" * 31 + "01")
        with pytest.raises(UnsupportedProtocol, match="runs no EVM code"):
            wallet.prepare_deploy(COUNTER)


def test_a_chain_that_tells_otherwise(net: Devnet, open_wallet: Open) -> None:
    """What the receipt says and what stands there are compared with what was foreseen."""
    wallet = open_wallet(net)
    fund(net, wallet.address)
    made = wallet.deploy(COUNTER)

    def elsewhere(receipt: Any) -> Any:
        return receipt and receipt | {"contractAddress": "0x" + "77" * 20}

    with (
        net.faults.add(Lie(elsewhere), node="l2", method="eth_getTransactionReceipt"),
        pytest.raises(NotDeployed, match="the chain tells of"),
    ):
        made.wait(timeout=30)
    with (
        net.faults.add(Lie(lambda _: "0x"), node="l2", method="eth_getCode"),
        pytest.raises(NotDeployed, match="no code stands there"),
    ):
        made.wait(timeout=30)
    assert made.wait(timeout=30).status == 1


def test_an_address_that_is_taken(net: Devnet, open_wallet: Open) -> None:
    """By CREATE too, where nobody's contract should ever be: nothing is signed."""
    wallet = open_wallet(net)
    fund(net, wallet.address)
    for salt in (None, SALT):
        foreseen = wallet.quote_deploy(COUNTER, salt=salt).contract
        net.l2.rpc("anvil_setCode", str(foreseen), "0x00")
        with pytest.raises((InputError, RpcError), match="already|[Cc]ollision"):
            wallet.deploy(COUNTER, salt=salt)
    assert not sends(net)


def test_an_address_that_is_taken_between_quote_and_block(net: Devnet, open_wallet: Open) -> None:
    """Somebody else's CREATE2 of the same code is the same contract; it was not this transaction that made it."""
    wallet, other = open_wallet(net), open_wallet(net, 1)
    for one in (wallet, other):
        fund(net, one.address)
    plan = wallet.prepare_deploy(COUNTER, salt=SALT)
    other.deploy(COUNTER, salt=SALT).wait(timeout=30)
    with pytest.raises(TransactionFailed):
        wallet.submit(plan).wait(timeout=30)


@pytest.mark.parametrize("said", [None, "0x" + "00" * 20, "foreseen"], ids=["none", "zero", "as foreseen"])
def test_a_receipt_is_not_believed_without_the_code(net: Devnet, open_wallet: Open, said: str | None) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    made = wallet.deploy(COUNTER)
    address = str(made.contract_address) if said == "foreseen" else said
    lie = Lie(lambda receipt: receipt and receipt | {"contractAddress": address})
    with net.faults.add(lie, node="l2", method="eth_getTransactionReceipt"):
        if said == "0x" + "00" * 20:
            with pytest.raises(NotDeployed, match="the chain tells of"):
                made.wait(timeout=30)
            return
        assert made.wait(timeout=30).status == 1
        with (
            net.faults.add(Lie(lambda _: "0x"), node="l2", method="eth_getCode"),
            pytest.raises(NotDeployed, match="no code stands there"),
        ):
            made.wait(timeout=30)


# ---------------------------------------------------------------- EraVM: its code does not run on the devnet's EVM
@ERA
@pytest.mark.parametrize("kind", ["contract", "account"])
@pytest.mark.parametrize("salt", [None, SALT], ids=["create", "create2"])
def test_the_devnet_says_that_it_does_not_run_eravm_code(
    net: Devnet, open_wallet: Open, kind: str, salt: Hash32 | None
) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    with pytest.raises(Reverted) as refused:
        wallet.deploy_era(BYTECODE, b"\x02", salt=salt, kind=kind)
    assert refused.value.data is not None
    assert refused.value.data[4:] == versioned_hash(BYTECODE)


@ERA
@SIGNERS
@pytest.mark.parametrize("what", ["contract", "account"])
@pytest.mark.parametrize("salt", [None, SALT], ids=["create", "create2"])
def test_eravm_bytecode(net: Devnet, open_wallet: Open, kind: str, what: Any, salt: Hash32 | None) -> None:
    """Up to the node: a stand-in at the deployer's address takes the call, and nothing is created by it."""
    net.l2.rpc("anvil_setCode", str(CONTRACT_DEPLOYER_ADDRESS), "0x00")
    with signer_of(kind, net) as signer:
        wallet = open_wallet(net, signer)
        paymaster = Paymaster.general(str(net.built_ins.general_paymaster)) if what == "account" else None
        asked: dict[str, Any] = {"salt": salt, "kind": what, "factory_deps": [bytes(32)], "paymaster": paymaster}
        expected = EraDeployment(
            bytecode=BYTECODE, constructor_data="0x02", salt=salt, kind=what, more_deps=[bytes(32)]
        )
        foreseen = expected.address(wallet.address, 0)
        plan = wallet.prepare_deploy_era(BYTECODE, "0x02", **asked)
        assert wallet.quote_deploy_era(BYTECODE, "0x02", **asked).contract == foreseen
        tx = plan.steps[0].transaction
        assert type(tx) is Eip712Transaction
        assert (tx.to, tx.data) == (CONTRACT_DEPLOYER_ADDRESS, expected.calldata)
        assert tx.factory_deps == (BYTECODE, bytes(32))
        assert tx.paymaster == paymaster
        words = plan.preview()
        assert words["creates"] == foreseen
        assert str(versioned_hash(BYTECODE)) in str(words)
        assert ("0 is the account's deployment nonce, as the plan claims" in told(words)) is (salt is None)
        assert "contract deployer of L2" in told(words)
        assert Plan.from_json(plan.to_json()) == plan
        made = wallet.submit(plan)
        assert made.contract_address == foreseen
        with pytest.raises(NotDeployed, match=f"a contract at {foreseen}, but no code stands there"):
            made.wait(timeout=30)
        # what Era would show: the very bytecode
        net.l2.rpc("anvil_setCode", str(foreseen), "0x" + BYTECODE.hex())
        assert made.wait(timeout=30).status == 1
        net.l2.rpc("anvil_setCode", str(foreseen), "0x" + bytes(32).hex())
        with pytest.raises(NotDeployed, match="other code stands there than was sent"):
            made.wait(timeout=30)


@ERA
def test_era_foresees_by_the_deployment_nonce(net: Devnet, open_wallet: Open) -> None:
    wallet = open_wallet(net)
    fund(net, wallet.address)
    wallet.deploy(COUNTER).wait(timeout=30)  # the devnet counts it
    net.l2.rpc("anvil_setCode", str(CONTRACT_DEPLOYER_ADDRESS), "0x00")
    nonce = wallet.get_deployment_nonce()
    assert nonce == 1
    plan = wallet.prepare_deploy_era(BYTECODE)
    assert plan.facts.deployment_nonce == 1
    assert plan.preview()["creates"] == era_create(wallet.address, 1)
    two = wallet.prepare_deploy_era(BYTECODE, salt=SALT)
    assert two.facts.deployment_nonce is None
    assert two.preview()["creates"] == era_create2(wallet.address, SALT, versioned_hash(BYTECODE))


@ERA
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"bytecode": b""}, "expected EraVM bytecode, got none"),
        ({"bytecode": bytes(33)}, "multiple of 32"),
        ({"bytecode": bytes(64)}, "odd number of 32-byte words, got 2"),
        ({"bytecode": bytes(32 * 65_537)}, "fewer than 65536"),
        ({"bytecode": bytes(32), "factory_deps": [n.to_bytes(32) for n in range(1, 65)]}, "65 bytecodes"),
        ({"bytecode": bytes(32), "factory_deps": [bytes(40)]}, "multiple of 32"),
        ({"bytecode": bytes(32 * 31_251)}, "below 1000000 bytes"),
        ({"bytecode": bytes(32), "kind": "wallet"}, "expected 'contract' or 'account'"),
        ({"bytecode": bytes(32), "salt": "0x01"}, "32 bytes"),
    ],
    ids=str,
)
def test_eravm_bytecode_that_no_chain_takes(net: Devnet, open_wallet: Open, given: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        open_wallet(net).deploy_era(**given)
    assert not sends(net)


@ERA
def test_one_bad_factory_dep_of_several(net: Devnet, open_wallet: Open) -> None:
    wallet, good = open_wallet(net), [bytes(32), b"\x01" * 96]
    for bad, text in (
        (bytes(64), "odd number"),
        (bytes(31), "multiple of 32"),
        (b"", "odd number"),
        ("0xzz", "factory_deps"),
    ):
        for place in range(3):
            deps = [*good[:place], bad, *good[place:]]
            with pytest.raises(InputError, match=text):
                wallet.execute(net.accounts[1].address, b"\x01", factory_deps=deps)
            with pytest.raises(InputError, match=text):
                wallet.deploy_era(BYTECODE, factory_deps=deps)
    assert not sends(net)


@pytest.mark.parametrize("net", ["zksync-os-eth"], indirect=True)
def test_zksync_os_runs_no_eravm_code(net: Devnet, open_wallet: Open) -> None:
    with pytest.raises(UnsupportedProtocol, match="deploy_era: ZKsync OS runs EVM code alone"):
        open_wallet(net).deploy_era(BYTECODE)


@pytest.mark.parametrize("net", ["era-eth", "era-erc20"], indirect=True)
def test_from_l1_too(net: Devnet, open_wallet: Open) -> None:
    """By `request_execute`, with the deployer's calldata: the request says just that, with the bytecode along."""
    net.l2.rpc("anvil_setCode", str(CONTRACT_DEPLOYER_ADDRESS), "0x00")
    wallet = open_wallet(net)
    asked = EraDeployment(bytecode=BYTECODE, salt=SALT)
    order: dict[str, Any] = {"factory_deps": asked.factory_deps, "l2_gas_limit": 3_000_000}
    plan = wallet.prepare_request_execute(CONTRACT_DEPLOYER_ADDRESS, asked.calldata, **order)
    assert "contract deployer of L2" in told(plan.preview())
    assert wallet.submit(plan).wait(timeout=60).status == 1
    assert asked.address(wallet.address) == era_create2(wallet.address, SALT, versioned_hash(BYTECODE))


# ---------------------------------------------------------------- what a plan and a receipt may say
def _era_plan(net: Devnet, open_wallet: Open) -> Any:
    net.l2.rpc("anvil_setCode", str(CONTRACT_DEPLOYER_ADDRESS), "0x00")
    wallet = open_wallet(net)
    fund(net, wallet.address)
    return wallet, wallet.prepare_deploy_era(BYTECODE)


@ERA
def test_a_deployment_is_one_and_nothing_else(net: Devnet, open_wallet: Open) -> None:
    _, plan = _era_plan(net, open_wallet)
    (step,) = plan.steps
    tx = step.transaction
    for changed, text in (
        (replace(tx, factory_deps=(bytes(32),)), "is not among its factory deps"),
        (replace(tx, to=Address(b"\x12" * 20)), "is no deployment"),
        (replace(tx, to=None), "is no deployment"),
        (replace(tx, data=CONTRACT_DEPLOYER.get_account_info.encode(Address(b"\x12" * 20))), "is no deployment"),
        (replace(tx, data=tx.data[:40]), "named a deployment"),
        (replace(tx, data=ERC20.approve.encode(Address(b"\x12" * 20), 1)), "is no deployment"),
        (replace(tx, to=DETERMINISTIC_DEPLOYER_ADDRESS, data=bytes(32)), "takes a salt of 32 bytes and init code"),
    ):
        with pytest.raises(PlanTampered, match=text):
            replace(plan, steps=(replace(step, transaction=changed),))
    with pytest.raises(PlanTampered, match="named a call, and deploys"):
        replace(plan, kind="transaction", steps=(replace(step, kind="call"),))


@ERA
def test_eras_event_is_compared(net: Devnet, open_wallet: Open) -> None:
    wallet, plan = _era_plan(net, open_wallet)
    signed = sign_plan(plan, wallet._signer if hasattr(wallet, "_signer") else wallet.inner._signer)
    foreseen = era_create(wallet.address, 0)
    net.l2.rpc("anvil_setCode", str(foreseen), "0x" + BYTECODE.hex())

    def told(where: Address) -> Receipt:
        topics = [CONTRACT_DEPLOYER.contract_deployed.topic, bytes(12) + wallet.address, versioned_hash(BYTECODE)]
        log = Log(
            address=CONTRACT_DEPLOYER_ADDRESS,
            topics=tuple(Hash32(topic) for topic in (*topics, bytes(12) + where)),
            data=b"",
            block_number=1,
            transaction_hash=signed.tx_hashes[0],
            log_index=0,
        )
        return Receipt(
            transaction_hash=signed.tx_hashes[0],
            block_hash=SALT,
            block_number=1,
            from_address=wallet.address,
            status=1,
            gas_used=1,
            logs=(log,),
        )

    raw = signed.raw_transactions[0]
    wallet.run(check_deployed(told(foreseen), foreseen, raw))
    with pytest.raises(NotDeployed, match="the chain tells of"):
        wallet.run(check_deployed(told(Address(b"\x13" * 20)), foreseen, raw))


def test_the_deployer_is_the_one_that_is_known() -> None:
    """The transaction that makes it, of no key: r and s are chosen. https://github.com/Arachnid/deterministic-deployment-proxy"""
    from zkcore.ethereum.signature import Signature
    from zkcore.transactions import LegacyTransaction

    init = bytes.fromhex("604580600e600039806000f350fe") + DETERMINISTIC_DEPLOYER_CODE
    tx = LegacyTransaction(chain_id=None, nonce=0, gas_price=10**11, gas_limit=100_000, to=None, value=0, data=init)
    sender = tx.sender(Signature(int("22" * 32, 16), int("22" * 32, 16), 0))
    assert sender == Address("0x3fab184622dc19b6109349b94811493bf2a45362")
    assert create(sender, 0) == DETERMINISTIC_DEPLOYER_ADDRESS
    assert len(DETERMINISTIC_DEPLOYER_CODE) == 0x45

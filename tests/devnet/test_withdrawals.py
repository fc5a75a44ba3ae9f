"""Batches, their roots on L1 and their proofs: what leaves L2 arrives."""

from typing import Any

import pytest

from tests.devnet.client import (
    BASE_TOKEN,
    WITHDRAW,
    RpcFailure,
    ask,
    balance,
    call,
    deposit,
    finalize,
    finalize_params,
    send,
    token_deposit,
    unsent,
)
from zkcore.ethereum.abi import Function, encode
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.assets import ntv_asset_id
from zkcore.protocol.contracts import (
    DIAMOND,
    ERC20,
    L2_ASSET_ROUTER,
    L2_NATIVE_TOKEN_VAULT,
    NATIVE_TOKEN_VAULT,
    NULLIFIER,
)
from zkcore.protocol.proofs import L2ToL1Log
from zkcore.testing.devnet import Devnet, artifact
from zkcore.testing.devnet.batches import BatchLog, log_root, tree_of
from zkcore.testing.pytest_plugin import MakeDevnet
from zkcore.types import Address, Hash32

ETHER = 10**18
ROUTER, VAULT = Address(0x10003.to_bytes(20)), Address(0x10004.to_bytes(20))
WITHDRAW_BASE = Function("withdrawBase(address l1Receiver, uint256[] amounts) payable")
SEND_MESSAGES = Function("sendMessages(bytes[] messages)")


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("era-eth", {}),
        ("era-eth", {"protocol_version": 26}),
        ("era-eth", {"protocol_version": 31}),
        ("era-eth", {"bare_proofs": True}),
        ("era-erc20", {}),
        ("zksync-os-eth", {}),
        ("zksync-os-eth", {"zksync_os_rpc": "2025"}),
        ("zksync-os-eth", {"protocol_version": 31}),
    ],
)
def test_base_token_comes_back(preset: str, options: dict[str, object], make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(preset, **options)
    account, receiver, payer = net.accounts[:3]
    deposit(net, account, account.address, ETHER)
    before = balance(net.l2_url, BASE_TOKEN)
    receipt = send(net.l2_url, account, BASE_TOKEN, WITHDRAW.encode(receiver.address), 5 * 10**17)
    assert receipt["status"] == "0x1"
    assert balance(net.l2_url, BASE_TOKEN) == before == 0
    base = net.profile.base_token
    had = (
        balance(net.l1_url, receiver.address)
        if preset != "era-erc20"
        else call(net.l1_url, base, ERC20.balance_of, receiver.address)
    )
    assert finalize(net, payer, receipt)["status"] == "0x1"
    has = (
        balance(net.l1_url, receiver.address)
        if preset != "era-erc20"
        else call(net.l1_url, base, ERC20.balance_of, receiver.address)
    )
    assert has - had == 5 * 10**17
    assert finalize(net, payer, receipt)["status"] == "0x0"


@pytest.mark.parametrize("preset", ["era-eth", "zksync-os-eth"])
def test_tokens_come_back(preset: str, make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(preset, l2_balance=ETHER)
    account, receiver = net.accounts[:2]
    token = net.tokens["USDT"]
    token_deposit(net, account, token, account.address, 1000)
    bridged = call(net.l2_url, VAULT, L2_NATIVE_TOKEN_VAULT.l2_token_address, token)
    asset = call(net.l2_url, VAULT, NATIVE_TOKEN_VAULT.asset_id, bridged)
    data = encode(("uint256", "address", "address"), (400, receiver.address, bridged))
    receipt = send(net.l2_url, account, ROUTER, L2_ASSET_ROUTER.withdraw.encode(asset, data))
    assert call(net.l2_url, bridged, ERC20.balance_of, account.address) == 600
    had = call(net.l1_url, token, ERC20.balance_of, receiver.address)
    assert finalize(net, account, receipt)["status"] == "0x1"
    assert call(net.l1_url, token, ERC20.balance_of, receiver.address) == had + 400


@pytest.mark.parametrize("preset", ["era-eth", "zksync-os-eth"])
def test_an_l2_native_token_reaches_l1(preset: str, make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(preset, l2_balance=ETHER)
    account, token = net.accounts[0], net.l2_tokens["CROWN"]
    send(net.l2_url, account, token, ERC20.approve.encode(VAULT, 77))
    asset = keccak256(encode(("uint256", "address", "address"), (net.chain_id, VAULT, token)))
    data = encode(("uint256", "address", "address"), (77, account.address, token))
    receipt = send(net.l2_url, account, ROUTER, L2_ASSET_ROUTER.withdraw.encode(asset, data))
    assert receipt["status"] == "0x1"
    assert finalize(net, account, receipt)["status"] == "0x1"
    on_l1 = call(
        net.l1_url,
        net.profile.native_token_vault,
        Function("tokenAddress(bytes32 id) view returns (address token)"),
        asset,
    )
    assert call(net.l1_url, on_l1, ERC20.balance_of, account.address) == 77


@pytest.mark.parametrize("preset", ["era-eth", "zksync-os-eth"])
def test_several_in_one_transaction_and_one_batch(preset: str, make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(preset, l2_balance=ETHER, automatic_batches=False)
    first, second, receiver = net.accounts[:3]
    deposit(net, first, first.address, ETHER)
    withdrawer = Address(send(net.l2_url, first, None, artifact("Withdrawer"), gas_limit=3_000_000)["contractAddress"])
    send(net.l2_url, second, BASE_TOKEN, WITHDRAW.encode(receiver.address), 11)
    receipt = send(
        net.l2_url, first, withdrawer, WITHDRAW_BASE.encode(receiver.address, [5, 5, 9]), 19, gas_limit=3_000_000
    )
    noise = send(net.l2_url, first, withdrawer, SEND_MESSAGES.encode([b"", b"x" * 100]))
    assert len(receipt["l2ToL1Logs"]) == 3
    assert len(noise["l2ToL1Logs"]) == 2
    assert finalize_params(net, receipt) is None
    batch = net.seal_batch()
    assert len(batch.logs) == 1 + 1 + 3 + 2  # the deposit's status, the first withdrawal, three, two
    receipt = ask(net.l2_url, "eth_getTransactionReceipt", receipt["transactionHash"])
    assert finalize_params(net, receipt) is None
    net.execute_batch()
    had = balance(net.l1_url, receiver.address)
    assert [finalize(net, second, receipt, index)["status"] for index in range(3)] == ["0x1"] * 3
    assert balance(net.l1_url, receiver.address) == had + 19
    params = [finalize_params(net, receipt, index) for index in range(3)]
    assert [one[2] for one in params if one] == [2, 3, 4]
    if preset == "era-eth":
        assert receipt["l1BatchTxIndex"] == "0x3"
        assert receipt["l1BatchNumber"] == "0x1"


def test_one_block_has_many_transactions(make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet("zksync-os-eth", l2_balance=ETHER)
    first, second, receiver = net.accounts[:3]
    with net.one_l2_block():
        done = deposit(net, second, second.address, 5)
        sent = [
            ask(
                net.l2_url,
                "eth_sendRawTransaction",
                unsent(net.l2_url, one, BASE_TOKEN, WITHDRAW.encode(receiver.address), 3),
            )
            for one in (first,)
        ]
        assert ask(net.l2_url, "eth_getTransactionReceipt", sent[0]) is None
    receipts = [ask(net.l2_url, "eth_getTransactionReceipt", one) for one in (done.l2_hash, *sent)]
    assert [receipt["transactionIndex"] for receipt in receipts] == ["0x0", "0x1"]
    assert receipts[0]["blockHash"] == receipts[1]["blockHash"]
    block = ask(net.l2_url, "eth_getBlockByHash", receipts[0]["blockHash"], True)
    assert [transaction["hash"] for transaction in block["transactions"]] == [done.l2_hash, *sent]
    assert finalize(net, first, receipts[1])["status"] == "0x1"  # the leaf holds the index in the block


def test_a_batch_without_logs_and_its_root(make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(automatic_batches=False)
    batch = net.seal_batch()
    assert batch.logs == ()
    assert net.execute_batch().root == batch.root
    assert call(net.l1_url, net.profile.diamond, DIAMOND.l2_logs_root_hash, batch.number) == batch.root
    with pytest.raises(RuntimeError, match="no sealed batch"):
        net.execute_batch()


def test_finality_follows_the_batches(make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(automatic_batches=False)
    done = deposit(net, net.accounts[0], net.accounts[0].address, 1)

    def numbers() -> list[int]:
        return [
            int(ask(net.l2_url, "eth_getBlockByNumber", tag, False)["number"], 16)
            for tag in ("finalized", "l1_committed", "committed")
        ]

    finalized, committed, latest = numbers()
    assert finalized <= committed < latest
    assert ask(net.l2_url, "zks_getTransactionDetails", done.l2_hash)["status"] == "included"
    batch = net.seal_batch()
    assert numbers() == [finalized, latest, latest]
    net.execute_batch()
    assert numbers() == [latest, latest, latest]
    details = ask(net.l2_url, "zks_getTransactionDetails", done.l2_hash)
    assert details["status"] == "verified"
    assert details["isL1Originated"] is True
    assert ask(net.l1_url, "eth_getTransactionReceipt", details["ethExecuteTxHash"])["status"] == "0x1"
    assert ask(net.l2_url, "zks_getL1BatchBlockRange", batch.number) == [hex(batch.first_block), hex(batch.last_block)]


def test_proof_in_the_words_of_each_node(make_devnet: MakeDevnet) -> None:
    def proof(net: Devnet, transaction: str) -> Any:
        return ask(net.l2_url, "zks_getL2ToL1LogProof", transaction, 0)

    def deposited(net: Devnet) -> str:
        return deposit(net, net.accounts[0], net.accounts[0].address, 1).l2_hash

    era, new = make_devnet(), make_devnet("zksync-os-eth", l1=None)
    assert set(proof(era, deposited(era))) == {"proof", "id", "root", "batchNumber"}
    assert set(proof(new, deposited(new))) == {"proof", "id", "root", "batchNumber", "gatewayBlockNumber"}
    old = make_devnet("zksync-os-eth", zksync_os_rpc="2025", automatic_batches=False)
    known = deposited(old)
    with pytest.raises(RpcFailure, match="not been included in an L1 batch yet"):
        proof(old, known)
    old.seal_batch()
    with pytest.raises(RpcFailure, match="not been executed yet"):
        proof(old, known)
    old.execute_batch()
    assert set(proof(old, known)) == {"proof", "id", "root", "batch_number"}
    assert proof(old, "0x" + "00" * 32) is None
    with pytest.raises(RpcFailure, match="out of bounds"):
        ask(new.l2_url, "zks_getL2ToL1LogProof", deposited(new), 1)


def test_trees_against_the_plain_definition() -> None:
    for count in (0, 3, 8):
        logs = [
            BatchLog(
                Hash32(bytes(32)),
                L2ToL1Log(
                    is_service=True, tx_number=i, sender=BASE_TOKEN, key=Hash32(bytes(32)), value=Hash32(bytes(32))
                ),
            )
            for i in range(count)
        ]
        nodes = [bytes(log.log.leaf()) for log in logs] + [bytes(keccak256(bytes(88)))] * (2**14 - count)
        while len(nodes) > 1:
            nodes = [bytes(keccak256(nodes[i] + nodes[i + 1])) for i in range(0, len(nodes), 2)]
        assert log_root(logs, "bare") == nodes[0]
        assert log_root(logs, "two") == keccak256(nodes[0] + bytes(32))
        for index, log in enumerate(logs):
            hashed, position = bytes(log.log.leaf()), index
            for sibling in tree_of(logs, "bare").path(index):
                hashed = bytes(keccak256(sibling + hashed if position % 2 else hashed + sibling))
                position //= 2
            assert hashed == nodes[0]


@pytest.mark.parametrize("preset", ["era-eth", "zksync-os-eth"])
def test_a_failed_token_deposit_is_claimed(make_devnet: MakeDevnet, preset: str) -> None:
    net: Devnet = make_devnet(preset)
    account, payer = net.accounts[:2]
    token = net.tokens["DAI"]
    had = call(net.l1_url, token, ERC20.balance_of, account.address)
    net.fail_next_deposit()
    done = token_deposit(net, account, token, account.address, 50)
    receipt = ask(net.l2_url, "eth_getTransactionReceipt", done.l2_hash)
    assert receipt["status"] == "0x0"
    proof = ask(net.l2_url, "zks_getL2ToL1LogProof", done.l2_hash, 0)
    number = int(receipt.get("l1BatchTxIndex") or receipt["transactionIndex"], 16)
    asset = ntv_asset_id(net.profile.l1_chain_id, token)
    data = encode(("uint256", "address", "address"), (50, account.address, token))
    place = (Hash32(done.l2_hash), proof["batchNumber"], proof["id"], number, [Hash32(word) for word in proof["proof"]])
    claim = NULLIFIER.bridge_recover_failed_transfer.encode(net.chain_id, account.address, asset, data, *place)
    assert call(net.l1_url, token, ERC20.balance_of, account.address) == had - 50
    assert send(net.l1_url, payer, net.profile.nullifier, claim)["status"] == "0x1"
    assert call(net.l1_url, token, ERC20.balance_of, account.address) == had
    assert send(net.l1_url, payer, net.profile.nullifier, claim)["status"] == "0x0"


def test_nullifier_remembers(devnet: Devnet) -> None:
    account = devnet.accounts[0]
    deposit(devnet, account, account.address, ETHER)
    receipt = send(devnet.l2_url, account, BASE_TOKEN, WITHDRAW.encode(account.address), 1)
    params = finalize_params(devnet, receipt)
    assert params is not None
    question = (devnet.chain_id, params[1], params[2])
    assert call(devnet.l1_url, devnet.profile.nullifier, NULLIFIER.is_withdrawal_finalized, *question) is False
    finalize(devnet, account, receipt)
    assert call(devnet.l1_url, devnet.profile.nullifier, NULLIFIER.is_withdrawal_finalized, *question) is True

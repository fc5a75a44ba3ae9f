"""The two stacks' JSON-RPC: what each has, lacks, and says."""

from typing import Any

import httpx
import pytest

from tests.devnet.client import GWEI, RpcFailure, ask, balance, deposit, number, send, sign, unsent
from zkcore.ethereum.abi import Function
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.contracts import ERC20
from zkcore.protocol.priority import CanonicalTransaction
from zkcore.testing.devnet import Devnet, artifact
from zkcore.testing.pytest_plugin import MakeDevnet
from zkcore.transactions import Eip1559Transaction, Eip2930Transaction, LegacyTransaction
from zkcore.types import Address

ETHER = 10**18
ERA_ONLY: dict[str, list[Any]] = {
    "zks_getMainContract": [],
    "zks_getBridgeContracts": [],
    "zks_getBaseTokenL1Address": [],
    "zks_L1ChainId": [],
    "zks_L1BatchNumber": [],
    "zks_estimateFee": [{"from": "0x" + "11" * 20, "to": "0x" + "22" * 20}],
    "zks_estimateGasL1ToL2": [{"from": "0x" + "11" * 20, "to": "0x" + "22" * 20}],
    "zks_gasPerPubdata": [],
    "zks_getL1GasPrice": [],
    "zks_getFeeParams": [],
    "zks_getBatchFeeInput": [],
    "zks_getTransactionDetails": ["0x" + "00" * 32],
    "zks_getBlockDetails": [0],
    "zks_getL1BatchDetails": [1],
    "zks_getL1BatchBlockRange": [1],
    "zks_getRawBlockTransactions": [0],
    "zks_getBytecodeByHash": ["0x" + "00" * 32],
    "zks_getTestnetPaymaster": [],
    "zks_getL2Multicall3": [],
    "zks_getTimestampAsserter": [],
    "zks_getProtocolVersion": [],
    "zks_getProof": ["0x" + "11" * 20, ["0x" + "00" * 32], 1],
}
OS_ONLY: dict[str, list[Any]] = {
    "zks_getGenesis": [],
    "zks_getBlockMetadataByNumber": [0],
    "zks_getBytecodeSupplierContract": [],
}
BOTH: dict[str, list[Any]] = {"zks_getBridgehubContract": [], "zks_getL2ToL1LogProof": ["0x" + "00" * 32, 0]}


@pytest.mark.parametrize(
    ("preset", "there", "missing"), [("era-eth", ERA_ONLY, OS_ONLY), ("zksync-os-eth", OS_ONLY, ERA_ONLY)]
)
def test_methods_of_each_stack(
    preset: str, there: dict[str, list[Any]], missing: dict[str, list[Any]], make_devnet: MakeDevnet
) -> None:
    net: Devnet = make_devnet(preset)
    for method, params in (there | BOTH).items():
        ask(net.l2_url, method, *params)
    for method, params in (
        missing | {"zks_getConfirmedTokens": [0, 9], "anvil_mine": [], "evm_mine": [], "eth_accounts": []}
    ).items():
        with pytest.raises(RpcFailure) as failure:
            ask(net.l2_url, method, *params)
        assert (failure.value.code, failure.value.message) == (-32601, "Method not found"), method
    assert ask(net.l2_url, "zks_getBridgehubContract") == str(net.profile.bridgehub)


def test_l1_has_no_methods_of_its_own_making(shared_devnet: Devnet) -> None:
    for method in ("zks_getBridgehubContract", "anvil_setBalance", "evm_mine", "eth_sendTransaction"):
        with pytest.raises(RpcFailure, match=f"the method {method} does not exist/is not available") as failure:
            ask(shared_devnet.l1_url, method)
        assert failure.value.code == -32601


@pytest.mark.parametrize("preset", ["era-eth", "zksync-os-eth"])
def test_the_hash_is_that_of_the_sixteen_fields(preset: str, make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(preset)
    account, refunded = net.accounts[:2]
    done = deposit(net, account, account.address, 3, data=b"\1\2", refund=refunded.address, gas=400_000)
    seen = ask(net.l2_url, "eth_getTransactionByHash", done.l2_hash)
    fields = CanonicalTransaction(
        tx_type=int(seen["type"], 16),
        from_address=seen["from"],
        to=seen["to"],
        gas_limit=int(seen["gas"], 16),
        max_fee_per_gas=int(seen["maxFeePerGas"], 16),
        nonce=int(seen["nonce"], 16),
        value=int(seen["value"], 16),
        reserved=(done.mint_value, int.from_bytes(refunded.address), 0, 0),
        data=bytes.fromhex(seen["input"][2:]),
    )
    assert str(fields.hash()) == done.l2_hash
    if preset == "zksync-os-eth":
        assert (int(seen["toMint"], 16), seen["refundRecipient"]) == (done.mint_value, str(refunded.address).lower())
        assert (seen["initiator"], seen["gasPerPubdataByteLimit"], seen["yParity"]) == (seen["from"], "0x320", "0x0")


def test_receipt_fields_of_each_stack(make_devnet: MakeDevnet) -> None:
    era, new, old = (
        make_devnet(automatic_batches=False),
        make_devnet("zksync-os-eth"),
        make_devnet("zksync-os-eth", zksync_os_rpc="2025"),
    )

    def receipt(net: Devnet) -> Any:
        done = deposit(net, net.accounts[0], net.accounts[0].address, 1)
        return ask(net.l2_url, "eth_getTransactionReceipt", done.l2_hash)

    pending = receipt(era)
    assert pending["l1BatchNumber"] is None
    assert pending["l1BatchTxIndex"] is None
    era.seal_batch()
    sealed = ask(era.l2_url, "eth_getTransactionReceipt", pending["transactionHash"])
    assert (sealed["l1BatchNumber"], sealed["l1BatchTxIndex"]) == ("0x1", "0x0")
    camel = {
        "blockHash",
        "blockNumber",
        "transactionHash",
        "transactionIndex",
        "logIndex",
        "transactionLogIndex",
        "shardId",
        "isService",
        "sender",
        "key",
        "value",
    }
    assert set(sealed["l2ToL1Logs"][0]) == camel | {"l1BatchNumber", "txIndexInL1Batch"}
    of_new = receipt(new)
    assert "l1BatchNumber" not in of_new
    assert set(of_new["l2ToL1Logs"][0]) == camel | {"blockTimestamp"}
    of_old = receipt(old)["l2ToL1Logs"][0]
    assert set(of_old) == {"l2_shard_id", "is_service", "tx_number_in_block", "sender", "key", "value"}
    assert of_old["tx_number_in_block"] == 0
    assert of_old["is_service"] is True


def test_blocks_list_l2_hashes(shared_devnet: Devnet) -> None:
    net = shared_devnet
    done = deposit(net, net.accounts[0], net.accounts[0].address, 1)
    receipt = ask(net.l2_url, "eth_getTransactionReceipt", done.l2_hash)
    at = receipt["blockNumber"]
    block = ask(net.l2_url, "eth_getBlockByNumber", at, False)
    assert block["transactions"] == [done.l2_hash]
    assert block["hash"] == receipt["blockHash"]
    transaction = ask(net.l2_url, "eth_getTransactionByHash", done.l2_hash)
    assert ask(net.l2_url, "eth_getBlockByHash", block["hash"], True)["transactions"] == [transaction]
    assert ask(net.l2_url, "eth_getTransactionByBlockNumberAndIndex", at, "0x0") == transaction
    assert ask(net.l2_url, "eth_getTransactionByBlockHashAndIndex", block["hash"], "0x0") == transaction
    assert ask(net.l2_url, "eth_getTransactionByBlockNumberAndIndex", at, "0x1") is None
    assert ask(net.l2_url, "eth_getBlockReceipts", at) == [receipt]
    assert ask(net.l2_url, "eth_getBlockTransactionCountByNumber", at) == "0x1"
    assert ask(net.l2_url, "eth_getBlockTransactionCountByHash", block["hash"]) == "0x1"
    assert block["l1BatchNumber"] == receipt["l1BatchNumber"]
    assert ask(net.l2_url, "debug_traceTransaction", done.l2_hash, {"tracer": "callTracer"})["to"] == receipt["to"]


def test_estimates_of_l1_transactions(make_devnet: MakeDevnet) -> None:
    era, new = make_devnet(), make_devnet("zksync-os-eth", l2_balance=0)
    request = {
        "from": str(apply_alias(era.profile.asset_router)),
        "to": str(era.accounts[1].address),
        "data": "0x",
        "value": hex(10**30),
    }
    gas = int(
        ask(era.l2_url, "zks_estimateGasL1ToL2", request | {"type": "0x71", "eip712Meta": {"gasPerPubdata": "0x320"}}),
        16,
    )
    assert gas >= 253_884
    with_dep = request | {"eip712Meta": {"gasPerPubdata": "0x320", "factoryDeps": [[0] * 32]}}
    assert int(ask(era.l2_url, "zks_estimateGasL1ToL2", with_dep), 16) > gas + 51_200
    assert int(ask(new.l2_url, "eth_estimateGas", request | {"type": "0x7f"}), 16) == 200_000


def test_reverts_read_as_the_stack_says_them(make_devnet: MakeDevnet) -> None:
    era, new = make_devnet(), make_devnet("zksync-os-eth")
    text = bytes.fromhex("08c379a0") + (32).to_bytes(32) + (4).to_bytes(32) + b"nope".ljust(32, b"\0")
    code = "0x" + (bytes([0x60, len(text), 0x60, 12, 0x60, 0, 0x39, 0x60, len(text), 0x60, 0, 0xFD]) + text).hex()
    for net in (era, new):
        for node in (net.l1, net.l2):
            node.rpc("anvil_setCode", "0x" + "ab" * 20, code)
            node.rpc("anvil_setCode", "0x" + "ac" * 20, "0x63deadbeef60005260046" + "01cfd")
        for url in (net.l1_url, net.l2_url):
            for method in ("eth_call", "eth_estimateGas"):
                with pytest.raises(RpcFailure) as failure:
                    ask(url, method, {"to": "0x" + "ab" * 20})
                assert (failure.value.code, failure.value.data) == (3, "0x" + text.hex())
                assert failure.value.message == "execution reverted: nope"
                with pytest.raises(RpcFailure) as failure:
                    ask(url, method, {"to": "0x" + "ac" * 20})
                assert (failure.value.code, failure.value.data) == (3, "0xdeadbeef")
                of_era = ": Error function_selector = 0xdeadbeef, data = 0xdeadbeef" if url == era.l2_url else ""
                assert failure.value.message == "execution reverted" + of_era


def test_what_l1_refuses(shared_devnet: Devnet) -> None:
    net = shared_devnet
    account, other = net.accounts[:2]

    def refused(raw: str) -> str:
        with pytest.raises(RpcFailure) as failure:
            ask(net.l1_url, "eth_sendRawTransaction", raw)
        assert failure.value.code == -32000
        return failure.value.message

    assert (
        refused(unsent(net.l1_url, account, other.address, chain_id=5))
        == "invalid chain id for signer: have 5 want 31337"
    )
    assert (
        refused(unsent(net.l1_url, account, other.address, gas_limit=20_999))
        == "intrinsic gas too low: gas 20999, minimum needed 21000"
    )
    assert refused(unsent(net.l1_url, account, other.address, value=10**30)).startswith(
        "insufficient funds for gas * price + value: balance "
    )
    send(net.l1_url, account, other.address)
    assert refused(unsent(net.l1_url, account, other.address, nonce=0)) == "nonce too low: next nonce 1, tx nonce 0"
    assert refused("0x02c0").startswith("rlp: ")


def test_what_era_refuses(make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet(l2_balance=ETHER)
    account, other = net.accounts[:2]
    url, fee = net.l2_url, 2 * GWEI

    def refused(raw: str) -> str:
        with pytest.raises(RpcFailure) as failure:
            ask(url, "eth_sendRawTransaction", raw)
        assert failure.value.code == 3
        return failure.value.message

    entry = ((other.address, ()),)
    listed = Eip1559Transaction(
        chain_id=270,
        nonce=0,
        max_priority_fee_per_gas=0,
        max_fee_per_gas=fee,
        gas_limit=10**6,
        to=other.address,
        access_list=entry,
    )
    old = Eip2930Transaction(chain_id=270, nonce=0, gas_price=fee, gas_limit=10**6, to=other.address)
    assert refused(sign(account, listed)) == "access lists are not supported"
    assert refused(sign(account, old)) == "access lists are not supported"
    assert refused(unsent(url, account, other.address, chain_id=271)) == "wrong chain id"
    assert (
        refused(unsent(url, account, other.address, max_fee_per_gas=1, max_priority_fee_per_gas=0))
        == "max fee per gas less than block base fee"
    )
    assert refused(unsent(url, account, other.address, gas_limit=80_000_001)) == "exceeds block gas limit"
    assert refused(unsent(url, account, other.address, value=ETHER)).startswith(
        f"insufficient funds for gas + value. balance: {ETHER}, fee: "
    )
    legacy = LegacyTransaction(chain_id=270, nonce=0, gas_price=fee, gas_limit=10**6, to=other.address)
    done = ask(url, "eth_sendRawTransaction", sign(account, legacy))
    assert ask(url, "eth_getTransactionReceipt", done)["status"] == "0x1"
    assert refused(sign(account, legacy)) == f"known transaction. transaction with hash {done} is already in the system"
    assert refused(unsent(url, account, other.address, nonce=0)).startswith("nonce too low. allowed nonce range: 1 - ")
    with pytest.raises(RpcFailure, match="access lists are not supported"):
        ask(
            url,
            "eth_estimateGas",
            {
                "from": str(account.address),
                "to": str(other.address),
                "accessList": [{"address": str(other.address), "storageKeys": []}],
            },
        )


def test_what_zksync_os_refuses(make_devnet: MakeDevnet) -> None:
    net: Devnet = make_devnet("zksync-os-eth", l2_balance=ETHER)
    account, other = net.accounts[:2]
    entry = ((other.address, ()),)
    listed = Eip1559Transaction(
        chain_id=6565,
        nonce=0,
        max_priority_fee_per_gas=0,
        max_fee_per_gas=GWEI,
        gas_limit=10**6,
        to=other.address,
        access_list=entry,
    )
    done = ask(net.l2_url, "eth_sendRawTransaction", sign(account, listed))
    assert ask(net.l2_url, "eth_getTransactionReceipt", done)["type"] == "0x2"
    for raw, text in (
        (unsent(net.l2_url, account, other.address, chain_id=5), "invalid chain ID"),
        (unsent(net.l2_url, account, other.address, nonce=0), "nonce too low"),
        ("0x71c0", "failed to decode signed transaction"),
    ):
        with pytest.raises(RpcFailure, match=text) as failure:
            ask(net.l2_url, "eth_sendRawTransaction", raw)
        assert failure.value.code == -32603


def test_waiting_transactions(shared_devnet: Devnet) -> None:
    net = shared_devnet
    account, other = net.accounts[:2]
    url = net.l1_url

    def status(transaction_hash: str) -> tuple[bool, bool]:
        return ask(url, "eth_getTransactionByHash", transaction_hash) is not None, ask(
            url, "eth_getTransactionReceipt", transaction_hash
        ) is not None

    net.l1.mining = False
    first = ask(
        url,
        "eth_sendRawTransaction",
        unsent(url, account, other.address, value=1, max_fee_per_gas=10 * GWEI, max_priority_fee_per_gas=GWEI),
    )
    assert status(first) == (True, False)
    assert ask(url, "eth_getTransactionByHash", first)["blockNumber"] is None
    assert number(url, "eth_getTransactionCount", str(account.address), "pending") == 1
    with pytest.raises(RpcFailure, match="already known"):
        ask(
            url,
            "eth_sendRawTransaction",
            unsent(
                url, account, other.address, value=1, nonce=0, max_fee_per_gas=10 * GWEI, max_priority_fee_per_gas=GWEI
            ),
        )
    with pytest.raises(RpcFailure, match="replacement transaction underpriced"):
        ask(
            url,
            "eth_sendRawTransaction",
            unsent(
                url,
                account,
                other.address,
                value=2,
                nonce=0,
                max_fee_per_gas=10 * GWEI + 1,
                max_priority_fee_per_gas=GWEI,
            ),
        )
    second = ask(
        url,
        "eth_sendRawTransaction",
        unsent(
            url,
            account,
            other.address,
            value=2,
            nonce=0,
            max_fee_per_gas=11 * GWEI,
            max_priority_fee_per_gas=11 * GWEI // 10,
        ),
    )
    assert (status(first), status(second)) == ((False, False), (True, False))
    net.l1.drop(second)
    assert status(second) == (False, False)
    assert number(url, "eth_getTransactionCount", str(account.address), "pending") == 0
    queued = ask(url, "eth_sendRawTransaction", unsent(url, account, other.address, nonce=1))
    third = ask(url, "eth_sendRawTransaction", unsent(url, account, other.address, nonce=0))
    net.mine()
    receipts = [ask(url, "eth_getTransactionReceipt", one) for one in (third, queued)]
    assert [receipt["transactionIndex"] for receipt in receipts] == ["0x0", "0x1"]
    assert receipts[0]["blockHash"] == receipts[1]["blockHash"]


def test_the_pending_state_has_what_waits(shared_devnet: Devnet) -> None:
    net = shared_devnet
    account, token = net.accounts[0], net.tokens["DAI"]
    net.l1.mining = False
    spender = net.accounts[1]
    approval = ask(
        net.l1_url,
        "eth_sendRawTransaction",
        unsent(net.l1_url, account, token, ERC20.approve.encode(spender.address, 9)),
    )
    taking = {
        "from": str(spender.address),
        "to": str(token),
        "data": "0x"
        + Function("transferFrom(address from, address to, uint256 amount)")
        .encode(account.address, spender.address, 9)
        .hex(),
    }
    block = number(net.l1_url, "eth_blockNumber")
    for where in (["pending"], []):
        assert int(ask(net.l1_url, "eth_estimateGas", taking, *where), 16) > 21_000
    assert int(ask(net.l1_url, "eth_call", taking, "pending"), 16) == 1
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(RpcFailure):
            ask(net.l1_url, method, taking, "latest")
    assert number(net.l1_url, "eth_blockNumber") == block
    assert ask(net.l1_url, "eth_getTransactionReceipt", approval) is None
    net.mine()
    assert ask(net.l1_url, "eth_getTransactionReceipt", approval)["status"] == "0x1"


def test_a_fee_that_is_too_low_waits_for_the_base_fee(shared_devnet: Devnet) -> None:
    net = shared_devnet
    account, other = net.accounts[:2]
    raw = unsent(net.l1_url, account, other.address)
    net.l1.base_fee *= 10
    waiting = ask(net.l1_url, "eth_sendRawTransaction", raw)
    net.mine(2)
    assert ask(net.l1_url, "eth_getTransactionReceipt", waiting) is None
    assert int(ask(net.l1_url, "eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16) == net.l1.base_fee
    net.l1.base_fee //= 10
    net.mine()
    assert ask(net.l1_url, "eth_getTransactionReceipt", waiting)["status"] == "0x1"


def test_fees_that_nodes_name_are_those_of_the_next_block(shared_devnet: Devnet) -> None:
    net = shared_devnet
    for url, base_fee in ((net.l1_url, net.l1.base_fee), (net.l2_url, net.l2.base_fee)):
        history = ask(url, "eth_feeHistory", "0x2", "latest", [50])
        assert int(history["baseFeePerGas"][-1], 16) == base_fee
        assert number(url, "eth_gasPrice") == base_fee + number(url, "eth_maxPriorityFeePerGas")


def test_json_rpc_itself(shared_devnet: Devnet) -> None:
    url = shared_devnet.l1_url

    def post(body: Any) -> Any:
        return httpx.post(url, json=body).json()

    assert httpx.post(url, content=b"{").json()["error"]["code"] == -32700
    assert post([])["error"]["code"] == -32600
    assert post({"jsonrpc": "2.0", "id": 1, "method": 5})["error"]["code"] == -32600
    assert post({"jsonrpc": "2.0", "id": "x", "method": "eth_chainId"}) == {
        "jsonrpc": "2.0",
        "id": "x",
        "result": "0x7a69",
    }
    assert post({"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": []})["error"]["code"] == -32602
    assert (
        post({"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash", "params": ["0x12"]})["error"]["code"]
        == -32602
    )
    assert (
        post({"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": ["0x" + "11" * 20, "never"]})["error"][
            "code"
        ]
        == -32602
    )
    assert httpx.get(url).status_code == 405


def test_a_batch_is_answered_in_order(shared_devnet: Devnet) -> None:
    net = shared_devnet
    account, other = net.accounts[:2]
    raws = [unsent(net.l1_url, account, other.address, nonce=nonce, value=1) for nonce in range(20)]
    calls: list[dict[str, Any]] = []
    for i, raw in enumerate(raws):
        calls.append({"jsonrpc": "2.0", "id": 2 * i, "method": "eth_sendRawTransaction", "params": [raw]})
        calls.append(
            {
                "jsonrpc": "2.0",
                "id": 2 * i + 1,
                "method": "eth_getTransactionCount",
                "params": [str(account.address), "latest"],
            }
        )
    replies = httpx.post(net.l1_url, json=calls).json()
    assert [reply["id"] for reply in replies] == list(range(40))
    assert [int(reply["result"], 16) for reply in replies[1::2]] == list(range(1, 21))
    assert net.faults.requests("l1")[-1].batch
    assert len(net.faults.requests("l1").sends) == 20


@pytest.mark.devnet(automatic_batches=False)
def test_time(devnet: Devnet) -> None:
    net = devnet

    def times() -> list[int]:
        return [
            int(ask(url, "eth_getBlockByNumber", "latest", False)["timestamp"], 16) for url in (net.l1_url, net.l2_url)
        ]

    before = times()
    net.increase_time(86_400)
    assert [now - then for now, then in zip(times(), before, strict=True)] == [86_400, 86_400]
    net.mine()
    assert times()[0] - before[0] == 86_401


def test_snapshot_and_revert(devnet: Devnet) -> None:
    net = devnet
    account, other = net.accounts[:2]
    first = deposit(net, account, other.address, 5)
    snapshot = net.snapshot()
    for _ in range(2):
        second = deposit(net, account, other.address, 7)
        assert balance(net.l2_url, other.address) == 12
        net.revert(snapshot)
        assert balance(net.l2_url, other.address) == 5
        assert ask(net.l2_url, "eth_getTransactionReceipt", second.l2_hash) is None
        assert ask(net.l2_url, "eth_getTransactionReceipt", first.l2_hash)["status"] == "0x1"
    assert number(net.l2_url, "zks_L1BatchNumber") == 1


def test_a_contract_of_our_own_on_l2(make_devnet: MakeDevnet) -> None:
    for preset in ("era-eth", "zksync-os-eth"):
        net: Devnet = make_devnet(preset, l2_balance=ETHER)
        receipt = send(net.l2_url, net.accounts[0], None, artifact("Counter"), gas_limit=3_000_000)
        assert receipt["status"] == "0x1"
        assert (
            ask(net.l2_url, "eth_getCode", receipt["contractAddress"], "latest")
            == "0x" + artifact("Counter", "runtime").hex()
        )
    assert Address(receipt["contractAddress"])

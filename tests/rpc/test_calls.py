"""Every call: its method and parameters as the node takes them, and the value of its reply."""

import inspect
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.rpc import samples as s
from zkcore.errors import InputError, MalformedReply, MethodNotFound, NoContract, Reverted, RpcError
from zkcore.ethereum.abi import Function
from zkcore.explore import calls as explored
from zkcore.explore import replies as more_replies
from zkcore.explore.state import AccountOverride, with_state
from zkcore.methods import calls, replies
from zkcore.methods.calls import CallRequest
from zkcore.rpc.faults import error_of
from zkcore.testing import play
from zkcore.types import Address, Hash32

A1, A2 = Address(s.A1), Address(s.A2)
H1, H2, H3 = Hash32(s.H1), Hash32(s.H2), Hash32(s.H3)
BALANCE_OF = Function("balanceOf(address owner) view returns (uint256)")
PAIR = Function("pair() view returns (address left, bytes32 right)")
WORD = f"{7:064x}"

# the call, its method, its parameters, a result of a node, and the value
TABLE: list[tuple[Any, str, list[Any], Any, Any]] = [
    (calls.chain_id("l1"), "eth_chainId", [], "0x1", 1),
    (calls.block_number("l2"), "eth_blockNumber", [], "0x10", 16),
    (explored.gas_price("l1"), "eth_gasPrice", [], "0x3b9aca00", 10**9),
    (explored.max_priority_fee_per_gas("l1"), "eth_maxPriorityFeePerGas", [], "0x0", 0),
    (calls.get_balance("l1", A1), "eth_getBalance", [str(A1), "latest"], "0x" + "f" * 64, 2**256 - 1),
    (calls.get_balance("l1", s.A1, block=5), "eth_getBalance", [str(A1), "0x5"], 7, 7),
    (calls.get_transaction_count("l1", A1, block="pending"), "eth_getTransactionCount", [str(A1), "pending"], "0x7", 7),
    (calls.get_code("l2", A1, block=H1), "eth_getCode", [str(A1), {"blockHash": s.H1}], "0x6000", b"\x60\x00"),
    (calls.get_code("l2", A1), "eth_getCode", [str(A1), "latest"], "0x", b""),
    (calls.get_storage_at("l1", A1, 38), "eth_getStorageAt", [str(A1), "0x26", "latest"], s.H1, H1),
    (calls.get_storage_at("l1", A1, H2), "eth_getStorageAt", [str(A1), s.H2, "latest"], s.H1, H1),
    (explored.get_block("l1", "finalized"), "eth_getBlockByNumber", ["finalized", False], None, None),
    (calls.get_transaction("l2", H1), "eth_getTransactionByHash", [s.H1], None, None),
    (calls.get_receipt("l2", s.H1), "eth_getTransactionReceipt", [s.H1], None, None),
    (
        calls.get_logs("l1", from_block=1, to_block="latest"),
        "eth_getLogs",
        [{"fromBlock": "0x1", "toBlock": "latest"}],
        [],
        (),
    ),
    (
        calls.get_logs("l1", from_block=1, to_block=2, address=A1, topics=(H1, None, (H2, s.H3))),
        "eth_getLogs",
        [{"fromBlock": "0x1", "toBlock": "0x2", "address": str(A1), "topics": [s.H1, None, [s.H2, s.H3]]}],
        [],
        (),
    ),
    (
        calls.get_logs("l1", from_block=1, to_block=2, address=[A1, s.A2]),
        "eth_getLogs",
        [{"fromBlock": "0x1", "toBlock": "0x2", "address": [str(A1), str(A2)]}],
        [],
        (),
    ),
    (
        calls.eth_call("l1", A1, BALANCE_OF, A2),
        "eth_call",
        [{"to": str(A1), "data": "0x70a08231" + "00" * 12 + s.A2[2:]}, "latest"],
        "0x" + WORD,
        (7,),
    ),
    (
        with_state(calls.eth_call("l1", A1, PAIR, block=3), {A2: AccountOverride(balance=10**18)}),
        "eth_call",
        [
            {"to": str(A1), "data": "0xa8aa1b31"},
            "0x3",
            {str(A2): {"balance": hex(10**18)}},
        ],
        "0x" + "00" * 12 + s.A1[2:] + s.H1[2:],
        (A1, H1),
    ),
    (
        calls.call_raw("l1", CallRequest(to=A1, data="0x01", from_address=A2, value=5, gas_price=9)),
        "eth_call",
        [{"from": str(A2), "to": str(A1), "data": "0x01", "value": "0x5", "gasPrice": "0x9"}, "latest"],
        "0x0102",
        b"\1\2",
    ),
    (
        calls.estimate_gas("l1", CallRequest(to=A1, value=0)),
        "eth_estimateGas",
        [{"to": str(A1), "value": "0x0"}],
        "0x5208",
        21_000,
    ),
    (
        calls.estimate_gas("l1", CallRequest(to=A1), block="latest"),
        "eth_estimateGas",
        [{"to": str(A1)}, "latest"],
        "0x1",
        1,
    ),
    (
        with_state(
            calls.estimate_gas("l2", CallRequest(to=A1, type=0x7F)),
            {A1: AccountOverride(nonce=1, code=b"\x60", state_diff={H1: H2})},
        ),
        "eth_estimateGas",
        [
            {"to": str(A1), "type": "0x7f"},
            "pending",
            {str(A1): {"nonce": "0x1", "code": "0x60", "stateDiff": {s.H1: s.H2}}},
        ],
        "0x1",
        1,
    ),
    (calls.get_bridgehub_contract(), "zks_getBridgehubContract", [], s.A1, A1),
    (calls.get_bridgehub_contract(), "zks_getBridgehubContract", [], None, None),
    (explored.get_main_contract(), "zks_getMainContract", [], s.A1, A1),
    (explored.get_base_token_l1_address(), "zks_getBaseTokenL1Address", [], s.A1, A1),
    (explored.l1_chain_id(), "zks_L1ChainId", [], "0x1", 1),
    (explored.l1_batch_number(), "zks_L1BatchNumber", [], "0x7a11b", 499_995),
    (explored.gas_per_pubdata(), "zks_gasPerPubdata", [], "0x320", 800),
    (explored.get_l1_gas_price(), "zks_getL1GasPrice", [], "0x1", 1),
    (explored.get_l1_batch_block_range(7), "zks_getL1BatchBlockRange", [7], ["0x1", "0x9"], (1, 9)),
    (explored.get_l1_batch_block_range(7), "zks_getL1BatchBlockRange", [7], None, None),
    (explored.get_bytecode_by_hash(H1), "zks_getBytecodeByHash", [s.H1], [0, 1, 255], b"\0\1\xff"),
    (explored.get_bytecode_by_hash(H1), "zks_getBytecodeByHash", [s.H1], None, None),
    (explored.get_testnet_paymaster(), "zks_getTestnetPaymaster", [], s.A2, A2),
    (explored.get_l2_multicall3(), "zks_getL2Multicall3", [], None, None),
    (explored.get_timestamp_asserter(), "zks_getTimestampAsserter", [], s.A2, A2),
    (explored.get_bytecode_supplier_contract(), "zks_getBytecodeSupplierContract", [], s.A2, A2),
    (explored.get_imt_low_nullifier_index(5, 9), "zks_getImtLowNullifierIndex", ["0x5", 9], 3, 3),
    (
        explored.get_raw_block_transactions(9),
        "zks_getRawBlockTransactions",
        [9],
        [{"common_data": {}}],
        ({"common_data": {}},),
    ),
    (explored.get_protocol_version(29), "zks_getProtocolVersion", [29], None, None),
    (
        calls.estimate_gas_l1_to_l2(
            CallRequest(to=A1, from_address=A2, data=b"\1", value=0, gas_per_pubdata=800, factory_deps=[b"\0\1"])
        ),
        "zks_estimateGasL1ToL2",
        [
            {
                "from": str(A2),
                "to": str(A1),
                "data": "0x01",
                "value": "0x0",
                "type": "0x71",
                "eip712Meta": {"gasPerPubdata": "0x320", "factoryDeps": [[0, 1]]},
            }
        ],
        "0x64",
        100,
    ),
]


@pytest.mark.parametrize("place", range(len(TABLE)))
def test_a_call(place: int) -> None:
    call, method, params, result, value = TABLE[place]
    played = play(call, [result])
    assert (call.method, list(call.params)) == (method, params)
    assert played.value == value
    assert type(played.value) is type(value)
    assert call.chain == ("l2" if method.startswith("zks_") else call.chain)


# the call, a result of a node, and some of its fields
STRUCTS: list[tuple[Any, Any, dict[str, Any]]] = [
    (
        explored.get_block("l1"),
        s.BLOCK,
        {
            "number": 5,
            "hash": H1,
            "parent_hash": H2,
            "timestamp": 101,
            "gas_limit": 30_000_000,
            "gas_used": 0,
            "base_fee_per_gas": 7,
            "transactions": (H1, H2),
            "l1_batch_number": 9,
            "l1_batch_timestamp": None,
        },
    ),
    (explored.get_block("l1", "pending"), s.BLOCK | {"hash": None}, {"hash": None}),
    (
        calls.fee_history("l1", 2, percentiles=[10, 50.5]),
        s.FEE_HISTORY,
        {"oldest_block": 5, "base_fee_per_gas": (7, 8), "reward": ((1, 2),)},
    ),
    (calls.fee_history("l1", 2), s.FEE_HISTORY | {"reward": None}, {"reward": None}),
    (
        calls.get_transaction("l1", H1),
        s.TRANSACTION,
        {
            "hash": H1,
            "from_address": A1,
            "to": A2,
            "nonce": 7,
            "value": 0,
            "gas": 21_000,
            "input": b"",
            "type": 2,
            "chain_id": 1,
            "gas_price": 1,
            "max_fee_per_gas": 2,
            "max_priority_fee_per_gas": 1,
            "block_hash": H2,
            "block_number": 5,
            "transaction_index": 0,
            "to_mint": None,
            "refund_recipient": None,
        },
    ),
    (
        calls.get_transaction("l1", H1),
        s.TRANSACTION | {"blockHash": None, "blockNumber": None, "transactionIndex": None, "to": None},
        {"block_number": None, "to": None},
    ),
    (
        calls.get_transaction("l2", H1),
        s.TRANSACTION | {"type": "0xff", "nonce": "0x2a", "l1BatchNumber": "0x9", "l1BatchTxIndex": "0x1"},
        {"type": 255, "nonce": 42, "l1_batch_number": 9, "l1_batch_tx_index": 1},
    ),
    (
        calls.get_transaction("l2", H1),
        s.OS_PRIORITY,
        {
            "type": 127,
            "nonce": 42,
            "to_mint": 10**18,
            "refund_recipient": A1,
            "gas_per_pubdata_byte_limit": 800,
            "factory_deps": (H3,),
            "input": b"\1\2",
            "gas_price": None,
        },
    ),
    (
        calls.get_receipt("l1", H1),
        s.RECEIPT,
        {
            "transaction_hash": H1,
            "transaction_index": 2,
            "block_hash": H2,
            "block_number": 5,
            "from_address": A1,
            "to": A2,
            "contract_address": None,
            "status": 1,
            "type": 2,
            "gas_used": 21_000,
            "effective_gas_price": 10**9,
            "l2_to_l1_logs": None,
            "l1_batch_number": None,
            "l1_batch_tx_index": None,
        },
    ),
    (calls.get_receipt("l2", H1), s.ERA_RECEIPT, {"type": 255, "l1_batch_number": 9, "l1_batch_tx_index": 7}),
    (
        calls.get_receipt("l2", H1),
        s.ERA_RECEIPT | {"l1BatchNumber": None, "l1BatchTxIndex": None},
        {"l1_batch_number": None},
    ),
    (
        calls.get_receipt("l1", H1),
        s.RECEIPT | {"to": None, "contractAddress": s.A1, "status": "0x0"},
        {"to": None, "contract_address": A1, "status": 0},
    ),
    (
        explored.get_bridge_contracts(),
        s.BRIDGES,
        {"l1_shared_default_bridge": A1, "l2_erc20_default_bridge": A2, "l1_weth_bridge": None},
    ),
    (
        calls.get_transaction_details(H1),
        s.TRANSACTION_DETAILS,
        {
            "is_l1_originated": True,
            "status": "included",
            "fee": 16,
            "gas_per_pubdata": 800,
            "initiator_address": A1,
            "eth_commit_tx_hash": H1,
            "eth_execute_tx_hash": None,
            "eth_precommit_tx_hash": None,
        },
    ),
    (
        explored.get_l1_batch_details(5),
        s.DETAILS,
        {
            "number": 5,
            "status": "verified",
            "commit_tx_hash": H1,
            "prove_tx_hash": None,
            "commit_chain_id": 1,
            "committed_at": datetime(2026, 11, 20, 10, 11, 12, 123456, UTC),
            "fair_pubdata_price": None,
            "l1_gas_price": 7,
        },
    ),
    (
        explored.get_block_details(5),
        s.DETAILS | {"l1BatchNumber": 3, "operatorAddress": s.A1, "protocolVersion": "Version29"},
        {"l1_batch_number": 3, "operator_address": A1, "protocol_version": "Version29", "root_hash": H1},
    ),
    (
        explored.estimate_fee(CallRequest(to=A1)),
        {
            "gas_limit": "0x5",
            "max_fee_per_gas": "0x6",
            "max_priority_fee_per_gas": "0x0",
            "gas_per_pubdata_limit": "0xc350",
        },
        {"gas_limit": 5, "max_fee_per_gas": 6, "max_priority_fee_per_gas": 0, "gas_per_pubdata_limit": 50_000},
    ),
    (
        explored.get_batch_fee_input(),
        {"l1_gas_price": 1, "fair_l2_gas_price": 2, "fair_pubdata_price": 3},
        {"l1_gas_price": 1, "fair_pubdata_price": 3},
    ),
    (
        explored.get_proof(A1, [H1], 5),
        s.STORAGE_PROOF,
        {"address": A1, "storage_proof": (more_replies.StorageProof(key=H1, value=H2, index=7, proof=(H1, H2, H3)),)},
    ),
    (
        explored.get_genesis(),
        s.GENESIS,
        {
            "initial_contracts": ((A1, b"\x60\x00"),),
            "additional_storage": ((H1, H2),),
            "genesis_root": H3,
            "execution_version": 1,
        },
    ),
    (
        explored.get_block_metadata_by_number(5),
        {"pubdataPricePerByte": "0x1", "nativePrice": "0x2", "executionVersion": 3},
        {"pubdata_price_per_byte": 1, "native_price": 2, "execution_version": 3},
    ),
    (
        explored.get_block_metadata_by_number(5),
        {"pubdata_price_per_byte": "0x1", "native_price": "0x2", "execution_version": 3},
        {"pubdata_price_per_byte": 1, "native_price": 2, "execution_version": 3},
    ),
    (
        explored.get_imt_inclusion_proof(5, 9),
        s.IMT,
        {
            "chain_imt_root": H1,
            "leaf": more_replies.ImtLeaf(value=5, next_index=1, next_value=9),
            "imt_leaf_index": 3,
            "imt_proof": (H2,),
        },
    ),
    (
        explored.get_protocol_version(),
        s.PROTOCOL,
        {"minor_version": 29, "timestamp": 0, "bootloader_code_hash": H1, "l2_system_upgrade_tx_hash": None},
    ),
]


@pytest.mark.parametrize("place", range(len(STRUCTS)))
def test_a_struct(place: int) -> None:
    call, result, fields = STRUCTS[place]
    value = play(call, [result]).value
    assert {name: getattr(value, name) for name in fields} == fields
    for name, expected in fields.items():
        assert type(getattr(value, name)) is type(expected)


@pytest.mark.parametrize(("place", "null"), [(i, True) for i in range(len(STRUCTS))])
def test_null_is_none_or_refused(place: int, null: bool) -> None:
    call = STRUCTS[place][0]
    nullable = "| None" in str(inspect.signature(_function_of(call)).return_annotation)
    if nullable:
        assert play(call, [None]).value is None
    else:
        with pytest.raises(MalformedReply):
            play(call, [None])


def _function_of(call: Any) -> Any:
    for module in (explored, calls):
        for function in map(vars(module).__getitem__, module.__all__):
            if inspect.isfunction(function) and f'"{call.method}"' in inspect.getsource(function):
                return function
    raise LookupError(call.method)


def test_fee_params_are_nested() -> None:
    params = play(explored.get_fee_params(), [s.FEE_PARAMS]).value.v2
    assert (params.config.minimal_l2_gas_price, params.config.pubdata_overhead_part) == (45_250_000, 1.0)
    assert (params.conversion_ratio.numerator, params.conversion_ratio.denominator) == (3, 2)  # type: ignore[union-attr]


def test_a_simulation_has_logs_and_errors() -> None:
    requests = [CallRequest(from_address=A1, to=A2, data=b"\1", gas=5), CallRequest(to=A1)]
    played = play(with_state(calls.simulate("l1", requests), {A1: AccountOverride(balance=1)}), [s.SIMULATED])
    good, bad = played.value[0].calls
    assert (good.status, good.return_data, good.logs[0].data, good.error) == (1, b"\1", b"\1\2", None)
    assert bad.error == replies.SimulationError(message="execution failed", code=-3200, data=bytes.fromhex("826fb11e"))
    assert played.waves[0][0].params == (
        {
            "blockStateCalls": [
                {
                    "calls": [{"from": str(A1), "to": str(A2), "data": "0x01", "gas": "0x5"}, {"to": str(A1)}],
                    "stateOverrides": {str(A1): {"balance": "0x1"}},
                }
            ]
        },
        "latest",
    )


# ---------------------------------------------------------------- the proof, in all its spellings
PROOFS: dict[str, tuple[Any, tuple[int, int | None, int | None]]] = {
    "Era": (s.ERA_PROOF, (12, 500_123, None)),
    "very old Era": ({"proof": [s.H1, s.H2], "id": 12, "root": s.H3}, (12, None, None)),
    "ZKsync OS 2025": ({"batch_number": 77, "proof": [s.H1, s.H2], "id": 0, "root": s.H3}, (0, 77, None)),
    "ZKsync OS 2026": (
        {"batchNumber": 77, "proof": [s.H1, s.H2], "id": 0, "root": s.H3, "gatewayBlockNumber": None},
        (0, 77, None),
    ),
    "ZKsync OS 2026, on the Gateway": (
        {"batchNumber": 77, "proof": [s.H1, s.H2], "id": 0, "root": s.H3, "gatewayBlockNumber": 9},
        (0, 77, 9),
    ),
    "v32": (
        {"batchNumber": 77, "proof": [s.H1, s.H2], "id": 0, "root": s.H3, "settlementLayerBlockNumber": 9},
        (0, 77, 9),
    ),
    "hex": ({"batchNumber": "0x4d", "proof": [s.H1, s.H2], "index": "0x2", "root": s.H3}, (2, 77, None)),
}


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof(name: str) -> None:
    result, expected = PROOFS[name]
    proof = play(calls.get_l2_to_l1_log_proof(H1, 3), [result]).value
    assert proof is not None
    assert (proof.id, proof.batch_number, proof.gateway_block_number) == expected
    assert (proof.proof, proof.root) == ((H1, H2), H3)


def test_the_parameters_of_a_proof() -> None:
    plain = play(calls.get_l2_to_l1_log_proof(H1, 3), [None])
    assert plain.waves[0][0].params == (s.H1, 3)
    aimed = play(calls.get_l2_to_l1_log_proof(H1, target="messageRoot"), [None])
    assert aimed.waves[0][0].params == (s.H1, 0, "messageRoot")


@pytest.mark.parametrize(
    "reply",
    [
        None,
        RpcError(where="l2", code=-32603, message="transaction has not been included in an L1 batch yet"),
        RpcError(where="l2", code=-32603, message="L1 batch containing the transaction has not been executed yet"),
        RpcError(where="l2", code=-32603, message="batch 7 has not been executed on Gateway yet"),
        RpcError(where="l2", code=-32603, message="batch 7 has not been executed on L1 yet"),
    ],
)
def test_a_proof_that_is_not_ready(reply: Any) -> None:
    assert play(calls.get_l2_to_l1_log_proof(H1), [reply]).value is None


@pytest.mark.parametrize(
    "reply",
    [
        RpcError(where="l2", code=-32603, message="Internal error"),
        RpcError(where="l2", code=-32603, message="provided L2->L1 log index (1) does not exist; there are only 1"),
        RpcError(where="l2", code=-32603, message="historical block 5 is not available"),
        RpcError(where="l2", code=-32602, message="not yet"),
        MethodNotFound(where="l2", code=-32601, message="not there yet"),
        Reverted("Error", ("not yet",)),
    ],
)
def test_a_proof_that_fails(reply: Exception) -> None:
    with pytest.raises(type(reply)) as caught:
        play(calls.get_l2_to_l1_log_proof(H1), [reply])
    assert caught.value is reply


# ---------------------------------------------------------------- what the caller gave
BAD: list[tuple[Any, str]] = [
    (lambda: calls.get_balance("l1", "0x11"), "address"),
    (lambda: calls.get_balance("l1", A1, block="newest"), "'newest'"),
    (lambda: calls.get_balance("l1", A1, block=-1), "block"),
    (lambda: calls.get_balance("l1", A1, block=True), "block"),
    (lambda: calls.get_receipt("l1", "0x11"), "hash"),
    (lambda: explored.get_block_details(-1), "number"),
    (lambda: explored.get_block_details(2**32), "number"),
    (lambda: calls.estimate_gas("l1", CallRequest(value=-1)), "value"),
    (lambda: calls.estimate_gas("l1", CallRequest(value=2**256)), "value"),
    (lambda: calls.estimate_gas("l1", CallRequest(value=1.5)), "value"),  # type: ignore[arg-type]
    (lambda: calls.estimate_gas("l1", CallRequest(data="01")), "data"),
    (lambda: calls.estimate_gas("l1", CallRequest(to="nobody")), "nobody"),
    (lambda: calls.eth_call("l1", A1, BALANCE_OF, "0x11"), "owner"),
    (lambda: calls.eth_call("l1", A1, BALANCE_OF), "expected 1 arguments"),
    (lambda: calls.get_logs("l1", from_block=1, to_block=2, topics=["0x11"]), "hash"),
    (lambda: play(calls.get_l2_to_l1_log_proof(H1, -1)), "index"),
]


@pytest.mark.parametrize("place", range(len(BAD)))
def test_a_bad_argument_is_named(place: int) -> None:
    make, name = BAD[place]
    with pytest.raises(InputError, match=name):
        make()


def test_state_overrides_come_last_or_are_refused() -> None:
    state = {A1: AccountOverride(balance=1)}
    request = CallRequest(to=A1)
    for call in (explored.estimate_fee(request), calls.estimate_gas_l1_to_l2(request)):
        assert with_state(call, state).params == ({"to": str(A1)}, {str(A1): {"balance": "0x1"}})
    with pytest.raises(InputError, match="eth_chainId"):
        with_state(calls.chain_id("l1"), state)


def test_a_request_with_a_paymaster_is_of_era() -> None:
    request = CallRequest(to=A1, paymaster=A2, paymaster_input=b"\x8c\x5a", custom_signature=b"\1", gas_per_pubdata=5)
    assert request.parameter() == {
        "to": str(A1),
        "type": "0x71",
        "eip712Meta": {
            "gasPerPubdata": "0x5",
            "customSignature": [1],
            "paymasterParams": {"paymaster": str(A2), "paymasterInput": [0x8C, 0x5A]},
        },
    }
    without = CallRequest(paymaster=A2, type=0x71).parameter()["eip712Meta"]
    assert without == {"gasPerPubdata": hex(50_000), "paymasterParams": {"paymaster": str(A2), "paymasterInput": []}}


def test_an_address_without_code_is_told() -> None:
    with pytest.raises(NoContract, match=f"l1: nothing answers balanceOf at {A1}: there is no such contract") as told:
        play(calls.eth_call("l1", A1, BALANCE_OF, A2), ["0x"])
    assert (told.value.chain, told.value.address, told.value.function) == ("l1", A1, "balanceOf")
    with pytest.raises(MalformedReply, match="balanceOf"):
        play(calls.eth_call("l1", A1, BALANCE_OF, A2), ["0x01"])


def test_a_receipt_without_a_block_is_none_yet() -> None:
    for nothing in (None, "0x" + "00" * 32):
        assert play(calls.get_receipt("l1", H1), [s.RECEIPT | {"blockHash": nothing}]).value is None
        half = {"transactionHash": str(H1), "blockHash": nothing, "status": None}
        assert play(calls.get_receipt("l1", H1), [half]).value is None
    assert play(calls.get_receipt("l1", H1), [s.RECEIPT | {"blockNumber": None}]).value is None  # half of one, too
    odds: list[Any] = [[], 7, "", False, {}]
    for odd in odds:
        with pytest.raises(MalformedReply):
            play(calls.get_receipt("l1", H1), [odd])


def test_a_nonce_that_is_none_is_the_nodes_fault() -> None:
    assert play(calls.get_transaction_count("l1", A1), [hex(2**64 - 1)]).value == 2**64 - 1
    with pytest.raises(MalformedReply, match="nonce below"):
        play(calls.get_transaction_count("l1", A1), [hex(2**64)])


@pytest.mark.parametrize("code", [-32603, -32000, -32002, -32090, 3])
def test_a_proof_that_is_not_there_yet(code: int) -> None:
    def said(code: int, message: str) -> Any:
        return play(calls.get_l2_to_l1_log_proof(H1), [error_of({"code": code, "message": message}, "l2")]).value

    assert said(code, "L1 batch is not executed yet") is None
    for message in ("not found", "the method zks_getL2ToL1LogProof is not supported yet"):
        with pytest.raises(RpcError):
            said(code, message)


def test_null_is_a_field_that_is_left_out() -> None:
    """What is not needed may be null or "", and a log need not say again where its transaction is; logs are never "none"."""
    whole = play(calls.get_receipt("l1", H1), [s.RECEIPT]).value
    assert whole is not None
    bare = {name: s.LOG[name] for name in ("address", "topics", "data", "logIndex")}
    empty = dict.fromkeys(("type", "effectiveGasPrice", "transactionIndex", "to", "l1BatchNumber", "logsBloom"))
    found = play(calls.get_receipt("l1", H1), [s.RECEIPT | empty | {"contractAddress": "", "logs": [bare]}]).value
    assert found is not None
    assert (found.type, found.to, found.contract_address, found.effective_gas_price) == (0, None, None, None)
    assert found.logs == (replace(whole.logs[0], removed=None),)
    nulls = [bare | {"blockNumber": None, "transactionHash": None, "blockHash": None, "removed": None}]
    assert play(calls.get_receipt("l1", H1), [s.RECEIPT | {"logs": nulls}]).value == replace(whole, logs=found.logs)
    numbers = {"transactionIndex": 0, "l1BatchTxIndex": 0, "type": 0}  # 0 is one
    found = play(calls.get_receipt("l1", H1), [s.RECEIPT | numbers]).value
    assert found is not None
    assert (found.transaction_index, found.l1_batch_tx_index, found.type) == (0, 0, 0)
    for name in ("status", "logs"):
        for row in (s.RECEIPT | {name: None}, {key: value for key, value in s.RECEIPT.items() if key != name}):
            with pytest.raises(MalformedReply, match=name):
                play(calls.get_receipt("l1", H1), [row])
    with pytest.raises(MalformedReply, match="logs"):
        play(calls.get_receipt("l1", H1), [s.RECEIPT | {"logs": [7]}])


@pytest.mark.parametrize("word", ["0x", "0x0", "0x1", "0x123", "0x0" + "1" * 62, "0x" + "f" * 64, "0x00000aB"])
def test_words_without_their_zeros(word: str) -> None:
    found = play(calls.get_storage_at("l1", A1, 0), [word]).value
    assert (type(found), int.from_bytes(found)) == (Hash32, int(word[2:] or "0", 16))


@pytest.mark.parametrize(
    "word", [None, "", "1", 1, "0x" + "0" * 65, "0xg", "0x-1", "0x 1", "0x1_0", "0x1\n", "0x\u0661"]
)
def test_what_is_no_word(word: Any) -> None:
    with pytest.raises(MalformedReply, match="a word of storage"):
        play(calls.get_storage_at("l1", A1, 0), [word])


ONE = {"status": "0x1", "returnData": "0x", "gasUsed": "0x5208"}


@pytest.mark.parametrize(
    "blocks", [[], [{"calls": []}], [{"calls": [ONE, ONE]}], [{"calls": [ONE]}] * 2, {}, [None], [{"calls": [None]}]]
)
def test_simulations_of_another_shape(blocks: Any) -> None:
    with pytest.raises(MalformedReply):
        play(calls.simulate("l1", [CallRequest(to=A1)]), [blocks])


def test_every_function_is_offered() -> None:
    made = {
        name for name, value in vars(calls).items() if inspect.isfunction(value) and value.__module__ == calls.__name__
    }
    assert {name for name in made if not name.startswith("_")} <= set(calls.__all__)
    assert not [name for name in made if getattr(calls, name).__doc__ is None and not name.startswith("_")]

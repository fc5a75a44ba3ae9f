"""What the devnet answers is read by zkcore's typed calls, which were written from the servers' sources."""

from typing import Any

import httpx
import msgspec
import pytest

from tests.devnet.client import BASE_TOKEN, WITHDRAW, deposit, send
from zkcore.effects import Call
from zkcore.explore import calls as explored
from zkcore.methods import calls
from zkcore.methods.calls import CallRequest
from zkcore.methods.decoding import decoder
from zkcore.methods.replies import SpelledLogProof
from zkcore.testing.devnet import Devnet
from zkcore.testing.pytest_plugin import MakeDevnet

ETHER = 10**18


def _read(net: Devnet, call: Call[Any]) -> Any:
    url = {"l1": net.l1_url, "l2": net.l2_url}[call.chain]
    body = {"jsonrpc": "2.0", "id": 1, "method": call.method, "params": list(call.params)}
    text = httpx.post(url, json=body, verify=False, trust_env=False).content
    reply = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    assert "error" not in reply, (call.method, text)
    return call.decode(reply["result"])


@pytest.mark.parametrize("preset", ["era-eth", "zksync-os-eth"])
def test_every_answer_is_read(make_devnet: MakeDevnet, preset: str) -> None:
    net: Devnet = make_devnet(preset)
    account = net.accounts[0]
    done = deposit(net, account, account.address, ETHER)
    withdrawal = send(net.l2_url, account, BASE_TOKEN, WITHDRAW.encode(account.address), 5)["transactionHash"]
    request = CallRequest(to=account.address, from_address=account.address, value=1)
    both: list[Call[Any]] = [calls.get_bridgehub_contract()]
    for chain in ("l1", "l2"):
        both += [
            calls.chain_id(chain),
            calls.block_number(chain),
            explored.get_block(chain, "latest"),
            explored.get_block(chain, "finalized"),
            explored.gas_price(chain),
            explored.max_priority_fee_per_gas(chain),
            calls.fee_history(chain, 2, percentiles=[50]),
            calls.get_balance(chain, account.address),
            calls.get_transaction_count(chain, account.address, block="pending"),
            calls.get_code(chain, account.address),
            calls.get_storage_at(chain, account.address, 0),
            calls.get_logs(chain, from_block=0, to_block="latest"),
            calls.estimate_gas(chain, request),
        ]
    for transaction in (done.l2_hash, withdrawal):
        both += [calls.get_transaction("l2", transaction), calls.get_receipt("l2", transaction)]
        both.append(Call("l2", "zks_getL2ToL1LogProof", (transaction, 0), decoder(SpelledLogProof)))
    both += [calls.get_receipt("l1", done.receipt["transactionHash"])]
    both += [calls.get_transaction("l1", done.receipt["transactionHash"])]
    era: list[Call[Any]] = [
        explored.get_proof(account.address, [bytes(32)], 1),
        explored.get_main_contract(),
        explored.get_bridge_contracts(),
        explored.get_base_token_l1_address(),
        explored.l1_chain_id(),
        explored.l1_batch_number(),
        explored.estimate_fee(request),
        calls.estimate_gas_l1_to_l2(request),
        explored.gas_per_pubdata(),
        explored.get_l1_gas_price(),
        explored.get_fee_params(),
        explored.get_batch_fee_input(),
        calls.get_transaction_details(withdrawal),
        explored.get_block_details(1),
        explored.get_l1_batch_details(1),
        explored.get_l1_batch_block_range(1),
        explored.get_raw_block_transactions(2),
        explored.get_testnet_paymaster(),
        explored.get_protocol_version(),
    ]
    of_os: list[Call[Any]] = [
        explored.get_genesis(),
        explored.get_bytecode_supplier_contract(),
        explored.get_block_metadata_by_number(1),
    ]
    for call in both + (era if preset == "era-eth" else of_os):
        assert _read(net, call) is not None, call.method
    for call in (
        explored.get_l2_multicall3(),
        explored.get_timestamp_asserter(),
        explored.get_bytecode_by_hash(bytes(32)),
    ):
        if preset == "era-eth":
            assert _read(net, call) is None

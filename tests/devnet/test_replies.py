"""What the devnet answers is read by zkcore's typed calls, which were written from the servers' sources."""

from typing import Any

import httpx
import msgspec
import pytest

from tests.devnet.client import BASE_TOKEN, WITHDRAW, deposit, send
from zkcore import calls
from zkcore.calls import CallRequest
from zkcore.decoding import decoder
from zkcore.effects import Call
from zkcore.replies import SpelledLogProof
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
            calls.get_block(chain, "latest"),
            calls.get_block(chain, "finalized"),
            calls.gas_price(chain),
            calls.max_priority_fee_per_gas(chain),
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
        calls.get_proof(account.address, [bytes(32)], 1),
        calls.get_main_contract(),
        calls.get_bridge_contracts(),
        calls.get_base_token_l1_address(),
        calls.l1_chain_id(),
        calls.l1_batch_number(),
        calls.estimate_fee(request),
        calls.estimate_gas_l1_to_l2(request),
        calls.gas_per_pubdata(),
        calls.get_l1_gas_price(),
        calls.get_fee_params(),
        calls.get_batch_fee_input(),
        calls.get_transaction_details(withdrawal),
        calls.get_block_details(1),
        calls.get_l1_batch_details(1),
        calls.get_l1_batch_block_range(1),
        calls.get_raw_block_transactions(2),
        calls.get_testnet_paymaster(),
        calls.get_protocol_version(),
    ]
    of_os: list[Call[Any]] = [
        calls.get_genesis(),
        calls.get_bytecode_supplier_contract(),
        calls.get_block_metadata_by_number(1),
    ]
    for call in both + (era if preset == "era-eth" else of_os):
        assert _read(net, call) is not None, call.method
    for call in (calls.get_l2_multicall3(), calls.get_timestamp_asserter(), calls.get_bytecode_by_hash(bytes(32))):
        if preset == "era-eth":
            assert _read(net, call) is None

"""Transactions of type 0x71 on Era, and who pays for them."""

from typing import Any, Literal

import pytest
from eth_keys import KeyAPI

from tests.devnet.client import BASE_TOKEN, WITHDRAW, RpcFailure, ask, balance, call, finalize, number
from zkcore.ethereum.abi import Function
from zkcore.ethereum.signature import Signature
from zkcore.protocol.contracts import ERC20
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Account, Devnet, Failure
from zkcore.testing.pytest_plugin import MakeDevnet
from zkcore.transactions import Eip712Transaction
from zkcore.types import Address, to_hex

ETHER = 10**18
NONCE_HOLDER = Address(0x8003.to_bytes(20))
BOOTLOADER = Address(0x8001.to_bytes(20))


def _made(net: Devnet, account: Account, to: Address | None, **fields: Any) -> Eip712Transaction:
    defaults: dict[str, Any] = {
        "chain_id": net.chain_id,
        "nonce": number(net.l2_url, "eth_getTransactionCount", str(account.address), "latest"),
        "max_fee_per_gas": net.l2.base_fee,
        "max_priority_fee_per_gas": net.l2.base_fee,
        "gas_limit": 2_000_000,
        "from_address": account.address,
    }
    return Eip712Transaction(**(defaults | fields), to=to)


def _signature(account: Account, transaction: Eip712Transaction) -> Signature:
    made = KeyAPI().PrivateKey(bytes.fromhex(account.private_key[2:])).sign_msg_hash(transaction.signing_hash())
    return Signature(made.r, made.s, made.v)


def _send(
    net: Devnet, account: Account, transaction: Eip712Transaction, form: Literal["custom", "ecdsa"] = "custom"
) -> Any:
    signature = _signature(account, transaction)
    sent = ask(net.l2_url, "eth_sendRawTransaction", to_hex(transaction.signed_bytes(signature, form)))
    assert sent == str(transaction.hash(signature))
    return ask(net.l2_url, "eth_getTransactionReceipt", sent)


@pytest.fixture
def net(make_devnet: MakeDevnet) -> Devnet:
    return make_devnet(l2_balance=ETHER)


@pytest.mark.parametrize("form", ["custom", "ecdsa"])
def test_both_wire_forms(net: Devnet, form: Literal["custom", "ecdsa"]) -> None:
    account, receiver = net.accounts[:2]
    receipt = _send(net, account, _made(net, account, receiver.address, value=5), form)
    assert (receipt["status"], receipt["type"]) == ("0x1", "0x71")
    assert balance(net.l2_url, receiver.address) == ETHER + 5
    fee = int(receipt["gasUsed"], 16) * net.l2.base_fee
    assert balance(net.l2_url, account.address) == ETHER - 5 - fee
    transaction = ask(net.l2_url, "eth_getTransactionByHash", receipt["transactionHash"])
    assert (transaction["type"], transaction["from"]) == ("0x71", str(account.address).lower())
    assert (
        call(
            net.l2_url,
            NONCE_HOLDER,
            Function("getMinNonce(address account) view returns (uint256 nonce)"),
            account.address,
        )
        == 1
    )


def test_a_withdrawal(net: Devnet) -> None:
    account = net.accounts[0]
    receipt = _send(net, account, _made(net, account, BASE_TOKEN, value=7, data=WITHDRAW.encode(account.address)))
    # only what came from L1 can go back: the vault tracks it
    assert receipt["l2ToL1Logs"][0]["key"] == "0x" + "00" * 12 + bytes(BASE_TOKEN).hex()
    assert finalize(net, account, receipt)["status"] == "0x0"


def test_a_wrong_signature_is_refused(net: Devnet) -> None:
    account, other = net.accounts[:2]
    transaction = _made(net, account, other.address)
    wrong = _signature(other, transaction)
    for raw in (transaction.signed_bytes(wrong), transaction.signed_bytes(wrong, "ecdsa")):
        with pytest.raises(
            RpcFailure,
            match=r"failed to validate the transaction\. reason: Validation revert: Account validation error",
        ) as failure:
            ask(net.l2_url, "eth_sendRawTransaction", to_hex(raw))
        assert failure.value.code == 3
    assert balance(net.l2_url, other.address) == ETHER


def test_a_general_paymaster_pays(net: Devnet) -> None:
    account, receiver = net.accounts[:2]
    paymaster = net.built_ins.general_paymaster
    assert paymaster is not None
    net.l2.rpc("anvil_setBalance", str(account.address), hex(9))
    had, bootloader = balance(net.l2_url, paymaster), balance(net.l2_url, BOOTLOADER)
    transaction = _made(
        net,
        account,
        receiver.address,
        value=4,
        paymaster=Paymaster.general(paymaster),
        max_fee_per_gas=2 * net.l2.base_fee,
    )
    receipt = _send(net, account, transaction)
    assert receipt["status"] == "0x1"
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert int(receipt["effectiveGasPrice"], 16) == net.l2.base_fee
    assert balance(net.l2_url, account.address) == 5
    assert balance(net.l2_url, paymaster) == had - fee
    assert balance(net.l2_url, BOOTLOADER) == bootloader
    assert ask(net.l2_url, "eth_getBlockByNumber", "latest", False)["transactions"] == [receipt["transactionHash"]]
    assert number(net.l2_url, "eth_getTransactionCount", str(account.address), "latest") == 1
    assert ask(net.l2_url, "eth_getCode", str(account.address), "latest") == "0x"


def test_an_approval_based_paymaster_is_paid_in_its_token(net: Devnet) -> None:
    account, receiver = net.accounts[:2]
    paymaster, token = net.built_ins.approval_paymaster, net.l2_tokens["CROWN"]
    assert paymaster is not None
    assert ask(net.l2_url, "zks_getTestnetPaymaster") == str(paymaster)
    net.l2.rpc("anvil_setBalance", str(account.address), "0x0")
    had = call(net.l2_url, token, ERC20.balance_of, account.address)
    flow = Paymaster.approval_based(paymaster, token=token, minimal_allowance=ETHER)
    receipt = _send(
        net, account, _made(net, account, token, data=ERC20.transfer.encode(receiver.address, 3), paymaster=flow)
    )
    assert receipt["status"] == "0x1"
    assert call(net.l2_url, token, ERC20.balance_of, account.address) == had - ETHER - 3
    assert call(net.l2_url, token, ERC20.balance_of, paymaster) == ETHER
    assert balance(net.l2_url, account.address) == 0
    # the approval and the payment are logs of the same transaction
    assert [int(log["logIndex"], 16) for log in receipt["logs"]] == list(range(len(receipt["logs"])))
    assert len(receipt["logs"]) >= 3
    assert ask(net.l2_url, "eth_getLogs", {"blockHash": receipt["blockHash"]}) == receipt["logs"]


def test_a_reverting_transaction_still_costs_the_paymaster(net: Devnet) -> None:
    account = net.accounts[0]
    paymaster = net.built_ins.general_paymaster
    assert paymaster is not None
    net.l2.rpc("anvil_setCode", "0x" + "ab" * 20, "0x60006000fd")
    had, own = balance(net.l2_url, paymaster), balance(net.l2_url, account.address)
    receipt = _send(
        net, account, _made(net, account, Address("0x" + "ab" * 20), value=1, paymaster=Paymaster.general(paymaster))
    )
    assert receipt["status"] == "0x0"
    assert balance(net.l2_url, account.address) == own
    assert balance(net.l2_url, paymaster) == had - int(receipt["gasUsed"], 16) * net.l2.base_fee


def test_what_a_paymaster_refuses_leaves_no_trace(net: Devnet) -> None:
    account, other = net.accounts[:2]
    general, approval = net.built_ins.general_paymaster, net.built_ins.approval_paymaster
    assert general is not None
    assert approval is not None
    token = net.l2_tokens["CROWN"]
    refused = [
        Paymaster.general(approval),
        Paymaster.approval_based(approval, token=token, minimal_allowance=ETHER - 1),
        Paymaster.approval_based(approval, token=other.address, minimal_allowance=ETHER),
        Paymaster(general, b"\1\2\3\4"),
        Paymaster(other.address, b""),  # no contract: it pays nothing
    ]
    block = number(net.l2_url, "eth_blockNumber")
    for paymaster in refused:
        transaction = _made(net, account, other.address, paymaster=paymaster)
        with pytest.raises(RpcFailure, match="failed paymaster validation") as failure:
            _send(net, account, transaction)
        assert failure.value.code == 3
    assert number(net.l2_url, "eth_blockNumber") == block
    assert ask(net.l2_url, "eth_getCode", str(account.address), "latest") == "0x"
    assert _send(net, account, _made(net, account, other.address))["status"] == "0x1"


def test_estimates_with_a_paymaster(net: Devnet) -> None:
    account, other = net.accounts[:2]
    general = net.built_ins.general_paymaster
    request = {
        "from": str(account.address),
        "to": str(other.address),
        "value": "0x1",
        "type": "0x71",
        "maxFeePerGas": hex(net.l2.base_fee),
    }
    meta = {
        "gasPerPubdata": "0xc350",
        "paymasterParams": {"paymaster": str(general), "paymasterInput": [0x8C, 0x5A, 0x34, 0x45]},
    }
    net.l2.rpc("anvil_setBalance", str(account.address), "0x1")
    gas = int(ask(net.l2_url, "eth_estimateGas", request | {"eip712Meta": meta}), 16)
    fee = ask(net.l2_url, "zks_estimateFee", request | {"eip712Meta": meta})
    assert int(fee["gas_limit"], 16) == gas
    assert set(fee) == {"gas_limit", "max_fee_per_gas", "max_priority_fee_per_gas", "gas_per_pubdata_limit"}
    receipt = _send(
        net,
        account,
        _made(net, account, other.address, value=1, gas_limit=gas, paymaster=Paymaster.general(str(general))),
    )
    assert receipt["status"] == "0x1"


def test_a_chosen_error(net: Devnet) -> None:
    with (
        net.faults.add(Failure(3, "oversized data. max: 1", "0x"), node="l2", method="eth_sendRawTransaction"),
        pytest.raises(RpcFailure, match="oversized"),
    ):
        _send(net, net.accounts[0], _made(net, net.accounts[0], net.accounts[1].address))

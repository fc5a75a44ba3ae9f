"""The least of a client: JSON-RPC by httpx, signing by eth-keys. It shares no flow with zkcore's own wallet."""

import atexit
from functools import cache
from typing import Any

import httpx
from eth_keys import KeyAPI
from msgspec import Struct

from zkcore.ethereum.abi import Function, encode
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import Signature
from zkcore.protocol.contracts import BRIDGEHUB, ERC20, NULLIFIER
from zkcore.testing.devnet import Account, Devnet
from zkcore.transactions import Eip1559Transaction, Transaction
from zkcore.types import Address, Hash32, to_hex

GAS = 1_000_000
GWEI = 10**9
WITHDRAW = Function("withdraw(address l1Receiver) payable")
BASE_TOKEN = Address(bytes(18) + b"\x80\x0a")
MESSAGE_SENT = "0x3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241"


class RpcFailure(Exception):
    """A JSON-RPC error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error))
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


@cache
def _http() -> httpx.Client:
    client = httpx.Client(verify=False, trust_env=False)  # reading the certificates takes longer than a call
    atexit.register(client.close)
    return client


def ask(url: str, method: str, *params: Any) -> Any:
    """One call; its result."""
    reply = _http().post(url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).json()
    if "error" in reply:
        raise RpcFailure(reply["error"])
    return reply["result"]


def number(url: str, method: str, *params: Any) -> int:
    return int(ask(url, method, *params), 16)


def balance(url: str, address: Address) -> int:
    return number(url, "eth_getBalance", str(address), "latest")


def sign(account: Account, transaction: Transaction) -> str:
    """The raw signed transaction."""
    key = KeyAPI().PrivateKey(bytes.fromhex(account.private_key[2:]))
    made = key.sign_msg_hash(transaction.signing_hash())
    return to_hex(transaction.signed_bytes(Signature(made.r, made.s, made.v)))


def unsent(url: str, account: Account, to: Address | None, data: bytes = b"", value: int = 0, **fields: Any) -> str:
    """A raw EIP-1559 transaction for the node's state."""
    defaults = {
        "chain_id": number(url, "eth_chainId"),
        "nonce": number(url, "eth_getTransactionCount", str(account.address), "pending"),
        "max_fee_per_gas": 2 * number(url, "eth_gasPrice"),
        "max_priority_fee_per_gas": number(url, "eth_maxPriorityFeePerGas"),
        "gas_limit": GAS,
    }
    return sign(account, Eip1559Transaction(**(defaults | fields), to=to, data=data, value=value))


def send(url: str, account: Account, to: Address | None, data: bytes = b"", value: int = 0, **fields: Any) -> Any:
    """Send, and return the receipt."""
    transaction_hash = ask(url, "eth_sendRawTransaction", unsent(url, account, to, data, value, **fields))
    return ask(url, "eth_getTransactionReceipt", transaction_hash)


def call(url: str, to: Address, function: Function, *arguments: Any) -> Any:
    """What a view answers."""
    data = ask(url, "eth_call", {"to": str(to), "data": to_hex(function.encode(*arguments))}, "latest")
    return function.decode_result(bytes.fromhex(data[2:]))[0]


class Deposit(Struct, frozen=True):
    """A deposit: the L1 receipt, the L2 hash, what was minted."""

    receipt: Any
    l2_hash: str
    mint_value: int


def base_cost(net: Devnet, gas: int, gas_price: int) -> int:
    return call(
        net.l1_url, net.profile.bridgehub, BRIDGEHUB.l2_transaction_base_cost, net.chain_id, gas_price, gas, 800
    )


def l2_hash(net: Devnet, receipt: Any) -> str:
    """The L2 hash in the first NewPriorityRequest of the chain's diamond."""
    diamond = str(net.profile.diamond).lower()
    log = next(log for log in receipt["logs"] if log["address"] == diamond)
    return "0x" + log["data"][66:130]


def deposit(
    net: Devnet,
    account: Account,
    to: Address,
    amount: int,
    *,
    gas: int = 300_000,
    data: bytes = b"",
    refund: Address | None = None,
    mint_value: int | None = None,
    extra: int = 0,
) -> Deposit:
    """A direct request with a value."""
    profile, price = net.profile, 2 * number(net.l1_url, "eth_gasPrice")
    mint = base_cost(net, gas, price) + amount + extra if mint_value is None else mint_value
    request = (net.chain_id, mint, to, amount, data, gas, 800, [], refund or account.address)
    value = mint
    if profile.base_token != Address(bytes(19) + b"\1"):
        value = 0
        send(net.l1_url, account, profile.base_token, ERC20.approve.encode(profile.asset_router, mint))
    calldata = BRIDGEHUB.request_l2_transaction_direct.encode(request)
    receipt = send(net.l1_url, account, profile.bridgehub, calldata, value, max_fee_per_gas=price)
    assert receipt["status"] == "0x1", receipt
    return Deposit(receipt, l2_hash(net, receipt), mint)


def token_deposit(
    net: Devnet, account: Account, token: Address, to: Address, amount: int, *, gas: int = 3_000_000
) -> Deposit:
    """A token by way of the asset router, on a chain whose base token is ether."""
    profile, price = net.profile, 2 * number(net.l1_url, "eth_gasPrice")
    send(net.l1_url, account, token, ERC20.approve.encode(profile.asset_router, amount))
    asset = keccak256(
        encode(("uint256", "address", "address"), (profile.l1_chain_id, Address(0x10004.to_bytes(20)), token))
    )
    transfer = encode(("uint256", "address", "address"), (amount, to, token))
    second = b"\1" + encode(("bytes32", "bytes"), (asset, transfer))
    mint = base_cost(net, gas, price)
    request = (net.chain_id, mint, 0, gas, 800, account.address, profile.asset_router, 0, second)
    calldata = BRIDGEHUB.request_l2_transaction_two_bridges.encode(request)
    receipt = send(net.l1_url, account, profile.bridgehub, calldata, mint, max_fee_per_gas=price)
    assert receipt["status"] == "0x1", receipt
    return Deposit(receipt, l2_hash(net, receipt), mint)


def finalize_params(net: Devnet, receipt: Any, index: int = 0) -> tuple[Any, ...] | None:
    """The argument of finalizeDeposit for the index-th message of an L2 receipt, or None while there is no proof."""
    logs = [log for log in receipt["logs"] if log["topics"][0] == MESSAGE_SENT]
    log = logs[index]
    positions = [i for i, one in enumerate(receipt["l2ToL1Logs"]) if int(one["sender"], 16) == 0x8008]
    proof = ask(net.l2_url, "zks_getL2ToL1LogProof", receipt["transactionHash"], positions[index])
    if proof is None:
        return None
    batch = proof.get("batchNumber", proof.get("batch_number"))
    number_in = receipt.get("l1BatchTxIndex") or receipt["transactionIndex"]
    data = bytes.fromhex(log["data"][2:])
    message = data[64 : 64 + int.from_bytes(data[32:64])]
    path = [Hash32(word) for word in proof["proof"]]
    return (net.chain_id, batch, proof["id"], Address("0x" + log["topics"][1][26:]), int(number_in, 16), message, path)


def finalize(net: Devnet, account: Account, receipt: Any, index: int = 0) -> Any:
    """The receipt of finalizeDeposit."""
    params = finalize_params(net, receipt, index)
    assert params is not None
    return send(net.l1_url, account, net.profile.nullifier, NULLIFIER.finalize_deposit.encode(params))

"""What the bridge contracts see: calldata, canonical transactions, fees, paymaster inputs."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from tests.vectors.runner import Rule, number, same
from zkcore.errors import InputError
from zkcore.ethereum.abi import Function, Parameter
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol import assets, contracts
from zkcore.protocol.addresses import apply_alias
from zkcore.protocol.contracts import BRIDGEHUB, DIAMOND, L2_ASSET_ROUTER
from zkcore.protocol.fees import FeeParams, base_cost, l2_gas_price, minimal_l2_gas_limit
from zkcore.protocol.paymaster import Paymaster
from zkcore.protocol.priority import (
    CanonicalTransaction,
    L2TransactionRequest,
    PriorityRequest,
    l2_refund_recipient,
    l2_sender,
    predict_l2_hash,
    predict_transaction,
    priority_requests,
)
from zkcore.types import ETH, Address, Hash32, hex_bytes

Outputs = dict[str, Any]

V30 = 30  # the protocol version of the contracts that l1_contracts was taken from
L1_CHAIN_ID = 31337


# ---------------------------------------------------------------- calldata
def argument(parameter: Parameter, given: Any) -> Any:
    if parameter.is_array:
        return [argument(parameter.item, member) for member in given]
    if parameter.components:
        members = given.values() if isinstance(given, Mapping) else given
        return tuple(argument(part, member) for part, member in zip(parameter.components, members, strict=True))
    if "int" in parameter.type:
        return number(given)
    return given if parameter.type in {"bool", "string", "address"} else hex_bytes(given)


def calldata(given: Any, _: Any) -> Outputs:
    selector = bytes(keccak256(given["function"].encode())[:4])
    # the fragment that is in use; one that is not, such as a legacy bridge's, is encoded all the same
    function = contracts.functions().get(selector) or Function(given["function"])
    same("the signature", function.signature, given["function"])
    arguments = [argument(p, value) for p, value in zip(function.inputs, given["args"].values(), strict=True)]
    encoded = function.encode(*arguments)
    same("encoded again", function.encode(*function.decode_arguments(encoded)), encoded)
    return {"selector": function.selector, "calldata": encoded}


def second_bridge(given: Any, asset_id: Hash32 | None) -> tuple[assets.TransferData, bytes]:
    transfer = assets.TransferData(number(given["amount"]), Address(given["l2_receiver"]), Address(given["token"]))
    deposit = assets.SecondBridgeDeposit(asset_id=asset_id, transfer=transfer)
    same("decoded again", assets.SecondBridgeDeposit.decode(deposit.encode()) == deposit, True)
    return transfer, deposit.encode()


def second_bridge_legacy(given: Any, _: Any) -> Outputs:
    return {"data": second_bridge(given, None)[1]}


def second_bridge_v1(given: Any, _: Any) -> Outputs:
    asset_id = assets.ntv_asset_id(number(given["origin_chain_id"]), given["token"])
    transfer, data = second_bridge(given, asset_id)
    return {"asset_id": asset_id, "transfer_data": transfer.encode(), "data": data}


def ntv_asset_id(given: Any, _: Any) -> Outputs:
    return {"asset_id": assets.ntv_asset_id(number(given["origin_chain_id"]), given["token"])}


def ntv_transfer_data(given: Any, _: Any) -> Outputs:
    transfer = assets.TransferData(number(given["amount"]), Address(given["receiver"]), Address(given["token"]))
    same("decoded again", assets.TransferData.decode(transfer.encode()) == transfer, True)
    return {"data": transfer.encode()}


def erc20_default_bridge_data(given: Any, _: Any) -> Outputs:
    return {"data": assets.erc20_metadata(given["name"], given["symbol"], number(given["decimals"]))}


def erc20_bridge_calldata(given: Any, _: Any) -> Outputs:
    mint = assets.BridgeMint(
        original_caller=Address(given["l1_sender"]),
        receiver=Address(given["l2_receiver"]),
        origin_token=Address(given["token"]),
        amount=number(given["amount"]),
        metadata=hex_bytes(given["bridge_data"]),
    )
    asset_id = assets.ntv_asset_id(1, mint.origin_token)
    return {"calldata": assets.deposit_calldata(mint, asset_id=asset_id, origin_chain_id=1, l1_chain_id=1)}


def l2_message(given: Any, _: Any) -> Outputs:
    message: assets.WithdrawalMessage
    match given["type"]:
        case "base_withdraw":
            message = assets.BaseTokenWithdrawal(receiver=Address(given["to"]), amount=number(given["amount"]))
        case "asset_router_finalize_deposit":
            message = assets.AssetWithdrawal(
                origin_chain_id=number(given["chain_id"]),
                asset_id=Hash32(given["asset_id"]),
                transfer_data=hex_bytes(given["transfer_data"]),
            )
        case other:
            raise LookupError(f"unknown type of message {other!r}")
    encoded = message.encode()
    same("parsed back", assets.parse_withdrawal_message(encoded) == message, True)
    return {"message": encoded}


# ---------------------------------------------------------------- canonical transactions
NAMES = {
    "txType": "tx_type",
    "from": "from_address",
    "to": "to",
    "gasLimit": "gas_limit",
    "gasPerPubdataByteLimit": "gas_per_pubdata_byte_limit",
    "maxFeePerGas": "max_fee_per_gas",
    "maxPriorityFeePerGas": "max_priority_fee_per_gas",
    "paymaster": "paymaster",
    "nonce": "nonce",
    "value": "value",
    "reserved": "reserved",
    "data": "data",
    "signature": "signature",
    "factoryDeps": "factory_deps",
    "paymasterInput": "paymaster_input",
    "reservedDynamic": "reserved_dynamic",
}
WORDS = {"from", "to", "paymaster"}


def canonical(given: Mapping[str, Any]) -> CanonicalTransaction:
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, list):
            fields[NAMES[name]] = tuple(int(member) for member in value)
        else:
            fields[NAMES[name]] = value if value.startswith("0x") else int(value)
    return CanonicalTransaction(**fields)


def shown(transaction: CanonicalTransaction) -> Outputs:
    fields: Outputs = {name: getattr(transaction, ours) for name, ours in NAMES.items()}
    fields |= {name: int.from_bytes(fields[name]) for name in WORDS}
    return {**fields, "factoryDeps": [int.from_bytes(dep) for dep in transaction.factory_deps]}


def encoded(transaction: CanonicalTransaction) -> bytes:
    data = transaction.encode()
    same("decoded again", CanonicalTransaction.decode(data) == transaction, True)
    return data


def priority_request(given: Any, _: Any) -> Outputs:
    stack = "zksync-os" if given["tx_type"] == "127" else "era"
    asked = given["request"]
    request = L2TransactionRequest(
        sender=Address(asked["sender"]),
        l2_contract=Address(asked["contractL2"]),
        mint_value=number(asked["mintValue"]),
        l2_value=number(asked["l2Value"]),
        l2_calldata=hex_bytes(asked["l2Calldata"]),
        l2_gas_limit=number(asked["l2GasLimit"]),
        l2_gas_per_pubdata_byte_limit=number(asked["l2GasPerPubdataByteLimit"]),
        factory_deps=tuple(hex_bytes(code) for code in asked["factoryDeps"]),
        refund_recipient=Address(asked["refundRecipient"]),
    )
    transaction = predict_transaction(
        request,
        stack=stack,  # type: ignore[arg-type]
        priority_id=number(given["tx_id"]),
        l2_gas_price=number(given["l2_gas_price"]),
    )
    transaction = replace(transaction, tx_type=number(given["tx_type"]))
    data = encoded(transaction)
    return {
        "transaction": shown(transaction),
        "encoding": data,
        "encoding_length": len(data),
        "hash": transaction.hash(),
    }


def canonical_struct(given: Any, _: Any) -> Outputs:
    transaction = canonical(given["transaction"])
    return {"encoding": encoded(transaction), "hash": transaction.hash()}


def requests(logs: Any, main_contract: str) -> list[PriorityRequest]:
    receipt = SimpleNamespace(
        logs=[
            SimpleNamespace(
                address=Address(log["address"]),
                topics=tuple(map(Hash32, log["topics"])),
                data=hex_bytes(log["data"]),
            )
            for log in logs
        ]
    )
    return priority_requests(receipt, main_contract)  # type: ignore[arg-type]


def one(found: list[PriorityRequest]) -> PriorityRequest:
    if len(found) != 1:
        raise InputError(f"{len(found)} requests to this chain, where one was expected")
    return found[0]


def receipt(given: Any, _: Any) -> Outputs:
    return {"l2_hash": one(requests(given["logs"], given["main_contract"])).l2_tx_hash}


def event(given: Any, _: Any) -> Outputs:
    found = one(requests([given], given["address"]))
    return {
        "tx_id": found.transaction.nonce,
        "tx_hash": found.l2_tx_hash,
        "expiration": found.expiration,
        "transaction": shown(found.transaction),
        "factory_deps": list(found.factory_deps),
        "recomputed_hash": found.transaction.hash(),
    }


def topics(_given: Any, _: Any) -> Outputs:
    return {
        "NewPriorityRequest": DIAMOND.new_priority_request.topic,
        "NewPriorityRequest_signature": DIAMOND.new_priority_request.signature,
        "NewPriorityRequestId": DIAMOND.new_priority_request_id.topic,
    }


# ---------------------------------------------------------------- the real contracts
def fee_params(given: Mapping[str, str]) -> FeeParams:
    return FeeParams(
        pubdata_pricing_mode=given["pubdataPricingMode"].lower(),  # type: ignore[arg-type]
        batch_overhead_l1_gas=number(given["batchOverheadL1Gas"]),
        max_pubdata_per_batch=number(given["maxPubdataPerBatch"]),
        max_l2_gas_per_batch=number(given["maxL2GasPerBatch"]),
        priority_tx_max_pubdata=number(given["priorityTxMaxPubdata"]),
        minimal_l2_gas_price=number(given["minimalL2GasPrice"]),
        multiplier_nominator=number(given["baseTokenGasPriceMultiplierNominator"]),
        multiplier_denominator=number(given["baseTokenGasPriceMultiplierDenominator"]),
    )


def cost(given: Any, _: Any) -> Outputs:
    params = fee_params(given["feeParams"])
    per_pubdata = number(given["l2GasPerPubdataByteLimit"])
    return {"base_cost": base_cost(params, number(given["gasPrice"]), number(given["l2GasLimit"]), per_pubdata)}


# the chains of l1_contracts: mode, multiplier (the file's notes)
CHAINS = {"270": ("Rollup", "1", "1"), "271": ("Rollup", "1000", "1"), "272": ("Rollup", "1", "1")}
CHAINS["273"] = ("Validium", "5", "2")
DEFAULT_PARAMS = {
    "batchOverheadL1Gas": "1000000",
    "maxPubdataPerBatch": "120000",
    "maxL2GasPerBatch": "80000000",
    "priorityTxMaxPubdata": "99000",
    "minimalL2GasPrice": "250000000",
}


def minimal_gas(given: Any, _: Any) -> Outputs:
    mode, nominator, denominator = CHAINS[given["chainId"]]
    params = fee_params(
        DEFAULT_PARAMS
        | {
            "pubdataPricingMode": mode,
            "baseTokenGasPriceMultiplierNominator": nominator,
            "baseTokenGasPriceMultiplierDenominator": denominator,
        }
    )
    minimum = minimal_l2_gas_limit(
        stack="zksync-os" if given["zksyncOS"] else "era",
        protocol_version=V30,
        calldata_length=number(given["calldataLength"]),
        factory_deps=number(given["factoryDeps"]),
        l2_gas_price=l2_gas_price(params, number(given["gasPrice"])),
    )
    return {"minimal_l2_gas_limit": minimum, "error_below": "ValidateTxnNotEnoughGas()"}


def deposit(given: Any, expected: Any) -> Outputs:
    """Of what is expected only the priority id is taken, whether the refund recipient has code, and the token's
    metadata: the chain knew them, the input does not say.
    """
    asked, emitted = given["request"], expected["transaction"]
    direct = given["method"] == "requestL2TransactionDirect"
    function = BRIDGEHUB.request_l2_transaction_direct if direct else BRIDGEHUB.request_l2_transaction_two_bridges
    (shape,) = function.inputs
    ordered = {part.name: asked[part.name] for part in shape.components}
    same("the bridgehub's calldata", function.encode(argument(shape, ordered)), given["bridgehubCalldata"])

    caller = Address(given["bridgehubMsgSender"])
    kind = "contract" if given["senderIsContract"] else "eoa"
    wanted = Address(asked["refundRecipient"])
    has_code = emitted["reserved"][1] == str(int.from_bytes(apply_alias(wanted)))
    refund = l2_refund_recipient(
        wanted,
        sender=caller,
        sender_kind=kind,  # type: ignore[arg-type]
        recipient_kind="contract" if has_code else "eoa",
        protocol_version=V30,
    )
    if direct:
        is_origin = caller == Address(given["txOrigin"])
        sender = l2_sender(caller, kind=kind, is_origin=is_origin, protocol_version=V30)  # type: ignore[arg-type]
        to, data = Address(asked["l2Contract"]), hex_bytes(asked["l2Calldata"])
    else:
        sender, to = apply_alias(asked["secondBridgeAddress"]), contracts.L2_ASSET_ROUTER_ADDRESS
        data = routed(asked, caller, hex_bytes(emitted["data"]))
    request = L2TransactionRequest(
        sender=sender,
        l2_contract=to,
        mint_value=number(asked["mintValue"]),
        l2_value=number(asked["l2Value"]),
        l2_calldata=data,
        l2_gas_limit=number(asked["l2GasLimit"]),
        l2_gas_per_pubdata_byte_limit=number(asked["l2GasPerPubdataByteLimit"]),
        factory_deps=tuple(hex_bytes(code) for code in asked.get("factoryDeps", ())),
        refund_recipient=refund,
    )
    params, price = fee_params(given["feeParams"]), number(given["effectiveGasPrice"])
    stack, nonce = ("zksync-os" if given["zksyncOS"] else "era"), number(emitted["nonce"])
    transaction = predict_transaction(
        request,
        stack=stack,  # type: ignore[arg-type]
        priority_id=nonce,
        l2_gas_price=l2_gas_price(params, price),
    )
    predicted = predict_l2_hash(request, params, stack=stack, priority_id=nonce, effective_gas_price=price)  # type: ignore[arg-type]
    same("the predicted hash", predicted, transaction.hash())
    return {"transaction": shown(transaction), "abi_encoded": encoded(transaction), "tx_hash": transaction.hash()}


def routed(asked: Any, caller: Address, emitted: bytes) -> bytes:
    """The calldata that the asset router makes of the second bridge's; the token's metadata is the event's."""
    request = assets.SecondBridgeDeposit.decode(asked["secondBridgeCalldata"])
    transfer = request.transfer
    if emitted[:4] == L2_ASSET_ROUTER.finalize_deposit_legacy.selector:
        *_, token, _amount, metadata = L2_ASSET_ROUTER.finalize_deposit_legacy.decode_arguments(emitted)
        origin = L1_CHAIN_ID
    else:
        _, _, mint_data = L2_ASSET_ROUTER.finalize_deposit.decode_arguments(emitted)
        minted = assets.BridgeMint.decode(mint_data)
        token, metadata, origin = minted.origin_token, minted.metadata, 0
    asset_id = request.asset_id or assets.ntv_asset_id(L1_CHAIN_ID, transfer.token)
    if origin == L1_CHAIN_ID:
        same("the asset", assets.ntv_asset_id(origin, token), asset_id)
    ether = token == ETH
    amount = number(asked["secondBridgeValue"]) if ether and not transfer.amount else transfer.amount
    mint = assets.BridgeMint(
        original_caller=caller, receiver=transfer.receiver, origin_token=token, amount=amount, metadata=metadata
    )
    return assets.deposit_calldata(mint, asset_id=asset_id, origin_chain_id=origin, l1_chain_id=L1_CHAIN_ID)


# ---------------------------------------------------------------- paymasters
def paymaster(given: Any, _: Any) -> Outputs:
    match given["type"]:
        case "General":
            made = Paymaster.general(given["paymaster"], given.get("innerInput") or b"")
        case "ApprovalBased":
            made = Paymaster.approval_based(
                given["paymaster"],
                token=given["token"],
                minimal_allowance=number(given["minimalAllowance"]),
                inner_input=given.get("innerInput") or b"",
            )
        case other:
            raise InputError(f"paymaster: the flows are general and approval-based, got {other!r}")
    return {"paymaster": made.address, "paymasterInput": made.input}


SUITES: dict[str, dict[str | None, Rule]] = {
    "deposit_calldata": {
        "calldata": calldata,
        "second_bridge_legacy": second_bridge_legacy,
        "second_bridge_v1": second_bridge_v1,
        "ntv_asset_id": ntv_asset_id,
        "ntv_transfer_data": ntv_transfer_data,
        "erc20_default_bridge_data": erc20_default_bridge_data,
        "erc20_bridge_calldata": erc20_bridge_calldata,
        "l2_message": l2_message,
    },
    "l2_hash": {
        "priority_request": priority_request,
        "canonical_struct": canonical_struct,
        "receipt": receipt,
        "event": event,
        "topics": topics,
    },
    "l1_contracts": {"base_cost": cost, "deposit": deposit, "minimal_gas": minimal_gas},
    "paymaster": {None: paymaster},
}

"""Withdrawals by bundle: what is sent, the message, the hashes, the proof and what is sent to L1."""

from collections.abc import Callable
from typing import Any

from tests.vectors.runner import Rule, number, same
from zkcore.ethereum.abi import ErrorType, Function
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol import contracts
from zkcore.protocol.assets import BridgeMint, SecondBridgeDeposit, TransferData, ntv_asset_id
from zkcore.protocol.bundles import (
    BundleRequest,
    BundleWithdrawal,
    interoperable_address,
    parse_interoperable_address,
)
from zkcore.protocol.contracts import (
    INTEROP_ATTRIBUTES,
    INTEROP_CENTER,
    INTEROP_CENTER_ADDRESS,
    L1_INTEROP_HANDLER,
    L2_ASSET_ROUTER,
    L2_BASE_TOKEN_ADDRESS,
    ZERO_ADDRESS,
)
from zkcore.protocol.fees import minimal_l2_gas_limit
from zkcore.protocol.proofs import batch_leaf as leaf_of_batch
from zkcore.protocol.proofs import chain_id_leaf, merkle_root, message_log, parse_proof, verify_proof
from zkcore.protocol.reverts import decode_revert
from zkcore.types import Address, Hash32, hex_bytes

Outputs = dict[str, Any]


def erc7930(given: Any, _: Any) -> Outputs:
    chain, address = number(given["chain"]), given["address"]
    made = interoperable_address(chain, address)
    same("read again", parse_interoperable_address(made), (chain, None if address is None else Address(address)))
    return {"bytes": made}


def attributes(given: Any, _: Any) -> Outputs:
    """Those that withdrawals use are zkcore's own fragments; others are written by its ABI."""
    ours = {
        function.signature: function for function in vars(INTEROP_ATTRIBUTES).values() if isinstance(function, Function)
    }
    function = ours.get(given["signature"]) or Function(given["signature"])
    return {"bytes": function.encode(*map(value, given["args"]))}


def value(argument: Any) -> Any:
    return [value(member) for member in argument] if isinstance(argument, list) else number(argument)


def withdrawal(given: Any, _: Any) -> Outputs:
    chain, l1, origin = (number(given[name]) for name in ("chain_id", "l1_chain_id", "origin_chain"))
    base = Address(given["l2_token"]) == L2_BASE_TOKEN_ADDRESS
    execution, unbundler = hex_bytes(given["execution"]), hex_bytes(given["unbundler"])
    asset_id = ntv_asset_id(origin, given["origin_token"])
    transfer = TransferData(
        number(given["amount"]), Address(given["receiver"]), ZERO_ADDRESS if base else Address(given["l2_token"])
    )
    request = BundleRequest(
        l1_chain_id=l1,
        asset_id=asset_id,
        transfer=transfer,
        value=transfer.amount if base else 0,
        salt=Hash32(given["salt"]),
        executor=parse_interoperable_address(execution)[1] if execution else None,
        unbundler=parse_interoperable_address(unbundler)[1] if unbundler else None,
    )
    same("the request read again", BundleRequest.decode(request.encode()).encode(), request.encode())
    mint = BridgeMint(
        original_caller=Address(given["sender"]),
        receiver=transfer.receiver,
        origin_token=Address(given["origin_token"]),
        amount=transfer.amount,
        metadata=hex_bytes(given["token_metadata"]),
    )
    made = BundleWithdrawal(
        source_chain_id=chain,
        l1_chain_id=l1,
        l1_asset_router=Address(given["l1_asset_router"]),
        asset_id=asset_id,
        transfer_data=mint.encode(),
        salt=keccak256(mint.original_caller + request.salt),
        sender_salt=request.salt,
        execution_address=execution,
        unbundler_address=unbundler or interoperable_address(chain, given["sender"]),
    )
    message = made.encode()
    same("the message read again", BundleWithdrawal.decode(message).encode(), message)
    same("the executor", made.executor, request.executor)
    batch, index, number_of_tx = (number(given[name]) for name in ("batch", "message_index", "tx_number"))
    log = message_log(INTEROP_CENTER_ADDRESS, message, number_of_tx)
    asked: dict[str, Any] = {"chain_id": chain, "batch": batch, "index": index, "proof": given["proof"]}
    root = merkle_root(parse_proof(given["proof"])[0].path, index, log.leaf())
    same("the proof", verify_proof(**asked, leaf=log.leaf(), roots=lambda *_: root), True)
    executed = made.execution(batch=batch, index=index, tx_number=number_of_tx, proof=given["proof"])
    _sent(given["l2_logs"], made)
    return {
        "asset_id": asset_id,
        "mint_data": mint.encode(),
        "router_data": SecondBridgeDeposit(asset_id=asset_id, transfer=transfer).encode(),
        "l1_payload": L2_ASSET_ROUTER.finalize_deposit.encode(chain, asset_id, mint.encode()),
        "bundle": made.bundle,
        "message": message,
        "message_hash": keccak256(message),
        "bundle_hash": made.hashes[0],
        "bundle_hash_two_argument_form": made.hashes[1],
        "send_id": made.send_id(made.hashes[0]),
        "salt_in_bundle": made.salt,
        "leaf": log.leaf(),
        "chain_batch_root": root,
        "executeBundle_calldata": executed,
        "verifyBundle_calldata": L1_INTEROP_HANDLER.verify_bundle.selector + executed[4:],
        "unbundleBundle_calldata_cancel": UNBUNDLE.encode(made.bundle, [2]),
        "l2_to_l1_log": {
            "shard": log.shard_id,
            "isService": log.is_service,
            "txNumberInBatch": log.tx_number,
            "sender": str(log.sender).lower(),
            "key": log.key,
            "value": log.value,
        },
        "originating_call": {
            "to": str(INTEROP_CENTER_ADDRESS).lower(),
            "data": request.encode(),
            "value": request.value,
        },
    }


UNBUNDLE = Function("unbundleBundle(bytes bundle,uint8[] callStatus)")


def _sent(logs: Any, made: BundleWithdrawal) -> None:
    """The events of L2, in which the same bundle and its hash are."""
    event = INTEROP_CENTER.interop_bundle_sent
    (sent,) = (log for log in logs if log["topics"] == [str(event.topic)])
    fields = event.decode([Hash32(topic) for topic in sent["topics"]], hex_bytes(sent["data"]))
    same("the hash of the event", fields["interopBundleHash"] in made.hashes, True)
    initiated = L2_ASSET_ROUTER.bridgehub_deposit_initiated
    (router,) = (log for log in logs if log["topics"][0] == str(initiated.topic))
    told = initiated.decode([Hash32(topic) for topic in router["topics"]], hex_bytes(router["data"]))
    same("of whom the router tells", (told["from"], told["assetId"]), (made.mint.original_caller, made.asset_id))


def revert(given: Any, _: Any) -> Outputs:
    data = hex_bytes(given["data"])
    said = decode_revert(data)
    if not data:
        return {"again": data}
    same("a name for it", bool(said.name), True)
    errors = map(ErrorType, [*contracts.CUSTOM_ERRORS, "Error(string)", "Panic(uint256)"])
    (error,) = (found for found in errors if (found.name, found.selector) == (said.name, data[:4]))
    return {"again": error.encode(*said.args)}


def message_root_proof(given: Any, _: Any) -> Outputs:
    chain, batch, index = (number(given[name]) for name in ("chain_id", "batch", "index"))
    hop, last = parse_proof(given["proof"])
    batch_root = merkle_root(hop.path, index, given["leaf"])
    batch_leaf = leaf_of_batch(batch_root, batch, hop.l1_timestamp)
    chain_root = merkle_root(hop.batch_path, hop.batch_mask, batch_leaf)
    leaf = chain_id_leaf(chain_root, chain)
    root = merkle_root(last.path, hop.settlement_mask, leaf)
    trusted = {(hop.settlement_chain_id, hop.settlement_batch): root}
    roots: Callable[[int, int], Hash32 | None] = lambda *key: trusted.get(key)  # noqa: E731
    asked: dict[str, Any] = {"chain_id": chain, "batch": batch, "index": index, "proof": given["proof"]}
    same("the proof", verify_proof(**asked, leaf=given["leaf"], roots=roots), True)
    return {
        "l1_timestamp": hop.l1_timestamp,
        "batch_root": batch_root,
        "batch_leaf": batch_leaf,
        "chain_root": chain_root,
        "chain_id_leaf": leaf,
        "settlement_chain": hop.settlement_chain_id,
        "settlement_block": hop.settlement_batch,
        "settlement_mask": hop.settlement_mask,
        "aggregated_root": root,
        "words_of_first_node": hop.length,
    }


def minimal_l2_gas(given: Any, _: Any) -> Outputs:
    length, pubdata = number(given["calldata_length"]), number(given["gas_per_pubdata"])
    minimum = minimal_l2_gas_limit(
        stack="zksync-os",
        protocol_version=33,
        calldata_length=length,
        l2_gas_price=250_000_000,
        gas_per_pubdata=pubdata,
    )
    return {"minimal": minimum}


SUITES: dict[str, dict[str | None, Rule]] = {
    "v33": {
        "erc7930": erc7930,
        "attributes": attributes,
        "withdrawal": withdrawal,
        "revert": revert,
        "message_root_proof": message_root_proof,
        "minimal_l2_gas_v33_plus": minimal_l2_gas,
    }
}

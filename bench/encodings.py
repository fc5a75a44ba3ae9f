"""The hot paths, by us and by Python peers, on one input each. `results agree` is checked before anything is timed."""

import json
from types import SimpleNamespace
from typing import Any

from bench.measure import Task

KEY = "0x" + "11" * 32
ALICE = "0x36615Cf349d7F6344891B1e7CA7C72883F5dc049"
BOB = "0xa61464658AfeAf65CccaaFD3a512b69A83B77618"
DATA = "0x" + "ab" * 132
DIGEST = bytes(range(32))
CANONICAL = {
    "tx_type": 255,
    "from_address": ALICE,
    "to": BOB,
    "gas_limit": 1_200_000,
    "gas_per_pubdata_byte_limit": 800,
    "max_fee_per_gas": 250_000_000,
    "nonce": 4_711,
    "value": 10**17,
    "reserved": (2 * 10**17, int(ALICE, 16), 0, 0),
    "data": DATA,
}
FEES = {"nonce": 7, "max_priority_fee_per_gas": 10**9, "max_fee_per_gas": 30 * 10**9, "gas_limit": 300_000}
CALL = {"to": BOB, "value": 10**17, "data": DATA}
TYPED: dict[str, Any] = {
    "domain": {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": BOB},
    "primaryType": "Mail",
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ],
        "Person": [{"name": "name", "type": "string"}, {"name": "wallets", "type": "address[]"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person[]"},
            {"name": "contents", "type": "string"},
        ],
    },
    "message": {
        "from": {"name": "Cow", "wallets": [ALICE, BOB]},
        "to": [{"name": "Bob", "wallets": [BOB, ALICE]}, {"name": "Eve", "wallets": [BOB]}],
        "contents": "Hello, Bob!",
    },
}
ITEM = [b"\x01" * 32, b"\x02" * 20, [b"\x03" * 100, [b"", b"\x7f"]], b"\x04" * 600]
TITLES = {
    "canonical_hash": "canonical L2 hash from fields",
    "digest_0x71": "0x71 digest from fields",
    "digest_1559": "EIP-1559 digest from fields",
    "parse_1559": "EIP-1559 parse, signed",
    "eip712_digest": "EIP-712 digest of JSON typed data",
    "rlp_encode": "RLP encode (0.8 kB, nested) and keccak",
    "rlp_decode": "RLP decode of the same",
    "serialize_0x71": "0x71 serialize, signed, from an object",
    "parse_0x71": "0x71 parse, signed",
    "receipt": "decode a receipt of 500 logs (JSON text)",
    "sign": "sign a digest (with coincurve)",
    "signer": "sign a 0x71 transaction as the signer does: digest, sign, recover, compare (with coincurve)",
    "base_cost": "base cost from the fee parameters",
    "proof": "verify a message proof of 14 siblings",
    "proof_gateway": "verify a proof through a gateway (14, 5 and 8 siblings)",
}
ALONE = {
    "base_cost": "the peers ask the bridgehub over JSON-RPC; none computes it",
    "proof": "no peer verifies a proof: they pass it on to L1",
    "proof_gateway": "no peer verifies a proof: they pass it on to L1",
}


def ours() -> dict[str, Task]:
    from eth_keys.datatypes import PrivateKey
    from msgspec import Raw

    from signers import PrivateKeySigner
    from zkcore.ethereum import rlp
    from zkcore.ethereum.eip712 import TypedData
    from zkcore.ethereum.hashing import keccak256
    from zkcore.ethereum.signature import Signature
    from zkcore.methods.decoding import decoder
    from zkcore.methods.replies import Receipt
    from zkcore.protocol.fees import FeeParams, base_cost
    from zkcore.protocol.priority import CanonicalTransaction
    from zkcore.protocol.proofs import verify_proof
    from zkcore.transactions import Eip712Transaction, Eip1559Transaction, parse_transaction

    raw, encoded, raw_0x71, text = signed_1559(), rlp.encode(ITEM), signed_0x71(), receipt()
    key, signer = PrivateKey(bytes.fromhex(KEY[2:])), PrivateKeySigner(KEY)
    tx_0x71, signature = Eip712Transaction(**FEES, **CALL, chain_id=324, from_address=ALICE), Signature(1, 2, 0)
    decode = decoder(Receipt)
    params = FeeParams(
        pubdata_pricing_mode="rollup",
        multiplier_nominator=1,
        multiplier_denominator=1,
        batch_overhead_l1_gas=1_000_000,
        max_pubdata_per_batch=120_000,
        max_l2_gas_per_batch=80_000_000,
        priority_tx_max_pubdata=99_000,
        minimal_l2_gas_price=250_000_000,
    )
    direct, gateway = proofs(14), proofs(14, 5, 8)
    return {
        "canonical_hash": lambda: CanonicalTransaction(**CANONICAL).hash(),
        "digest_0x71": lambda: Eip712Transaction(**FEES, **CALL, chain_id=324, from_address=ALICE).signing_hash(),
        "digest_1559": lambda: Eip1559Transaction(**FEES, **CALL, chain_id=1).signing_hash(),
        "parse_1559": lambda: parse_transaction(raw)[0].nonce,
        "eip712_digest": lambda: TypedData.parse(TYPED).digest(),
        "rlp_encode": lambda: keccak256(rlp.encode(ITEM)),
        "rlp_decode": lambda: len(rlp.decode(encoded)),
        "serialize_0x71": lambda: tx_0x71.signed_bytes(signature),
        "parse_0x71": lambda: parse_transaction(raw_0x71)[0].nonce,
        "receipt": lambda: len(decode(Raw(text)).logs),
        "sign": lambda: key.sign_msg_hash(DIGEST).to_bytes()[:64],
        "signer": lambda: signer.sign_transaction(tx_0x71).to_bytes()[:64],
        "base_cost": lambda: base_cost(params, 30 * 10**9, 1_000_000),
        "proof": lambda: verify_proof(**direct),
        "proof_gateway": lambda: verify_proof(**gateway),
    }


def proofs(*lengths: int) -> dict[str, Any]:
    """What `verify_proof` takes, for a path of so many siblings; three numbers: through a gateway."""
    from zkcore.ethereum.hashing import keccak256
    from zkcore.protocol.proofs import batch_leaf, chain_id_leaf, merkle_root

    words = [bytes([i]) * 32 for i in range(1, 33)]
    leaf = node = keccak256(b"leaf")
    proof: list[bytes] = []
    if len(lengths) == 3:
        log, batch, last = lengths
        proof += [bytes([1, log, batch, 0]) + bytes(28), *words[:log], (3).to_bytes(32), *words[:batch]]
        proof += [(9 << 128 | 2).to_bytes(32), (505).to_bytes(32)]
        node = chain_id_leaf(merkle_root(words[:batch], 3, batch_leaf(merkle_root(words[:log], 5, node), 7)), 324)
        index, lengths, chain, number = 2, (last,), 505, 9
    else:
        index, chain, number = 5, 324, 7
    proof += [bytes([1, lengths[0], 0, 1]) + bytes(28), *words[: lengths[0]]]
    root = merkle_root(words[: lengths[0]], index, node)
    trusted = {(chain, number): root}
    wanted = {"chain_id": 324, "batch": 7, "index": 5, "leaf": leaf, "proof": proof}
    return {**wanted, "roots": lambda *which: trusted.get(which)}


def receipt(logs: int = 500) -> bytes:
    """The JSON of a receipt with so many ERC-20 transfers."""
    common = {"blockHash": "0x" + "0b" * 32, "blockNumber": "0x10", "transactionHash": "0x" + "0c" * 32}
    common["transactionIndex"] = "0x1"
    topics = ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55aeef4a3d5b3"]
    topics += ["0x" + ALICE[2:].lower().rjust(64, "0"), "0x" + BOB[2:].lower().rjust(64, "0")]
    rows = [
        {
            **common,
            "address": BOB.lower(),
            "topics": topics,
            "data": "0x" + f"{i:064x}",
            "logIndex": hex(i),
            "removed": False,
        }
        for i in range(logs)
    ]
    row = {**common, "from": ALICE.lower(), "to": BOB.lower(), "status": "0x1", "type": "0x2", "gasUsed": "0x5208"}
    row |= {"cumulativeGasUsed": "0x5208", "effectiveGasPrice": "0x1", "contractAddress": None, "logs": rows}
    return json.dumps(row | {"logsBloom": "0x" + "00" * 256}).encode()


def signature_bytes() -> bytes:
    from zkcore.ethereum.signature import Signature

    return Signature(1, 2, 0).to_bytes()


def signed_0x71() -> bytes:
    from signers import PrivateKeySigner
    from zkcore.transactions import Eip712Transaction

    transaction = Eip712Transaction(**FEES, **CALL, chain_id=324, from_address=PrivateKeySigner(KEY).address)
    return transaction.signed_bytes(PrivateKeySigner(KEY).sign_transaction(transaction))


def peers() -> dict[str, tuple[str, Task]]:
    import rlp
    from eth_abi import encode
    from eth_account import Account
    from eth_account.messages import _hash_eip191_message, encode_typed_data
    from eth_account.typed_transactions import TypedTransaction
    from eth_utils import keccak
    from hexbytes import HexBytes
    from web3._utils.method_formatters import receipt_formatter
    from zksync2.eip712 import make_domain
    from zksync2.module.request_types import EIP712Meta
    from zksync2.signer.eth_signer import PrivateKeyEthSigner
    from zksync2.transaction.transaction712 import Transaction712

    canonical = f"({','.join(['uint256'] * 10)},uint256[4],bytes,bytes,uint256[],bytes,bytes)"
    fees = {"nonce": 7, "maxPriorityFeePerGas": 10**9, "maxFeePerGas": 30 * 10**9}
    raw, encoded, account = HexBytes(signed_1559()), rlp.encode(ITEM), Account.from_key(KEY)
    text = receipt()

    def tx_0x71() -> Any:
        return Transaction712(
            chain_id=324, gas_limit=300_000, from_=ALICE, meta=EIP712Meta(gas_per_pub_data=50_000), **fees, **CALL
        )

    def digest_0x71() -> bytes:
        domain = make_domain(name="zkSync", version="2", chainId=324)
        return keccak(tx_0x71().to_eip712_struct().signable_bytes(domain))

    signer, held = PrivateKeyEthSigner(account, 324), tx_0x71()
    signature = SimpleNamespace(signature=signature_bytes())

    return {
        "canonical_hash": ("eth-abi", lambda: keccak(encode([canonical], [canonical_values()]))),
        "digest_0x71": ("zksync2", digest_0x71),
        "digest_1559": (
            "eth-account",
            lambda: TypedTransaction.from_dict(
                {**fees, **CALL, "gas": 300_000, "type": 2, "chainId": 1, "accessList": []}
            ).hash(),
        ),
        "parse_1559": ("eth-account", lambda: TypedTransaction.from_bytes(raw).as_dict()["nonce"]),
        "eip712_digest": ("eth-account", lambda: _hash_eip191_message(encode_typed_data(full_message=TYPED))),
        "rlp_encode": ("rlp", lambda: keccak(rlp.encode(ITEM))),
        "rlp_decode": ("rlp", lambda: len(rlp.decode(encoded))),
        "serialize_0x71": ("zksync2", lambda: held.encode(signature)),
        "signer": ("zksync2", lambda: bytes(signer.sign_typed_data(held.to_eip712_struct()).signature)[:64]),
        "receipt": ("web3", lambda: len(receipt_formatter(json.loads(text))["logs"])),
        "sign": ("eth-account", lambda: bytes(account.unsafe_sign_hash(DIGEST).signature)[:64]),
    }


def for_javascript() -> dict[str, Any]:
    """The same input for bench/peers/encodings.mjs: integers as decimal strings, bytes as 0x."""
    from zkcore.ethereum import rlp

    fees = {"nonce": 7, "maxPriorityFeePerGas": str(10**9), "maxFeePerGas": str(30 * 10**9), "gasLimit": "300000"}
    call = {**fees, **CALL, "value": str(CALL["value"])}
    typed = {**TYPED, "types": {name: fields for name, fields in TYPED["types"].items() if name != "EIP712Domain"}}
    return {
        "key": KEY,
        "digest": "0x" + DIGEST.hex(),
        "canonical": _javascript(canonical_values()),
        "tx_0x71": {**call, "type": 113, "chainId": 324, "from": ALICE, "customData": {"gasPerPubdata": 50_000}},
        "tx_1559": {**call, "type": 2, "chainId": 1, "accessList": []},
        "raw_1559": "0x" + signed_1559().hex(),
        "raw_0x71": "0x" + signed_0x71().hex(),
        "signature": "0x" + signature_bytes().hex(),
        "receipt": receipt().decode(),
        "typed": typed,
        "rlp": _javascript(ITEM),
        "rlp_bytes": "0x" + rlp.encode(ITEM).hex(),
    }


def canonical_values() -> tuple[Any, ...]:
    data = bytes.fromhex(DATA[2:])
    head = (255, int(ALICE, 16), int(BOB, 16), 1_200_000, 800, 250_000_000, 0, 0, 4_711, 10**17)
    return (*head, list(CANONICAL["reserved"]), data, b"", [], b"", b"")


def signed_1559() -> bytes:
    from signers import PrivateKeySigner
    from zkcore.transactions import Eip1559Transaction

    transaction = Eip1559Transaction(**FEES, **CALL, chain_id=1)
    return transaction.signed_bytes(PrivateKeySigner(KEY).sign_transaction(transaction))


def _javascript(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_javascript(item) for item in value]
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)

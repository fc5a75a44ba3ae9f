"""The hot paths, by us and by Python peers, on one input each. `results agree` is checked before anything is timed."""

from collections.abc import Callable
from typing import Any

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
    "sign": "sign a digest (with coincurve)",
}

Task = Callable[[], object]


def ours() -> dict[str, Task]:
    from eth_keys.datatypes import PrivateKey

    from zkcore import rlp
    from zkcore.eip712 import TypedData
    from zkcore.hashing import keccak256
    from zkcore.priority import CanonicalTransaction
    from zkcore.transactions import Eip712Transaction, Eip1559Transaction, parse_transaction

    raw, encoded = signed_1559(), rlp.encode(ITEM)
    key = PrivateKey(bytes.fromhex(KEY[2:]))
    return {
        "canonical_hash": lambda: CanonicalTransaction(**CANONICAL).hash(),
        "digest_0x71": lambda: Eip712Transaction(**FEES, **CALL, chain_id=324, from_address=ALICE).signing_hash(),
        "digest_1559": lambda: Eip1559Transaction(**FEES, **CALL, chain_id=1).signing_hash(),
        "parse_1559": lambda: parse_transaction(raw)[0].nonce,
        "eip712_digest": lambda: TypedData.parse(TYPED).digest(),
        "rlp_encode": lambda: keccak256(rlp.encode(ITEM)),
        "rlp_decode": lambda: len(rlp.decode(encoded)),
        "sign": lambda: key.sign_msg_hash(DIGEST).to_bytes()[:64],
    }


def peers() -> dict[str, tuple[str, Task]]:
    import rlp
    from eth_abi import encode
    from eth_account import Account
    from eth_account.messages import _hash_eip191_message, encode_typed_data
    from eth_account.typed_transactions import TypedTransaction
    from eth_utils import keccak
    from hexbytes import HexBytes
    from zksync2.eip712 import make_domain
    from zksync2.module.request_types import EIP712Meta
    from zksync2.transaction.transaction712 import Transaction712

    canonical = f"({','.join(['uint256'] * 10)},uint256[4],bytes,bytes,uint256[],bytes,bytes)"
    fees = {"nonce": 7, "maxPriorityFeePerGas": 10**9, "maxFeePerGas": 30 * 10**9}
    raw, encoded, account = HexBytes(signed_1559()), rlp.encode(ITEM), Account.from_key(KEY)

    def digest_0x71() -> bytes:
        transaction = Transaction712(
            chain_id=324, gas_limit=300_000, from_=ALICE, meta=EIP712Meta(gas_per_pub_data=50_000), **fees, **CALL
        )
        return keccak(
            transaction.to_eip712_struct().signable_bytes(make_domain(name="zkSync", version="2", chainId=324))
        )

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
        "sign": ("eth-account", lambda: bytes(account.unsafe_sign_hash(DIGEST).signature)[:64]),
    }


def for_javascript() -> dict[str, Any]:
    """The same input for bench/peers/encodings.mjs: integers as decimal strings, bytes as 0x."""
    from zkcore import rlp

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

"""What every signer must do, ours or yours: `check_signer` signs some samples and looks at each signature."""

import asyncio
import inspect
from collections.abc import Callable, Collection
from typing import Any

from msgspec.structs import replace

from zkcore.errors import UnsupportedBySigner, ZkCoreError
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import SECP256K1_N, Signature, recover
from zkcore.signer import AsyncSigner, Capability, Signer
from zkcore.transactions import Eip712Transaction, Eip1559Transaction, Eip2930Transaction, LegacyTransaction
from zkcore.types import Address, Hash32

__all__ = ["check_signer"]

_TO = Address("0x3535353535353535353535353535353535353535")
_COMMON: dict[str, Any] = {"chain_id": 324, "nonce": 7, "gas_limit": 100_000, "to": _TO, "value": 10**15}
_FEES: dict[str, Any] = {"max_priority_fee_per_gas": 10**8, "max_fee_per_gas": 10**9}
_LONG = bytes(range(256)) * 5  # more than a device takes at once

_Sample = tuple[str, str, Any, Hash32]  # what it is, the method, its argument, the digest to be signed


def check_signer(signer: Signer | AsyncSigner, capabilities: Collection[Capability] | None = None) -> None:
    """Check that a signer keeps the `Signer` or `AsyncSigner` protocol. Raises AssertionError with what it broke.

    For each capability that it claims it signs samples (a device asks its user for each one, and must be allowed to
    sign blindly where it has to); for each that it does not claim it must refuse with UnsupportedBySigner.
    `capabilities`: check only these. The methods of an AsyncSigner are awaited in an event loop of their own, so call
    this outside of one. Nothing is sent; the samples are worth nothing.
    """
    address, claimed = signer.address, signer.capabilities
    _require(type(address) is Address, f"address: expected a zkcore Address, got {address!r}")
    _require(signer.address == address, "address: it changed between two readings")
    known = type(claimed) is frozenset and claimed <= frozenset(Capability)
    _require(known, f"capabilities: expected a frozenset of Capability, got {claimed!r}")
    wanted = frozenset(Capability if capabilities is None else capabilities)
    for capability in _merged(wanted):
        check = _check_signature if capability in _merged(claimed) else _check_refusal
        for sample in _samples(capability, address):
            check(signer, sample)


def _merged(capabilities: frozenset[Capability]) -> frozenset[Capability]:
    """Typed data is asked for in one way, whether the signer knows its fields or only its hashes."""
    by_hash = {Capability.TYPED_DATA_HASH}
    return capabilities - by_hash | {Capability.TYPED_DATA} if capabilities & by_hash else capabilities


def _samples(capability: Capability, address: Address) -> list[_Sample]:
    """Small, without data, and long; one that creates a contract."""
    transactions: list[Any] = []
    match capability:
        case Capability.LEGACY:
            legacy = LegacyTransaction(**_COMMON, gas_price=10**9)
            transactions = [legacy, replace(legacy, data=_LONG), replace(legacy, chain_id=2**40)]
        case Capability.EIP2930:
            keys = Hash32(bytes(32)), Hash32(bytes(31) + b"\x01")
            transactions = [
                Eip2930Transaction(**_COMMON, gas_price=10**9, access_list=entries) for entries in ((), ((_TO, keys),))
            ]
        case Capability.EIP1559:
            small = Eip1559Transaction(**_COMMON, **_FEES)
            transactions = [small, replace(small, data=_LONG), replace(small, to=None, data=b"\x00")]
        case Capability.TYPED_DATA:
            tx = Eip712Transaction(**_COMMON, **_FEES, from_address=address, data=b"\x01", factory_deps=[bytes(32)])
            mail = TypedData.parse(_MAIL)
            return [
                ("a transaction of type 0x71", "sign_transaction", tx, tx.signing_hash()),
                ("typed data", "sign_typed_data", mail, mail.digest()),
            ]
        case Capability.MESSAGE:
            messages = (b"", "zkcore \u2713".encode(), _LONG[:1024])  # a Trezor Model One takes no longer ones
            return [(f"a message of {len(m)} bytes", "sign_message", m, message_hash(m)) for m in messages]
        case _:  # what its screen shows nobody here can see
            return []
    return [(f"a {type(tx).__name__}", "sign_transaction", tx, tx.signing_hash()) for tx in transactions]


_MAIL: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
        "Person": [{"name": "name", "type": "string"}, {"name": "wallets", "type": "address[]"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person[]"},
            {"name": "amount", "type": "int64"},
            {"name": "contents", "type": "bytes"},
        ],
    },
    "primaryType": "Mail",
    "domain": {"name": "zkcore conformance", "chainId": 324},
    "message": {
        "from": {"name": "Cow", "wallets": [str(_TO), "0x" + "00" * 20]},
        "to": [{"name": "Bob", "wallets": []}],
        "amount": -5,
        "contents": "0x00ff",
    },
}


def _call(signer: Signer | AsyncSigner, sample: _Sample) -> Any:
    _, method, argument, _ = sample
    sign: Callable[[Any], Any] = getattr(signer, method)
    answer = sign(argument)
    if inspect.isawaitable(answer):

        async def awaited() -> Any:
            return await answer

        return asyncio.run(awaited())
    return answer


def _check_signature(signer: Signer | AsyncSigner, sample: _Sample) -> None:
    what, method, _, digest = sample
    signature = _call(signer, sample)
    _require(isinstance(signature, Signature), f"{method}, {what}: expected a Signature, got {signature!r}")
    low = 0 < signature.s <= SECP256K1_N // 2
    _require(low and signature.y_parity in {0, 1}, f"{method}, {what}: high s or no parity in {signature!r}")
    got = recover(digest, signature)
    _require(got == signer.address, f"{method}, {what}: the signature is of {got}, not of {signer.address}")


def _check_refusal(signer: Signer | AsyncSigner, sample: _Sample) -> None:
    what, method, _, _ = sample
    try:
        answer = _call(signer, sample)
    except UnsupportedBySigner:
        return
    except ZkCoreError as error:
        raise AssertionError(f"{method}, {what}: expected UnsupportedBySigner, got {error!r}") from error
    raise AssertionError(f"{method}, {what}: expected UnsupportedBySigner, as it is not claimed, got {answer!r}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)

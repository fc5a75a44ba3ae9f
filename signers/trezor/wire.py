"""What is asked of a Trezor, request by request: r and s back, unchecked. Imported on use: it imports trezorlib."""

from typing import Any, Final

from trezorlib import ethereum, messages

from signers.trezor.connection import AnySession
from zkcore.errors import BadSignature
from zkcore.transactions import Eip1559Transaction, LegacyTransaction
from zkcore.types import Address

__all__ = ["get_address", "sign_hashes", "sign_message", "sign_streamed", "sign_transaction"]

Path = tuple[int, ...]

_ethereum: Final[Any] = ethereum  # its decorator hides the types of its functions from type checkers


def get_address(session: AnySession, path: Path, *, show: bool = False) -> Address:
    """The address at a path; `show`: once its user has confirmed it."""
    return Address(_ethereum.get_address(session, list(path), show_display=show))


def sign_transaction(
    session: AnySession, path: Path, tx: LegacyTransaction | Eip1559Transaction, network: bytes | None
) -> tuple[int, int]:
    """`network`: a definition of the transaction's chain, if the firmware does not know it."""
    fields: dict[str, Any] = {
        "nonce": tx.nonce,
        "gas_limit": tx.gas_limit,
        # an Address has 20 bytes: the firmware signs a malformed one as the creation of a contract
        "to": "" if tx.to is None else str(Address(tx.to)),
        "value": tx.value,
        "data": tx.data,
        "chain_id": tx.chain_id,
        "definitions": messages.EthereumDefinitions(encoded_network=network) if network else None,
    }
    if isinstance(tx, LegacyTransaction):
        _, r, s = _ethereum.sign_tx(session, list(path), gas_price=tx.gas_price, **fields)
    else:
        fields["access_list"] = [
            messages.EthereumAccessList(address=str(address), storage_keys=[bytes(key) for key in keys])
            for address, keys in tx.access_list
        ]
        _, r, s = _ethereum.sign_tx_eip1559(
            session,
            list(path),
            max_gas_fee=tx.max_fee_per_gas,
            max_priority_fee=tx.max_priority_fee_per_gas,
            **fields,
        )
    return int.from_bytes(r), int.from_bytes(s)


def sign_hashes(session: AnySession, path: Path, hashes: tuple[bytes, bytes]) -> tuple[int, int]:
    """Typed data by its hashes, of the domain and of the message: Model One."""
    return _r_s(_ethereum.sign_typed_data_hash(session, list(path), *hashes))


def sign_streamed(session: AnySession, path: Path, form: dict[str, Any]) -> tuple[int, int]:
    """Typed data, struct by struct and value by value, as the device asks for them: all models but the Model One."""
    return _r_s(_ethereum.sign_typed_data(session, list(path), form, metamask_v4_compat=True))


def sign_message(session: AnySession, path: Path, message: bytes) -> tuple[int, int]:
    """A personal message. Bytes, not text: trezorlib would normalise that, and so sign another one."""
    return _r_s(_ethereum.sign_message(session, list(path), message))


def _r_s(reply: messages.EthereumTypedDataSignature | messages.EthereumMessageSignature) -> tuple[int, int]:
    if len(reply.signature) != 65:
        raise BadSignature(f"the Trezor's signature has {len(reply.signature)} bytes, expected 65")
    return int.from_bytes(reply.signature[:32]), int.from_bytes(reply.signature[32:64])

"""What is asked of a Trezor, request by request: r and s back, unchecked. Imports trezorlib on use."""

from typing import TYPE_CHECKING, Any

from signers.device import told_address
from signers.paths import Indices
from zkcore.errors import BadSignature
from zkcore.transactions import Eip1559Transaction, LegacyTransaction
from zkcore.types import Address

if TYPE_CHECKING:
    from signers.trezor.connection import AnySession
    from signers.trezor.definitions import Definitions

__all__ = ["get_address", "sign_hashes", "sign_message", "sign_streamed", "sign_transaction"]


def _ethereum() -> Any:  # its decorator hides the types of its functions from type checkers
    from trezorlib import ethereum

    return ethereum


def get_address(session: "AnySession", path: Indices, *, show: bool = False) -> Address:
    """The address at a path; `show`: once its user has confirmed it."""
    return told_address(_ethereum().get_address(session, list(path), show_display=show), "Trezor")


def sign_transaction(
    session: "AnySession",
    path: Indices,
    tx: LegacyTransaction | Eip1559Transaction,
    network: bytes | None,
    definitions: "Definitions | None",
) -> tuple[int, int]:
    """`network`: a definition of the transaction's chain, if the firmware does not know it. `definitions`: for more."""
    from trezorlib import messages

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
    if definitions is not None and definitions.given:
        fields |= {"supports_definition_request": True, "definition_source": definitions.source()}
    if isinstance(tx, LegacyTransaction):
        _, r, s = _ethereum().sign_tx(session, list(path), gas_price=tx.gas_price, **fields)
    else:
        fields["access_list"] = [
            messages.EthereumAccessList(address=str(address), storage_keys=[bytes(key) for key in keys])
            for address, keys in tx.access_list
        ]
        _, r, s = _ethereum().sign_tx_eip1559(
            session, list(path), max_gas_fee=tx.max_fee_per_gas, max_priority_fee=tx.max_priority_fee_per_gas, **fields
        )
    return int.from_bytes(r), int.from_bytes(s)


def sign_hashes(session: "AnySession", path: Indices, hashes: tuple[bytes, bytes]) -> tuple[int, int]:
    """Typed data by its hashes, of the domain and of the message: Model One."""
    return _r_s(_ethereum().sign_typed_data_hash(session, list(path), *hashes))


def sign_streamed(session: "AnySession", path: Indices, form: dict[str, Any], struct_hash: bytes) -> tuple[int, int]:
    """Typed data, struct by struct and value by value, as the device asks for them: all models but the Model One.

    `struct_hash`: of the message, which firmware that can shows at the end, after comparing it with its own.
    """
    return _r_s(_ethereum().sign_typed_data(session, list(path), form, show_message_hash=struct_hash))


def sign_message(session: "AnySession", path: Indices, message: bytes) -> tuple[int, int]:
    """A personal message. Bytes, not text: trezorlib would normalise that, and so sign another one."""
    return _r_s(_ethereum().sign_message(session, list(path), message))


def _r_s(reply: Any) -> tuple[int, int]:
    signature: bytes = reply.signature
    if len(signature) != 65:
        raise BadSignature(f"the Trezor's signature has {len(signature)} bytes, expected 65")
    return int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])

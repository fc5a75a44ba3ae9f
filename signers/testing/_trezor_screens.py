"""What a Trezor shows of a transaction: by the firmware's names on core models, as seen on 2.12.0 of T3T1 and T2T1."""

from typing import Final

__all__ = ["FETCHED", "OLD_TRANSFER", "transaction_screens"]

FETCHED: Final = 4096  # bytes of calldata that a core model has before the first screen
OLD_TRANSFER: Final = ("confirm_ethereum_tx", "confirm_ethereum_tx")  # "no" to the second one goes back to the first
_TRANSFER: Final = ("confirm_output", "confirm_total")
_TOKEN: Final = ("unknown_contract_warning", "unknown_token")
_APPROVAL: Final = ("unknown_contract_warning", *["confirm_ethereum_approve"] * 5, "confirm_total")


def transaction_screens(model: str, data: bytes, length: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those before the rest of the calldata is asked for, and those after it."""
    if model == "T1B1":
        return ("amount", *(["data"] if length else [])), ("fee",)
    last = OLD_TRANSFER if model in ("T2T1", "T2B1", "T3B1") else _TRANSFER
    if length == 68 and data[:4] == bytes.fromhex("a9059cbb"):
        return _TOKEN, last
    if length == 68 and data[:4] == bytes.fromhex("095ea7b3"):
        return (), _APPROVAL
    return (("confirm_data",) if length else ()), last

"""What a contract said when it said no: revert data into a named error, its arguments, and what the user can do."""

from functools import cache

from zkcore.errors import InputError, Reverted
from zkcore.ethereum.abi import ErrorType
from zkcore.protocol.contracts.custom_errors import CUSTOM_ERRORS

__all__ = ["decode_revert"]

# Solidity's own: https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
_ERROR = ErrorType("Error(string reason)")
_PANIC = ErrorType("Panic(uint256 code)")
_PANICS = {
    0x00: "compiler-inserted panic",
    0x01: "a failed assertion",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "a value outside its enum",
    0x22: "a badly encoded storage array",
    0x31: "pop of an empty array",
    0x32: "an index out of bounds",
    0x41: "too much memory",
    0x51: "a call of an uninitialized function",
}
# Texts that the contracts' libraries give: OpenZeppelin 4 (Pausable, ERC20, EnumerableMap) and its imitators
_TEXTS = {
    "Pausable: paused": "The contract is paused. Nothing is lost: try again later",
    "EnumerableMap: nonexistent key": "The bridgehub does not know this chain",
    "ERC20: insufficient allowance": "Approve the token first",
    "ERC20: transfer amount exceeds allowance": "Approve the token first",
    "ERC20: transfer amount exceeds balance": "The account does not hold enough of the token",
}


@cache
def _known() -> dict[bytes, tuple[ErrorType, str]]:
    table = {**CUSTOM_ERRORS, _ERROR.text: "", _PANIC.text: ""}
    errors = {ErrorType(text): advice for text, advice in table.items()}
    return {error.selector: (error, advice) for error, advice in errors.items()}


def decode_revert(data: bytes, *, where: str = "") -> Reverted:
    """The revert data of a call as `Reverted`: name, arguments, raw data and advice. `where` says what was called.

    Never raises: data that fits no known error is kept raw, with name None.
    """
    try:
        error, advice = _known()[data[:4]]
        arguments = error.decode(data)
    except (KeyError, InputError):
        return Reverted(None, data=data, where=where)
    if error.text == _ERROR.text:
        advice = _TEXTS.get(arguments[0], "")
    elif error.text == _PANIC.text:
        advice = _PANICS.get(arguments[0], "")
    return Reverted(error.name, arguments, data=data, advice=advice, where=where)

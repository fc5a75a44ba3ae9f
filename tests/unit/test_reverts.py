import pytest

from zkcore.errors import Reverted
from zkcore.ethereum.abi import ErrorType
from zkcore.protocol.contracts import CUSTOM_ERRORS
from zkcore.protocol.reverts import decode_revert


def test_a_named_error_with_its_arguments_and_advice() -> None:
    data = ErrorType("MsgValueTooLow(uint256 required,uint256 provided)").encode(7, 5)
    error = decode_revert(data, where="Bridgehub.requestL2TransactionDirect")
    assert isinstance(error, Reverted)
    assert (error.name, error.args, error.data) == ("MsgValueTooLow", (7, 5), data)
    assert str(error) == (
        "Bridgehub.requestL2TransactionDirect: execution reverted: MsgValueTooLow(7, 5). "
        "The base cost rose above the quoted one, by the L1 gas price or the chain's price of its base token: quote again"
    )


@pytest.mark.parametrize("text", CUSTOM_ERRORS)
def test_every_error_of_the_table_is_told_apart(text: str) -> None:
    error = ErrorType(text)
    arguments = [bytes(int(p.type[5:] or 1)) if p.type.startswith("bytes") else 0 for p in error.inputs]
    arguments = [bytes(20) if p.type == "address" else a for p, a in zip(error.inputs, arguments, strict=True)]
    decoded = decode_revert(error.encode(*arguments))
    assert decoded.name == error.name
    assert len(decoded.args) == len(error.inputs)
    assert decoded.advice == CUSTOM_ERRORS[text]


def test_the_errors_of_solidity() -> None:
    reason = decode_revert(ErrorType("Error(string a)").encode("EnumerableMap: nonexistent key"))
    assert (reason.name, reason.args) == ("Error", ("EnumerableMap: nonexistent key",))
    assert "does not know this chain" in str(reason)
    plain = decode_revert(ErrorType("Error(string a)").encode("something else"))
    assert (plain.args, plain.advice) == (("something else",), "")
    panic = decode_revert(ErrorType("Panic(uint256 a)").encode(0x12))
    assert (panic.name, panic.args) == ("Panic", (0x12,))
    assert "division by zero" in str(panic)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x08", b"\xde\xad\xbe\xef", b"\xde\xad\xbe\xef" + bytes(64), bytes.fromhex("b385a3da") + bytes(63)],
)
def test_what_is_not_known_or_cut_is_shown_raw(data: bytes) -> None:
    error = decode_revert(data)
    assert (error.name, error.args, error.data) == (None, (), data)
    assert (data.hex() in str(error)) if data else ("no reason given" in str(error))

"""What others put into an error's text cannot move a cursor, end a line, or turn the direction of writing."""

import copy
import pickle

import pytest

from zkcore.errors import InsufficientBalance, MalformedReply, Reverted, RpcError, ZkCoreError, printable
from zkcore.ethereum import abi
from zkcore.protocol.reverts import decode_revert
from zkcore.rpc.faults import error_of

NASTY = "paid\x1b[2K\r\x1b]0;owned\x07 in full\n\u202egnp.exe\u2066 \x00\x9b1m\ud800"


@pytest.mark.parametrize(
    "error",
    [
        Reverted("Error", (NASTY,)),
        Reverted(NASTY, (), where=NASTY, advice=NASTY),
        RpcError(where="l1 eth_call", code=3, message=NASTY),
        MalformedReply(NASTY),
        InsufficientBalance(address=NASTY, token=NASTY, balance=0, needed=1, purpose=NASTY),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_text_is_one_printable_line(error: ZkCoreError) -> None:
    for shown in (str(error), repr(error), f"{error}", str(copy.copy(error)), str(pickle.loads(pickle.dumps(error)))):
        assert shown.isprintable()
    assert "\\x1b[2K" in str(error)


def test_a_revert_string_on_its_way() -> None:
    nasty = NASTY[:-1]
    payload = bytes.fromhex("08c379a0") + abi.encode(("string",), (nasty,))
    reverted = decode_revert(payload, where="l1")
    assert str(reverted).isprintable()
    assert reverted.args == (nasty,)  # the fact is what it is
    in_words = error_of({"code": 3, "message": f"execution reverted: {nasty}"}, "l1")
    assert str(in_words).isprintable()


def test_it_is_not_endless() -> None:
    assert len(str(Reverted("Error", ("x" * 10**6,)))) < 3_000


@pytest.mark.parametrize("text", ["", "plain", "0x12 — Grüße, 价格 ✓"])
def test_what_is_fit_is_left_alone(text: str) -> None:
    assert printable(text) == text

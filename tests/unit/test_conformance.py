"""`check_signer` passes what conforms and names what does not."""

from typing import Any

import pytest

from signers import PrivateKeySigner
from zkcore.errors import SignerError, UnsupportedBySigner
from zkcore.ethereum.signature import Signature
from zkcore.signer import AsyncSigner, Capability, Signer
from zkcore.testing import check_signer
from zkcore.types import Address

INNER = PrivateKeySigner(b"\x46" * 32)


class Wrapped:
    """A signer over another one, with what a test changes about it."""

    def __init__(self, capabilities: Any = INNER.capabilities, address: Any = INNER.address) -> None:
        self.capabilities, self.address = capabilities, address
        self.asked: list[str] = []

    def sign_transaction(self, tx: Any) -> Any:
        return self.answer("sign_transaction", tx)

    def sign_typed_data(self, data: Any) -> Any:
        return self.answer("sign_typed_data", data)

    def sign_message(self, message: Any) -> Any:
        return self.answer("sign_message", message)

    def answer(self, method: str, argument: Any) -> Any:
        self.asked.append(method)
        return getattr(INNER, method)(argument)


def test_a_signer_that_conforms_is_asked_for_everything_it_claims() -> None:
    signer = Wrapped()
    assert isinstance(signer, Signer)
    check_signer(signer)
    assert {method: signer.asked.count(method) for method in set(signer.asked)} == {
        "sign_transaction": 9,
        "sign_typed_data": 1,
        "sign_message": 3,
    }
    only = Wrapped()
    check_signer(only, [Capability.MESSAGE])
    assert only.asked == ["sign_message"] * 3


def test_typed_data_is_asked_for_whether_by_fields_or_by_hashes() -> None:
    for capability in (Capability.TYPED_DATA, Capability.TYPED_DATA_HASH):
        signer = Wrapped(frozenset({capability}))
        check_signer(signer, [capability])
        assert sorted(signer.asked) == ["sign_transaction", "sign_typed_data"]


def test_an_async_signer_is_awaited() -> None:
    class Remote(Wrapped):
        async def sign_transaction(self, tx: Any) -> Any:
            return self.answer("sign_transaction", tx)

        async def sign_typed_data(self, data: Any) -> Any:
            return self.answer("sign_typed_data", data)

        async def sign_message(self, message: Any) -> Any:
            return self.answer("sign_message", message)

    signer = Remote()
    assert isinstance(signer, AsyncSigner)
    check_signer(signer)
    assert len(signer.asked) == 13


def test_what_is_not_claimed_must_be_refused() -> None:
    class Refusing(Wrapped):
        def sign_message(self, message: Any) -> Any:
            raise UnsupportedBySigner(f"cannot sign {message!r}")

    claimed = INNER.capabilities - {Capability.MESSAGE}
    check_signer(Refusing(claimed))
    with pytest.raises(
        AssertionError, match="sign_message, a message of 0 bytes: expected UnsupportedBySigner, as it is"
    ):
        check_signer(Wrapped(claimed))
    with pytest.raises(UnsupportedBySigner):
        check_signer(Refusing())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"x" * 65, "expected a Signature, got b'x"),
        (None, "expected a Signature, got None"),
        (PrivateKeySigner(b"\x47" * 32).sign_message(b""), "the signature is of 0x"),
        (Signature(1, 1, 0), "the signature is of 0x"),
    ],
)
def test_a_wrong_signature_is_named(answer: Any, said: str) -> None:
    class Wrong(Wrapped):
        def answer(self, method: str, argument: Any) -> Any:
            return answer

    with pytest.raises(AssertionError, match=said):
        check_signer(Wrong())


def test_an_error_of_another_kind_is_no_refusal() -> None:
    class Broken(Wrapped):
        def sign_message(self, message: Any) -> Any:
            raise SignerError("unplugged")

    with pytest.raises(AssertionError, match=r"expected UnsupportedBySigner, got SignerError\('unplugged'\)"):
        check_signer(Broken(frozenset()), [Capability.MESSAGE])


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"address": str(INNER.address)}, "address: expected a zkcore Address, got '0x"),
        ({"capabilities": {Capability.MESSAGE}}, "capabilities: expected a frozenset of Capability"),
        ({"capabilities": frozenset({"message"})}, "capabilities: expected a frozenset of Capability"),
        ({"address": Address(bytes(20))}, "the signature is of 0x"),
    ],
)
def test_wrong_facts_are_named(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_signer(Wrapped(**facts))

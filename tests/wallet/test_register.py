"""The register of nonces of this process, by itself: who holds what, and what is signed under, to the number."""

import pytest

from zkcore.types import Address
from zkcore.wallet.nonces import REGISTER, Register

ONE, OTHER = Address(b"\x01" * 20), Address(b"\x02" * 20)


def test_what_is_held_is_held_once_until_it_is_given_back() -> None:
    register = Register()
    assert register.hold("nonces") is True
    assert register.hold("nonces") is False
    assert register.hold("others") is True
    register.let_go("nonces")
    register.let_go("nobody's")
    assert register.hold("others") is False
    assert register.hold("nonces") is True
    assert register.hold("nonces") is False


def test_nonces_are_of_a_chain_and_an_account() -> None:
    register = Register()
    for nonce in (3, 4, 9):
        register.take(1, ONE, nonce)
    register.take(1, OTHER, 5)
    register.take(2, ONE, 6)
    assert register.taken(1, ONE, 0) == {3, 4, 9}
    assert register.taken(1, ONE, 4) == {4, 9}
    assert register.taken(1, ONE, 5) == {9}
    assert register.taken(1, OTHER, 0) == {5}
    assert register.taken(2, ONE, 6) == {6}
    assert register.taken(2, OTHER, 0) == set()
    register.free(1, ONE, 4)
    register.free(1, ONE, 4)
    register.free(2, OTHER, 4)
    assert register.taken(1, ONE, 0) == {3, 9}
    assert register.taken(1, OTHER, 0) == {5}
    assert register.taken(2, OTHER, 0) == set()


@pytest.mark.parametrize("first", [1_000, 1_001, 5_000])
def test_what_is_a_thousand_below_is_remembered_and_what_is_lower_is_not(first: int) -> None:
    register = Register()
    for nonce in (first - 1_001, first - 1_000, first - 999, first):
        register.take(1, ONE, nonce)
    assert register.taken(1, ONE, first) == {first}
    assert register.taken(1, ONE, first - 1_001) == {first - 1_000, first - 999, first}


def test_what_is_told_of_it_is_a_copy() -> None:
    register = Register()
    register.take(1, ONE, 7)
    register.taken(1, ONE, 0).clear()
    assert register.taken(1, ONE, 0) == {7}


def test_beginning_anew_forgets_all_of_it() -> None:
    register = Register()
    journal = register.journal
    assert register.hold("nonces")
    register.take(1, ONE, 7)
    register.forget()
    assert register.taken(1, ONE, 0) == set()
    assert register.hold("nonces")
    assert register.journal is not journal
    assert register.journal.name != journal.name
    assert register.journal.name.startswith(":memory:")
    assert isinstance(REGISTER, Register)

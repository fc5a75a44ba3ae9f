"""The pinned chains, and how one of them is named."""

import re

import pytest
from msgspec.structs import replace

import zkcore
from zkcore.errors import InputError
from zkcore.protocol.chains import Bridge, ChainProfile
from zkcore.protocol.pinned import chosen_chain, known_chain, known_profile
from zkcore.types import Address

CHAINS = zkcore.known_chains()


def test_each_is_named_once_and_says_who_says_so() -> None:
    assert len({profile.name for profile in CHAINS}) == len(CHAINS)
    assert len({(profile.l1_chain_id, profile.l2_chain_id) for profile in CHAINS}) == len(CHAINS)
    for profile in CHAINS:
        assert re.fullmatch("[a-z0-9-]+", profile.name)
        assert profile.ecosystem
        assert "read 20" in profile.source
        assert known_chain(profile.name) == profile == known_profile(profile.l1_chain_id, profile.l2_chain_id)
        assert len(profile.contracts()) == sum(
            getattr(profile, name) is not None for name in profile.__struct_fields__ if name in NAMES
        )


NAMES = {"bridgehub", "diamond", "asset_router", "nullifier", "native_token_vault", "message_root"}


@pytest.mark.parametrize(
    ("name", "l1", "l2", "bridgehub"),
    [
        ("era", 1, 324, "0x303a465B659cBB0ab36eE643eA362c509EEb5213"),
        ("abstract", 1, 2741, "0x303a465B659cBB0ab36eE643eA362c509EEb5213"),
        ("adi", 1, 36900, "0x7a38c18a229Ef8a0AE7104Ba272A46280f2d59Cb"),
        ("battlechain", 1, 626, "0x6f85C08e2DabB6b0B8B3587D3628FCfb5b10BE19"),
        ("era-sepolia", 11155111, 300, "0x35A54c8C757806eB6820629bc82d90E056394C92"),
        ("zksync-os-preview", 11155111, 8022833, "0xc4FD2580C3487bba18D63f50301020132342fdbD"),
        ("genlayer-sepolia", 11155111, 4221, "0xc4FD2580C3487bba18D63f50301020132342fdbD"),
        ("zksync-os-sepolia-36900", 11155111, 36900, "0xc4FD2580C3487bba18D63f50301020132342fdbD"),
    ],
)
def test_whose_it_is(name: str, l1: int, l2: int, bridgehub: str) -> None:
    profile = known_chain(name)
    assert profile is not None
    assert (profile.l1_chain_id, profile.l2_chain_id, profile.bridgehub) == (l1, l2, Address(bridgehub))


def test_by_id() -> None:
    assert known_chain(324) == known_chain("era")
    assert known_chain(271) is None
    assert known_profile(11155111, 324) is None
    with pytest.raises(InputError, match=r"36900 is the id of 'adi' \(on L1 1\) and 'zksync-os-sepolia-36900'"):
        _ = known_chain(36900)


@pytest.mark.parametrize(("name", "says"), [("erra", "did you mean 'era'"), ("Era", "'Era'"), ("", "known_chains")])
def test_no_such_name(name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        _ = known_chain(name)


def test_what_the_docs_have_wrong_is_not_pinned() -> None:
    """ADI is of an ecosystem of its own; these have no bridgehub that a source names."""
    shared = known_chain("era")
    assert shared is not None
    assert all(profile.l2_chain_id != 36900 for profile in CHAINS if profile.bridgehub == shared.bridgehub)
    assert not {6252, 99999, 212000, 555272} & {profile.l2_chain_id for profile in CHAINS}


def test_a_chain_that_takes_no_deposits_says_so() -> None:
    closed = [profile for profile in CHAINS if profile.no_deposits]
    assert [profile.name for profile in closed] == ["sophon"]


def test_bridges_beside_the_vault_are_pinned() -> None:
    """Of two sources each, or of the deployer's own: both sides, and they go along where a caller's profile leaves them open."""
    pinned = {
        profile.name: [(str(b.l1_address), str(b.l2_address), b.kind) for b in profile.bridges] for profile in CHAINS
    }
    assert {name: bridges for name, bridges in pinned.items() if bridges} == {
        "sophon": [
            ("0xf553E6D903AA43420ED7e3bc2313bE9286A8F987", "0x0F44bac3ec514BE912aa4359017593B35E868d74", "usdc")
        ],
        "sophon-sepolia": [
            ("0x3f842b5FaD08Bac49D0517C975d393f5f466Fd3b", "0x72591d4135B712861d8d4513a2f6860Ac30A684D", "usdc")
        ],
    }
    sophon = known_chain("sophon")
    assert sophon is not None
    bare = ChainProfile(l1_chain_id=1, l2_chain_id=50104, bridgehub=sophon.bridgehub)
    assert chosen_chain(bare).profile == replace(sophon, name="", ecosystem="", source="")
    own = Bridge(l1_address=Address("0x" + "12" * 20), l2_address=Address("0x" + "34" * 20))
    chosen = chosen_chain(replace(bare, bridges=(own,))).profile
    assert chosen is not None
    assert chosen.bridges == (own,)


def test_the_tables_are_not_to_be_changed_through_what_is_given() -> None:
    zkcore.known_chains().clear()
    assert zkcore.known_chains() == CHAINS
    assert all(isinstance(profile, ChainProfile) for profile in CHAINS)

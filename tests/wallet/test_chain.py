"""The caller says which chain it is, and nothing of a node is taken for an answer before its chain id was compared."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.tools import AMOUNT, ERA, CountingSigner, sends, wallet_of
from zkcore import ETH, AsyncWallet, ChainProfile, Wallet, ether, known_chains
from zkcore.errors import ChainIdMismatch, InputError, NodeError, UntrustedBridgehub
from zkcore.methods import calls
from zkcore.protocol.chains import PINNED
from zkcore.protocol.pinned import chosen_chain, known_chain
from zkcore.testing.devnet import Devnet, Failure, Lie
from zkcore.types import Address

THIEF = Address("0x00000000000000000000000000000000DeaDBeef")
NODES = {"l1": "http://127.0.0.1:1", "l2": "http://127.0.0.1:1"}
READS: list[tuple[set[str], Callable[[Any], Any]]] = [  # which nodes it asks
    ({"l2"}, lambda wallet: wallet.get_balance()),
    ({"l1"}, lambda wallet: wallet.get_l1_balance()),
    ({"l1", "l2"}, lambda wallet: wallet.get_base_token()),
    ({"l1", "l2"}, lambda wallet: wallet.quote_deposit(ETH, AMOUNT)),
    ({"l1", "l2"}, lambda wallet: wallet.prepare_withdraw(ETH, 1)),
    ({"l1", "l2"}, lambda wallet: wallet.find_withdrawals(from_block=0)),
    ({"l1"}, lambda wallet: wallet.run(calls.block_number("l1"))),
    ({"l2"}, lambda wallet: wallet.run(calls.block_number("l2"))),
]


# ---------------------------------------------------------------- what is said
def test_every_pinned_chain_can_be_named() -> None:
    for profile in known_chains():
        bare = ChainProfile(
            l1_chain_id=profile.l1_chain_id, l2_chain_id=profile.l2_chain_id, bridgehub=profile.bridgehub
        )
        for said in (profile.name, profile, bare):
            chosen = chosen_chain(said)
            assert (chosen.chain_id, chosen.bridgehub) == (profile.l2_chain_id, profile.bridgehub)
            assert chosen.profile is not None
            assert chosen.profile.l1_chain_id == profile.l1_chain_id
            assert all(getattr(chosen.profile, name) == getattr(profile, name) for name in PINNED)
        _ = Wallet(THIEF, chain=profile.name, **NODES).close()


@pytest.mark.parametrize(
    "chain", ["", "Era", "mainnet", "324", 0 - 1, 1.5, True, None, b"era", 1 << 64, ("era",)], ids=repr
)
def test_what_names_no_chain(chain: Any) -> None:
    for kind in (Wallet, AsyncWallet):
        with pytest.raises(InputError, match="chain"):
            kind(THIEF, chain=chain, **NODES)


def test_a_chain_is_always_named() -> None:
    with pytest.raises(TypeError, match="chain"):
        Wallet(THIEF, **NODES)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "name", ["bridgehub", "asset_router", "nullifier", "native_token_vault", "message_root", "diamond"]
)
def test_what_differs_from_a_pinned_chain_has_to_be_said(name: str) -> None:
    era = known_chain("era")
    assert era is not None
    other = replace(era, name="mine", **{name: THIEF})
    with pytest.raises(
        InputError, match=f"the profile's {name} is {THIEF}, era is pinned with {getattr(era, name)}.*unpinned=True"
    ):
        chosen_chain(other)
    assert chosen_chain(replace(other, unpinned=True)).profile == replace(other, unpinned=True)
    for chain in ("era", 324, era):
        with pytest.raises(
            InputError, match=f"bridgehub: {THIEF} is not the profile's: era has {era.bridgehub}.*unpinned=True"
        ):
            chosen_chain(chain, THIEF)
        assert chosen_chain(chain, era.bridgehub).profile == era


def test_one_id_for_both_sides_is_no_chain() -> None:
    with pytest.raises(InputError, match="both L1 and L2"):
        chosen_chain(ChainProfile(l1_chain_id=5, l2_chain_id=5, bridgehub=THIEF))


# ---------------------------------------------------------------- what the nodes are
@ERA
@pytest.mark.parametrize(("nodes", "ask"), READS)
@pytest.mark.parametrize("node", ["l1", "l2"])
def test_a_node_of_another_chain_answers_nothing(
    net: Devnet, open_wallet: Any, nodes: Any, ask: Any, node: Any
) -> None:
    """Another chain of the same ecosystem has the same bridgehub: only the id tells."""
    with net.faults.add(Lie(lambda _: hex(300)), node=node, method="eth_chainId"):
        wallet = open_wallet(net)
        if node in nodes:
            with pytest.raises(
                ChainIdMismatch, match=rf"the {node.upper()} node is on chain 300 \(era-sepolia\), expected"
            ):
                ask(wallet)
        else:
            ask(wallet)
    assert not sends(net)


@ERA
@pytest.mark.parametrize("ask", [ask for _, ask in READS])
def test_a_node_that_does_not_say_its_chain_answers_nothing(net: Devnet, open_wallet: Any, ask: Any) -> None:
    for node in ("l1", "l2"):
        net.faults.add(Failure(-32601, "no such method"), node=node, method="eth_chainId")  # type: ignore[arg-type]
    with pytest.raises(NodeError, match="no such method"):
        ask(open_wallet(net))
    net.faults.clear()
    for node in ("l1", "l2"):
        net.faults.add(Lie(lambda _: "many"), node=node, method="eth_chainId")  # type: ignore[arg-type]
    with pytest.raises(NodeError, match="eth_chainId"):
        ask(open_wallet(net))


@ERA
def test_the_chain_ids_are_asked_once_in_the_wave_that_is_asked_anyway(net: Devnet, open_wallet: Any) -> None:
    wallet = open_wallet(net)
    for node in ("l1", "l2"):
        net.faults.requests(node).clear()  # type: ignore[arg-type]
    for _ in range(3):
        wallet.get_balance()
        wallet.get_l1_balance()
    for node in ("l1", "l2"):
        requests = net.faults.requests(node)  # type: ignore[arg-type]
        assert len(requests) == 3
        assert len(requests.calls("eth_chainId")) == 1


@ERA
def test_an_unpinned_id_needs_a_bridgehub_that_somebody_named(net: Devnet, open_wallet: Any) -> None:
    with pytest.raises(UntrustedBridgehub, match=rf"{net.profile.bridgehub}.*bridgehub=.*trust_l2=True"):
        open_wallet(net, chain=net.chain_id).quote_deposit(ETH, AMOUNT)
    for more in ({"bridgehub": net.profile.bridgehub}, {"trust_l2": True}):
        wallet = open_wallet(net, chain=net.chain_id, **more)
        assert wallet.get_bridge_addresses().diamond == net.profile.diamond
        origin = wallet.prepare_deposit(ETH, AMOUNT).facts.origins["bridgehub"]
        assert origin == ("the caller" if "bridgehub" in more else "the L2 node, trusted by the caller")


def test_a_public_chain_that_is_not_pinned_works_with_its_bridgehub(make_devnet: Any, open_wallet: Any) -> None:
    """One of those of zksync-docs whose bridgehub no source names: told so, and served there and back once it is named."""
    net = make_devnet("era-eth", chain_id=99999)
    for chain_id in (6252, 99999, 212000, 555272):
        named = chosen_chain(chain_id, bridgehub=net.profile.bridgehub)
        assert (named.chain_id, named.profile, named.bridgehub) == (chain_id, None, net.profile.bridgehub)
    with pytest.raises(UntrustedBridgehub, match=r"99999.*bridgehub="):
        open_wallet(net, chain=99999).quote_deposit(ETH, AMOUNT)
    wallet = open_wallet(net, chain=99999, bridgehub=net.profile.bridgehub)
    wallet.deposit(ETH, ether("1")).wait(timeout=30)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=30)
    assert withdrawal.finalize().wait(timeout=30).status == 1


# ---------------------------------------------------------------- what was made elsewhere
@ERA
def test_a_plan_of_another_chain_is_refused_before_anything_is_asked(net: Devnet, open_wallet: Any) -> None:
    plan = wallet_of(net).prepare_deposit(ETH, AMOUNT)
    for chain, more in [
        (5, {"bridgehub": net.profile.bridgehub}),
        (5, {"trust_l2": True}),
        (replace(net.profile, l2_chain_id=5), {}),
        (replace(net.profile, l1_chain_id=5), {}),
    ]:
        signer = CountingSigner(net)
        wallet = open_wallet(net, signer, chain=chain, **more)
        for node in ("l1", "l2"):
            net.faults.requests(node).clear()  # type: ignore[arg-type]
        with pytest.raises(ChainIdMismatch, match="unlike the plan"):
            wallet.submit(plan)
        assert not signer.signed
        assert not net.faults.requests("l1")
        assert not net.faults.requests("l2")


@ERA
def test_nothing_is_signed_while_a_node_is_of_another_chain(net: Devnet, open_wallet: Any) -> None:
    plan = wallet_of(net).prepare_deposit(ETH, AMOUNT)
    signer = CountingSigner(net)
    net.faults.add(Lie(lambda _: hex(300)), node="l1", method="eth_chainId")
    for wallet in (
        open_wallet(net, signer),
        open_wallet(net, signer, chain=net.chain_id, bridgehub=net.profile.bridgehub),
    ):
        with pytest.raises((ChainIdMismatch, InputError)):
            wallet.submit(plan)
    assert not signer.signed
    assert not sends(net)


@ERA
def test_a_handle_is_resumed_by_its_account_on_its_chain_only(net: Devnet, open_wallet: Any) -> None:
    deposit = wallet_of(net).deposit(ETH, AMOUNT)
    text = deposit.to_json()
    assert open_wallet(net).resume(text).l1_tx_hash == deposit.l1_tx_hash
    with pytest.raises(InputError, match=f"the handle is {net.accounts[0].address}'s, this wallet is"):
        open_wallet(net, 1).resume(text)
    for other in ("l1_chain_id", "l2_chain_id"):
        with pytest.raises(ChainIdMismatch, match="unlike the handle"):
            open_wallet(net, chain=replace(net.profile, **{other: 5})).resume(text)


@ERA
def test_an_async_wallet_checks_once_for_many(net: Devnet) -> None:
    async def ask() -> list[int]:
        async with AsyncWallet(net.accounts[0].address, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            return await asyncio.gather(*[wallet.get_balance() for _ in range(5)])

    assert len(set(asyncio.run(ask()))) == 1


@ERA
def test_a_handle_is_of_what_its_account_signed(net: Devnet, open_wallet: Any) -> None:
    """A settlement, a withdrawal, a transaction: whose it is, and under which hash, is in the bytes that were signed."""
    wallet, stranger = wallet_of(net), wallet_of(net, 1)
    for one in (wallet, stranger):
        one.deposit(ETH, ether("1")).wait(timeout=30)
    mine = [wallet.withdraw(ETH, 1), wallet.transfer(stranger.address, 1), wallet.l1_transfer(stranger.address, 1)]
    theirs = [stranger.withdraw(ETH, 1), stranger.transfer(wallet.address, 1), stranger.l1_transfer(wallet.address, 1)]
    for one, other in ((mine, wallet), (theirs, stranger)):
        one[0].wait("ready", timeout=30)
        one.append(one[0].finalize())
        other.close()
    for ours, other in zip(mine, theirs, strict=True):
        assert open_wallet(net).resume(ours.to_json()).to_json() == ours.to_json()
        with pytest.raises(InputError, match=f"the handle is {stranger.address}'s, this wallet is {wallet.address}'s"):
            open_wallet(net).resume(other.to_json())
        for field in ("l2_tx_hash", "tx_hash", "l1_tx_hash"):  # ours, under the name of theirs
            said, fields = json.loads(ours.to_json()), json.loads(other.to_json())
            if field not in said or (field == "l2_tx_hash" and "l1_tx_hash" in said):
                continue
            with pytest.raises(InputError, match="it was edited"):
                open_wallet(net).resume(json.dumps(said | {field: fields[field]}))
        broken = json.loads(ours.to_json())
        with pytest.raises(InputError):
            open_wallet(net).resume(json.dumps(broken | {"signed": broken["signed"][:-2] + "zz"}))
        with pytest.raises(InputError):
            open_wallet(net).resume(json.dumps(broken | {"signed": broken["signed"][:-40]}))

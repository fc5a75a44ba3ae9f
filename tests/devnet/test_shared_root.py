"""The devnet's "messageRoot" proofs: from a message of a chain to the root that L1 shows to all; no withdrawal is paid by one."""

from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from tests.devnet.client import call
from tests.wallet.conftest import Open, open_wallet  # noqa: F401  # a fixture
from tests.wallet.tools import AMOUNT, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import InvalidProof, Reverted, RpcError
from zkcore.ethereum.abi import Function
from zkcore.methods import calls
from zkcore.protocol.proofs import parse_proof, verify_proof
from zkcore.testing.devnet import Devnet, Lie
from zkcore.types import Hash32

HISTORICAL = Function("historicalRoot(uint256 blockNumber) view returns (bytes32 root)")
AGGREGATED = Function("getAggregatedRoot() view returns (bytes32 root)")
PROOF_DATA = Function(
    "getProofData(uint256 chainId,uint256 batch,uint256 mask,bytes32 leaf,bytes32[] proof) view returns ((uint256 layer,"
    "uint256 layerBatch,uint256 layerMask,uint256 length,bytes32 root,bytes32 chainIdLeaf,uint256 ptr,bool final) data)"
)


def shared(net: Devnet, withdrawal: Any) -> tuple[Any, int]:
    """The proof by the other target, and the block of L1 in whose root it ends."""
    wallet = wallet_of(net)
    proof = wallet.run(calls.get_l2_to_l1_log_proof(withdrawal.l2_tx_hash, 0, target="messageRoot"))
    assert proof is not None
    return proof, proof.gateway_block_number


def proves(net: Devnet, params: Any, proof: Any, root: Hash32 | None) -> bool:
    where = {"chain_id": net.chain_id, "batch": params.l2_batch_number, "index": params.l2_message_index}
    return verify_proof(
        **where, leaf=params.leaf, proof=proof, roots=lambda chain, _: root if chain == net.l1.chain_id else None
    )


def test_from_any_chain_and_batch_to_the_root_of_all(make_devnet: Any, open_wallet: Open) -> None:  # noqa: F811
    """Three chains of v33, and one of v31 whose batches are in the trees since L1's upgrade; each withdrawal there and back."""
    old = make_devnet("era-eth", protocol_version=31)
    first = make_devnet("zksync-os-eth", l1=old, protocol_version=33)
    nets = [first, *[make_devnet("zksync-os-eth", l1=old, chain_id=n, protocol_version=33) for n in (6566, 6567)]]
    wallets = {net.chain_id: open_wallet(net) for net in (old, *nets)}
    made: list[tuple[Devnet, Any]] = []
    for net in (old, *nets):
        wallets[net.chain_id].deposit(ETH, ether("1")).wait(timeout=60)
    for turn in range(4):  # so that chains' trees grow in between one another's
        for net in (old, *nets[: 1 + turn % 3]):
            withdrawal = wallets[net.chain_id].withdraw(ETH, AMOUNT + turn)
            if net is not old:
                made.append((net, withdrawal))
    depths = set()
    for net, withdrawal in made:
        params = withdrawal.wait("ready", timeout=60).params
        proof, block = shared(net, withdrawal)
        root = call(net.l1_url, net.profile.message_root, HISTORICAL, block)
        hop, last = parse_proof(proof.proof)
        assert (hop.settlement_chain_id, hop.settlement_batch, hop.l1_timestamp) == (
            net.l1.chain_id,
            block,
            int(net.l1.rpc("eth_getBlockByNumber", hex(block), False)["timestamp"], 16),
        )
        depths.add((len(hop.batch_path), len(last.path)))
        assert proves(net, params, proof.proof, root)
        for place in range(
            1, len(proof.proof)
        ):  # not a word of it, but those of another place in the trees, may be another
            if len(proof.proof) - 1 - len(last.path) != place:  # the second metadata word is no hash
                spoilt = [*proof.proof]
                spoilt[place] = Hash32(spoilt[place][:-1] + bytes([spoilt[place][-1] ^ 1]))
                with suppress(InvalidProof):
                    assert not proves(net, params, spoilt, root)
        # the contract reads the same words as we do, and comes to the same root by itself
        data = call(
            net.l1_url, net.profile.message_root, PROOF_DATA, net.chain_id, params.l2_batch_number,
            params.l2_message_index, params.leaf, list(proof.proof),
        )  # fmt: skip
        rest = list(proof.proof)[data[6] :]
        end = call(net.l1_url, net.profile.message_root, PROOF_DATA, data[0], data[1], data[2], data[5], rest)
        assert (data[0], data[1], data[7], end[7], end[4]) == (net.l1.chain_id, block, False, True, root)
        # what L1 pays by is the other proof; this one it does not take, and nobody is asked to sign it
        wallet = wallets[net.chain_id]
        before = len(sends(net))
        lie = Lie(lambda true, words=proof.proof: {**true, "proof": [str(word) for word in words]})
        with net.faults.add(lie, node="l2", method="zks_getL2ToL1LogProof"):
            for ask in (withdrawal.finalize, lambda w=wallet, t=withdrawal.l2_tx_hash: w.is_withdrawal_finalized(t)):
                with pytest.raises(InvalidProof, match="'messageRoot'"):
                    ask()
        assert len(sends(net)) == before
        assert withdrawal.finalize().wait(timeout=60).status == 1
        assert withdrawal.status().phase == "FINALIZED"
    assert len(depths) > 2  # of several sizes
    assert call(old.l1_url, old.profile.message_root, AGGREGATED) != bytes(32)


def test_l1_itself_takes_no_such_proof(make_devnet: Any) -> None:
    net = make_devnet("zksync-os-eth", protocol_version=33)
    wallet = wallet_of(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    params = withdrawal.wait("ready", timeout=60).params
    assert params is not None
    other = replace(params, merkle_proof=shared(net, withdrawal)[0].proof)
    request = calls.CallRequest(
        from_address=wallet.address, to=net._shared.ecosystem.interop_handler, data=other.calldata()
    )
    with pytest.raises(Reverted, match="InvalidSettlementLayerForBatch"):
        wallet.run(calls.call_raw("l1", request))


def test_what_has_no_such_proof_says_so(make_devnet: Any) -> None:
    """Batches before the upgrade, other targets, and servers of before."""
    net = make_devnet("zksync-os-eth", protocol_version=31)
    wallet = wallet_of(net)
    wallet.deposit(ETH, ether("1")).wait(timeout=60)
    withdrawal = wallet.withdraw(ETH, AMOUNT)
    withdrawal.wait("ready", timeout=60)
    net.upgrade_ecosystem()
    net.upgrade_chain()
    asked = calls.get_l2_to_l1_log_proof(withdrawal.l2_tx_hash, 0, target="messageRoot")
    with pytest.raises(RpcError, match="MessageRoot proofs require protocol version 33"):
        wallet.run(asked)
    with pytest.raises(RpcError, match="unknown variant"):
        wallet.run(calls.get_l2_to_l1_log_proof(withdrawal.l2_tx_hash, 0, target="proof_based_gw"))
    plain = wallet.run(calls.get_l2_to_l1_log_proof(withdrawal.l2_tx_hash, 0))
    assert plain == wallet.run(calls.get_l2_to_l1_log_proof(withdrawal.l2_tx_hash, 0, target="l1BatchRoot"))
    net.l2.speak("2025")
    older = wallet.run(calls.get_l2_to_l1_log_proof(withdrawal.l2_tx_hash, 0, target="messageRoot"))
    assert older is not None
    assert plain is not None
    assert older.proof == plain.proof
    withdrawal.finalize().wait(timeout=60)

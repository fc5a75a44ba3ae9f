"""What `zkcore doctor` asks the nodes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.wallet.wallet import Wallet

__all__ = ["chain_id", "stack_and_version"]


def chain_id(run: "Run", url: str, side: str) -> int:
    """What a node says its chain is. Raises NodeError, within a few seconds."""
    from msgspec import Raw

    from zkcore.errors import MalformedReply
    from zkcore.methods import calls
    from zkcore.rpc import Request

    call = calls.chain_id("l1" if side == "l1" else "l2")
    node = run.node(url, side)
    try:
        (reply,) = node.ask([Request(call.method, call.params)], timeout=10.0)
    finally:
        node.close()
    if not isinstance(reply, Raw):
        raise reply
    try:
        return call.decode(reply)
    except ValueError as error:
        raise MalformedReply(f"{call.method}: {error}") from error


def stack_and_version(wallet: "Wallet") -> tuple[str, int]:
    """The chain's stack and minor protocol version, read from its diamond, once its contracts are what they should be."""
    from zkcore.effects import gather
    from zkcore.methods import calls
    from zkcore.protocol.contracts import DIAMOND, SLOT_ZKSYNC_OS

    diamond = wallet.get_bridge_addresses().diamond
    (_, minor, _), flag = wallet.run(
        gather(
            calls.eth_call("l1", diamond, DIAMOND.get_semver_protocol_version),
            calls.get_storage_at("l1", diamond, SLOT_ZKSYNC_OS),
        )
    )
    return "ZKsync OS" if flag[31] == 1 else "Era", int(minor)

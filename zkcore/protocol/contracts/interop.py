"""The contracts of withdrawals by interop bundle, since v33: functions, attributes and events. v31 had some of them.

Source: matter-labs/era-contracts, l1-contracts/contracts/interop, the file named by each, release/v0.33.0-atomic-interop.
"""

from typing import Final

from zkcore.ethereum.abi import Event, Function

__all__ = ["INTEROP_ATTRIBUTES", "INTEROP_CENTER", "L1_INTEROP_HANDLER"]

# What a bundle is: its version, both chains, the destination's base token, the salt, the calls and the attributes
_BUNDLE: Final = (
    "(bytes1 version,uint256 sourceChainId,uint256 destinationChainId,bytes32 destinationBaseTokenAssetId,"
    "bytes32 interopBundleSalt,(bytes1 version,bool shadowAccount,address to,address from,uint256 value,bytes data)[] calls,"
    "(bytes executionAddress,bytes unbundlerAddress,bool useFixedFee,bytes32 salt) bundleAttributes) bundle"
)
_PROOF: Final = (
    "(uint256 chainId,uint256 l1BatchNumber,uint256 l2MessageIndex,(uint16 txNumberInBatch,address sender,bytes data)"
    " message,bytes32[] proof) proof"
)


class INTEROP_CENTER:  # noqa: N801
    """InteropCenter.sol, at 0x1000d of L2. On L1 there is one since v34, which zkcore does not serve."""

    send_bundle = Function(
        "sendBundle(bytes destinationChainId,(bytes to,bytes data,bytes[] callAttributes)[] callStarters,"
        "bytes[] bundleAttributes) payable returns (bytes32 bundleHash)"
    )
    is_interop_bundle_salt_used = Function(
        "isInteropBundleSaltUsed(address sender,bytes32 salt) view returns (bool used)"
    )
    interop_bundle_sent = Event(f"InteropBundleSent(bytes32 l2l1MsgHash,bytes32 interopBundleHash,{_BUNDLE})")


class INTEROP_ATTRIBUTES:  # noqa: N801
    """IERC7786Attributes.sol: what a call or a bundle asks for besides; each is written like the call of a function."""

    indirect_call = Function("indirectCall(uint256 value)")
    interop_call_value = Function("interopCallValue(uint256 value)")
    interop_bundle_salt = Function("interopBundleSalt(bytes32 salt)")
    execution_address = Function("executionAddress(bytes executor)")
    unbundler_address = Function("unbundlerAddress(bytes unbundler)")
    use_fixed_fee = Function("useFixedFee(bool fixedFee)")


class L1_INTEROP_HANDLER:  # noqa: N801
    """L1InteropHandler.sol and InteropHandlerBase.sol: pays out what comes by bundle. Named by nullifier and router."""

    execute_bundle = Function(f"executeBundle(bytes bundle,{_PROOF})")
    verify_bundle = Function(f"verifyBundle(bytes bundle,{_PROOF})")
    bundle_status = Function("bundleStatus(bytes32 bundleHash) view returns (uint8 status)")
    call_status = Function("callStatus(bytes32 bundleHash,uint256 callIndex) view returns (uint8 status)")
    bundle_executed = Event("BundleExecuted(bytes32 indexed bundleHash)")

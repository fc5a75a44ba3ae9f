// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Encoding} from "../common/Encoding.sol";
import {
    ClaimFailedDepositFailed,
    INSUFFICIENT_CHAIN_BALANCE_V31,
    InsufficientChainBalance,
    NoFundsTransferred,
    NonEmptyMsgValue,
    OriginChainIdNotFound,
    Unauthorized,
    WithdrawFailed,
    revertWith
} from "../common/Errors.sol";
import {IBridgedToken, IBridgehub, IL1AssetRouter} from "../common/Interfaces.sol";
import {NativeTokenVault} from "../common/NativeTokenVault.sol";
import {SafeTransfer} from "../common/SafeTransfer.sol";
import {ETH_TOKEN} from "../common/Types.sol";

/// Keeps what was deposited from L1, per chain, and mints tokens that come from an L2.
contract L1NativeTokenVault is NativeTokenVault {
    bytes32 public immutable BASE_TOKEN_ASSET_ID = Encoding.vaultAssetId(block.chainid, ETH_TOKEN);
    uint256 public immutable L1_CHAIN_ID = block.chainid;
    address public immutable ASSET_ROUTER;
    address public immutable L1_NULLIFIER;
    address public immutable WETH_TOKEN;
    address private immutable _bridgehub;

    mapping(uint256 chainId => mapping(bytes32 assetId => uint256)) public chainBalance;

    constructor(address bridgehub, address router, address nullifier, address weth, address beacon) {
        (_bridgehub, ASSET_ROUTER, L1_NULLIFIER, WETH_TOKEN) = (bridgehub, router, nullifier, weth);
        bridgedTokenBeacon = beacon;
    }

    /// Only the nullifier moved ETH here, when the bridges were split in v26.
    receive() external payable {
        if (msg.sender != L1_NULLIFIER) revert Unauthorized(msg.sender);
    }

    /// After the router knows this vault.
    function registerEthToken() external {
        _registerUnchecked(ETH_TOKEN);
    }

    /// Gives a failed deposit back to who made it.
    function bridgeRecoverFailedTransfer(uint256 chainId, bytes32 id, address depositSender, bytes calldata data)
        external
        payable
        onlyAssetRouter
        whenNotPaused
    {
        if (msg.value != 0) revert NonEmptyMsgValue();
        (uint256 amount,,) = Encoding.decodeBurnData(data);
        if (amount == 0) revert NoFundsTransferred();
        _count(chainId, id, amount, false, false);
        address token = tokenAddress[id];
        if (token == ETH_TOKEN) {
            if (!SafeTransfer.sendEth(depositSender, amount)) revert ClaimFailedDepositFailed();
        } else if (originChainId[id] == block.chainid) {
            SafeTransfer.send(token, depositSender, amount);
        } else if (originChainId[id] != 0) {
            IBridgedToken(token).bridgeMint(depositSender, amount);
        } else {
            revert OriginChainIdNotFound();
        }
    }

    function _payOut(bytes32 id, address to, address token, uint256 amount) internal override {
        if (id != BASE_TOKEN_ASSET_ID) {
            SafeTransfer.send(token, to, amount);
        } else if (!SafeTransfer.sendEth(to, amount)) {
            revert WithdrawFailed();
        }
    }

    /// A chain can always give back tokens of its own origin; of all others no more than came to it.
    function _count(uint256 chainId, bytes32 id, uint256 amount, bool isNative, bool increase) internal override {
        if (!isNative && originChainId[id] == chainId) return;
        if (increase) {
            chainBalance[chainId][id] += amount;
            return;
        }
        if (chainBalance[chainId][id] < amount) {
            if (IBridgehub(_bridgehub).protocolMinor(chainId) < 31) revert InsufficientChainBalance();
            revertWith(abi.encodeWithSelector(INSUFFICIENT_CHAIN_BALANCE_V31, chainId, id, amount));
        }
        chainBalance[chainId][id] -= amount;
    }

    function _fetched(bytes32 id, uint256 amount, address from) internal override returns (bool) {
        return IL1AssetRouter(ASSET_ROUTER).transferFundsToNTV(id, amount, from);
    }

    function _assetRouter() internal view override returns (address) {
        return ASSET_ROUTER;
    }

    function _l1ChainId() internal view override returns (uint256) {
        return block.chainid;
    }

    function _baseAssetId() internal view override returns (bytes32) {
        return BASE_TOKEN_ASSET_ID;
    }

    function _weth() internal view override returns (address) {
        return WETH_TOKEN;
    }

    function _salt(uint256 originChainId_, address originToken) internal pure override returns (bytes32) {
        return keccak256(abi.encode(originChainId_, originToken));
    }
}

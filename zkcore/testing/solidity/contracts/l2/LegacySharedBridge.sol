// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Unauthorized} from "../common/Errors.sol";
import {L2_ASSET_ROUTER, L2_MESSENGER} from "../common/Types.sol";
import {L1Messenger} from "./L1Messenger.sol";
import {L2AssetRouter} from "./L2AssetRouter.sol";

/// What chains from before v26 still have: it forwards to the router and sends its old-format messages in its own name.
contract LegacySharedBridge {
    function withdraw(address l1Receiver, address l2Token, uint256 amount) external {
        L2AssetRouter(L2_ASSET_ROUTER).withdrawLegacyBridge(l1Receiver, l2Token, amount, msg.sender);
    }

    function sendMessageToL1(bytes calldata message) external returns (bytes32) {
        if (msg.sender != L2_ASSET_ROUTER) revert Unauthorized(msg.sender);
        return L1Messenger(L2_MESSENGER).sendToL1(message);
    }

    function l1TokenAddress(address l2Token) external view returns (address) {
        return L2AssetRouter(L2_ASSET_ROUTER).l1TokenAddress(l2Token);
    }

    function l2TokenAddress(address l1Token) external view returns (address) {
        return L2AssetRouter(L2_ASSET_ROUTER).l2TokenAddress(l1Token);
    }

    function l1SharedBridge() external view returns (address) {
        return L2AssetRouter(L2_ASSET_ROUTER).L1_ASSET_ROUTER();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {EmptyDeposit} from "../common/Errors.sol";
import {IERC20} from "../common/Interfaces.sol";
import {SafeTransfer} from "../common/SafeTransfer.sol";
import {L1AssetRouter, LegacyDeposit} from "./L1AssetRouter.sol";

/// The oldest token bridge, still there for ZKsync Era (protocol.md 5.9).
contract L1ERC20Bridge {
    address public immutable L1_ASSET_ROUTER;

    event DepositInitiated(
        bytes32 indexed l2DepositTxHash, address indexed from, address indexed to, address l1Token, uint256 amount
    );

    constructor(address router) {
        L1_ASSET_ROUTER = router;
    }

    function deposit(
        address l2Receiver,
        address l1Token,
        uint256 amount,
        uint256 l2GasLimit,
        uint256 l2GasPerPubdata,
        address refundRecipient
    ) external payable returns (bytes32 txHash) {
        if (amount == 0) revert EmptyDeposit();
        SafeTransfer.move(l1Token, msg.sender, address(this), amount);
        IERC20(l1Token).approve(L1_ASSET_ROUTER, amount);
        txHash = L1AssetRouter(L1_ASSET_ROUTER).depositLegacyErc20Bridge{value: msg.value}(
            LegacyDeposit(msg.sender, l2Receiver, l1Token, amount, l2GasLimit, l2GasPerPubdata, refundRecipient)
        );
        emit DepositInitiated(txHash, msg.sender, l2Receiver, l1Token, amount);
    }
}

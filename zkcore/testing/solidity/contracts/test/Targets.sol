// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {revertWith} from "../common/Errors.sol";
import {L2_ASSET_ROUTER, L2_BASE_TOKEN, L2_MESSENGER} from "../common/Types.sol";
import {L1Messenger} from "../l2/L1Messenger.sol";
import {L2AssetRouter} from "../l2/L2AssetRouter.sol";
import {L2BaseToken} from "../l2/L2BaseToken.sol";

/// Counts its calls and keeps what it is paid.
contract Counter {
    uint256 public count;
    address public lastSender;

    event Counted(address indexed sender, uint256 count, uint256 value);

    receive() external payable {
        increment(1);
    }

    function increment(uint256 by) public payable {
        count += by;
        lastSender = msg.sender;
        emit Counted(msg.sender, count, msg.value);
    }
}

/// Refuses whatever comes, ether too.
contract Reverter {
    error AlwaysReverts();

    fallback() external payable {
        revert AlwaysReverts();
    }
}

/// Calls on behalf of whoever asks: a smart account, a relay, or the target of an EIP-7702 delegation.
contract Relay {
    receive() external payable {}

    function execute(address to, uint256 value, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory answer) = to.call{value: value}(data);
        if (!ok) revertWith(answer);
        return answer;
    }
}

/// Several calls in one, like Multicall3.
contract Multicall {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = calls[i].target.call(calls[i].callData);
            require(ok || calls[i].allowFailure, "Multicall3: call failed");
            results[i] = Result(ok, answer);
        }
    }
}

/// On L2: several withdrawals and other messages in one transaction, none of them by the transaction's own target.
contract Withdrawer {
    receive() external payable {}

    /// One withdrawal of the base token per amount.
    function withdrawBase(address l1Receiver, uint256[] calldata amounts) external payable {
        for (uint256 i = 0; i < amounts.length; ++i) L2BaseToken(L2_BASE_TOKEN).withdraw{value: amounts[i]}(l1Receiver);
    }

    /// One withdrawal per asset data, from this contract's own tokens.
    function withdrawAsset(bytes32 assetId, bytes[] calldata assetDatas) external {
        for (uint256 i = 0; i < assetDatas.length; ++i) L2AssetRouter(L2_ASSET_ROUTER).withdraw(assetId, assetDatas[i]);
    }

    /// Messages that are no withdrawals.
    function sendMessages(bytes[] calldata messages) external {
        for (uint256 i = 0; i < messages.length; ++i) L1Messenger(L2_MESSENGER).sendToL1(messages[i]);
    }

    /// Whatever else withdraws, one call after another.
    function callAll(address[] calldata targets, uint256[] calldata values, bytes[] calldata data) external payable {
        for (uint256 i = 0; i < targets.length; ++i) {
            (bool ok, bytes memory answer) = targets[i].call{value: values[i]}(data[i]);
            if (!ok) revertWith(answer);
        }
    }

    function approve(address token, address spender, uint256 amount) external {
        (bool ok, bytes memory answer) = token.call(abi.encodeWithSignature("approve(address,uint256)", spender, amount));
        if (!ok) revertWith(answer);
    }
}

/// Lets through only whom it was told to.
contract TransactionFilterer {
    mapping(address sender => bool) public allowed;

    function setAllowed(address sender, bool value) external {
        allowed[sender] = value;
    }

    function isTransactionAllowed(address sender, address, uint256, uint256, bytes calldata, address) external view returns (bool) {
        return allowed[sender];
    }
}

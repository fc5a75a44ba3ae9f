// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {revertWith} from "./Errors.sol";
import {IERC20} from "./Interfaces.sol";

/// Token transfers that accept tokens returning nothing, with the texts of OpenZeppelin's SafeERC20.
library SafeTransfer {
    function move(address token, address from, address to, uint256 amount) internal {
        _call(token, abi.encodeCall(IERC20.transferFrom, (from, to, amount)));
    }

    function send(address token, address to, uint256 amount) internal {
        _call(token, abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    /// ETH by a raw call with all gas; false if the receiver refuses.
    function sendEth(address to, uint256 amount) internal returns (bool ok) {
        assembly {
            ok := call(gas(), to, amount, 0, 0, 0, 0)
        }
    }

    function _call(address token, bytes memory data) private {
        require(token.code.length > 0, "Address: call to non-contract");
        (bool ok, bytes memory answer) = token.call(data);
        if (!ok) {
            require(answer.length > 0, "SafeERC20: low-level call failed");
            revertWith(answer);
        }
        require(answer.length == 0 || abi.decode(answer, (bool)), "SafeERC20: ERC20 operation did not succeed");
    }
}

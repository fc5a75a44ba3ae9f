// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {L2_MESSENGER} from "../common/Types.sol";
import {L1Messenger} from "./L1Messenger.sol";

/// 0x800a: withdrawal of the base token (protocol.md 7.1, 7.2).
contract L2BaseToken {
    string public name; // slot 0
    string public symbol; // slot 1
    uint8 public decimals; // slot 2
    bool public bundles; // since v33: no withdrawals from here, as if the functions were not there

    event Withdrawal(address indexed l2Sender, address indexed l1Receiver, uint256 amount);
    event WithdrawalWithMessage(address indexed l2Sender, address indexed l1Receiver, uint256 amount, bytes additionalData);

    bytes4 private constant FINALIZE_ETH_WITHDRAWAL = 0x6c0960f9;

    function initialize(string calldata name_, string calldata symbol_, uint8 decimals_) external {
        (name, symbol, decimals) = (name_, symbol_, decimals_);
    }

    modifier untilBundles() {
        require(!bundles);
        _;
    }

    /// Devnet only: what the upgrade to v33 does here.
    function upgradeToBundles() external {
        bundles = true;
    }

    /// Era's form: an address widened to uint256.
    function balanceOf(uint256 account) external view returns (uint256) {
        return address(uint160(account)).balance;
    }

    function withdraw(address l1Receiver) external payable untilBundles {
        _burn();
        L1Messenger(L2_MESSENGER).sendToL1(abi.encodePacked(FINALIZE_ETH_WITHDRAWAL, l1Receiver, msg.value));
        emit Withdrawal(msg.sender, l1Receiver, msg.value);
    }

    function withdrawWithMessage(address l1Receiver, bytes calldata additionalData) external payable untilBundles {
        _burn();
        L1Messenger(L2_MESSENGER).sendToL1(
            abi.encodePacked(FINALIZE_ETH_WITHDRAWAL, l1Receiver, msg.value, msg.sender, additionalData)
        );
        emit WithdrawalWithMessage(msg.sender, l1Receiver, msg.value, additionalData);
    }

    /// The value leaves the world: a contract is created with it whose first act is to destroy itself in its own favour (EIP-6780).
    function _burn() private {
        assembly ("memory-safe") {
            mstore(0, shl(240, 0x30ff)) // ADDRESS SELFDESTRUCT
            pop(create(callvalue(), 0, 2))
        }
    }
}

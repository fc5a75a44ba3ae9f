// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// How L1 senders and refund recipients look on L2 (protocol.md 3.4).
library Alias {
    uint160 private constant OFFSET = uint160(0x1111000000000000000000000000000000001111);

    function toL2(address l1Address) internal pure returns (address) {
        unchecked {
            return address(uint160(l1Address) + OFFSET);
        }
    }

    function undo(address l2Address) internal pure returns (address) {
        unchecked {
            return address(uint160(l2Address) - OFFSET);
        }
    }

    /// An EIP-7702 delegation: code is exactly 0xef0100 || address.
    function isDelegated(address account) internal view returns (bool) {
        bytes memory code = account.code;
        return code.length == 23 && code[0] == 0xef && code[1] == 0x01 && code[2] == 0x00;
    }

    /// Up to v30, applied by the Bridgehub and again by the mailbox: any code, a delegation too, means an alias.
    function refundRecipient(address given, address sender) internal view returns (address) {
        if (given == address(0)) {
            return sender == tx.origin ? sender : toL2(sender);
        }
        return given.code.length > 0 ? toL2(given) : given;
    }

    /// From v31, applied once, by the mailbox: a delegated account is still an account.
    function refundRecipientAware(address given, address sender) internal view returns (address) {
        if (given == address(0)) return senderAware(sender);
        return given.code.length > 0 && !isDelegated(given) ? toL2(given) : given;
    }

    function senderAware(address sender) internal view returns (address) {
        return sender == tx.origin || isDelegated(sender) ? sender : toL2(sender);
    }
}

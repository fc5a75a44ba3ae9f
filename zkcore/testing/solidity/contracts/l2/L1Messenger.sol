// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {L2Log, L2_MESSENGER} from "../common/Types.sol";

/// 0x8008: what a contract says to L1. On Era the log is an event too.
contract L1Messenger {
    bool public emitsLogs; // slot 0: true on Era
    uint256 public txNumberInBatch; // slot 1: the front may set it before each transaction; only the Era event shows it

    event L2ToL1LogSent(L2Log log);
    event L1MessageSent(address indexed sender, bytes32 indexed hash, bytes message);

    function initialize(bool era) external {
        emitsLogs = era;
    }

    function sendToL1(bytes calldata message) external returns (bytes32 hash) {
        hash = keccak256(message);
        if (emitsLogs) {
            bytes32 key = bytes32(uint256(uint160(msg.sender)));
            emit L2ToL1LogSent(L2Log(0, true, uint16(txNumberInBatch), L2_MESSENGER, key, hash));
        }
        emit L1MessageSent(msg.sender, hash, message);
    }
}

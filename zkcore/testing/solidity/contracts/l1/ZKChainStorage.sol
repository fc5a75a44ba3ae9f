// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {FeeParams} from "../common/Types.sol";
import {PriorityTree} from "./PriorityTree.sol";

/// The diamond's state in the storage slots of the real one (protocol.md 4.2), so that a client may read it with eth_getStorageAt.
/// The numbers are the slots; what the devnet does not use is left out, never moved. Checked by a test.
abstract contract ZKChainStorage {
    uint256[11] private _slots0to10;
    uint256 internal _totalBatchesExecuted; // 11
    uint256 internal _totalBatchesVerified; // 12
    uint256 internal _totalBatchesCommitted; // 13
    uint256 private _slot14;
    mapping(uint256 batch => bytes32 root) internal _l2LogsRootHashes; // 15
    uint256[10] private _slots16to25;
    uint256 internal _priorityTxMaxGasLimit; // 26
    uint256[6] private _slots27to32;
    uint256 internal _protocolVersion; // 33
    uint256[2] private _slots34to35;
    address internal _admin; // 36
    uint256 private _slot37;
    FeeParams internal _feeParams; // 38
    uint256 private _slot39;
    uint256 internal _chainId; // 40
    address internal _bridgehub; // 41
    address internal _chainTypeManager; // 42
    uint256[2] private _slots43to44;
    uint128 internal _multiplierNominator; // 45, low half
    uint128 internal _multiplierDenominator; // 45, high half
    address internal _transactionFilterer; // 46
    uint256[2] private _slots47to48;
    bytes32 internal _baseTokenAssetId; // 49
    address internal _settlementLayer; // 50
    uint256[9] private _slots51to59;
    bool internal _zksyncOS; // 60
    // From here on the devnet's own.
    uint256[39] private _slots61to99;
    uint256 internal _totalPriorityTxs; // 100
    uint256 internal _eraChainId; // 101
    bool internal _depositsPaused; // 102
    PriorityTree.Tree internal _priorityTree; // 103 to 106
    mapping(uint256 batch => mapping(uint256 index => bool)) internal _ethWithdrawalFinalized; // 107
}

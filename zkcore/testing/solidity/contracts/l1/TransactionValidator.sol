// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {
    PubdataGreaterThanLimit,
    TooMuchGas,
    TxnBodyGasLimitNotEnoughGas,
    ValidateTxnNotEnoughGas,
    ZeroGasPriceL1TxZKSyncOS,
    ZeroGasPriceL1TxZKsyncOS
} from "../common/Errors.sol";
import {L2CanonicalTransaction} from "../common/Types.sol";

/// Gas and pubdata limits of a priority transaction (protocol.md 4.4 for Era, 4.6 for ZKsync OS).
library TransactionValidator {
    uint256 private constant TX_SLOT_OVERHEAD = 10_000;
    uint256 private constant MEMORY_OVERHEAD = 10;
    uint256 private constant INTRINSIC_GAS = 167_157;
    uint256 private constant MIN_GAS = 173_484;
    uint256 private constant GAS_PER_544_BYTES = 1_656;
    uint256 private constant GAS_PER_FACTORY_DEP = 2_473;
    uint256 private constant INTRINSIC_PUBDATA = 88;
    uint256 private constant PUBDATA_PER_FACTORY_DEP = 64;

    function check(
        L2CanonicalTransaction memory transaction,
        uint256 encodedLength,
        uint256 maxGasLimit,
        uint256 maxPubdata,
        bool zksyncOS,
        uint256 minor
    ) internal pure {
        uint256 overhead = zksyncOS ? 0 : _max(TX_SLOT_OVERHEAD, MEMORY_OVERHEAD * encodedLength);
        if (transaction.gasLimit < overhead) revert TxnBodyGasLimitNotEnoughGas();
        uint256 body = transaction.gasLimit - overhead;
        if (body > maxGasLimit) revert TooMuchGas();
        uint256 pubdata = body / transaction.gasPerPubdataByteLimit;
        if (pubdata > maxPubdata) revert PubdataGreaterThanLimit(maxPubdata, pubdata);
        uint256 minimal = zksyncOS ? _minimalOS(transaction, encodedLength, minor) : _minimalEra(transaction, encodedLength);
        if (minimal > body) revert ValidateTxnNotEnoughGas();
    }

    function _minimalEra(L2CanonicalTransaction memory transaction, uint256 encodedLength) private pure returns (uint256) {
        uint256 deps = transaction.factoryDeps.length;
        uint256 compute = INTRINSIC_GAS + _ceil(encodedLength * GAS_PER_544_BYTES, 544) + deps * GAS_PER_FACTORY_DEP;
        uint256 pubdata = INTRINSIC_PUBDATA + deps * PUBDATA_PER_FACTORY_DEP;
        return _max(compute, MIN_GAS) + pubdata * transaction.gasPerPubdataByteLimit;
    }

    /// The constants changed with the release: v31 has a larger one, v29 a floor besides.
    function _minimalOS(L2CanonicalTransaction memory transaction, uint256 encodedLength, uint256 minor) private pure returns (uint256) {
        uint256 price = transaction.maxFeePerGas;
        if (price == 0 && minor < 30) revert ZeroGasPriceL1TxZKSyncOS();
        if (price == 0 && minor == 30) revert ZeroGasPriceL1TxZKsyncOS();
        uint256 length = transaction.data.length;
        uint256 native = (minor < 31 ? 132_500 : 2_875_420) + _max(1, _ceil(encodedLength, 136)) * 17_500 + length;
        uint256 nativeGas = price == 0 ? native / 10_000 : native * 10 / price;
        uint256 pubdataGas = (minor < 31 ? INTRINSIC_PUBDATA : 351) * transaction.gasPerPubdataByteLimit;
        if (minor >= 33) return _max(21_000 + 40 * length, pubdataGas + _ceil(1 << 35, 100_000_000));
        uint256 minimal = _max(21_000 + 16 * length, nativeGas + pubdataGas);
        return minor < 30 ? _max(minimal, 200_000) : minimal;
    }

    function _ceil(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}

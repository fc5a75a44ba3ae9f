// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {IERC20} from "../common/Interfaces.sol";
import {L2_BOOTLOADER} from "../common/Types.sol";

/// Era's transaction as the bootloader shows it to accounts and paymasters.
struct EraTransaction {
    uint256 txType;
    uint256 from;
    uint256 to;
    uint256 gasLimit;
    uint256 gasPerPubdataByteLimit;
    uint256 maxFeePerGas;
    uint256 maxPriorityFeePerGas;
    uint256 paymaster;
    uint256 nonce;
    uint256 value;
    uint256[4] reserved;
    bytes data;
    bytes signature;
    bytes32[] factoryDeps;
    bytes paymasterInput;
    bytes reservedDynamic;
}

/// The two calls a bootloader makes, and the checks both test paymasters share.
abstract contract Paymaster {
    error OnlyBootloader();
    error UnsupportedPaymasterFlow(bytes4 selector);
    error PaymasterFailedToPay();

    modifier onlyBootloader() {
        if (msg.sender != L2_BOOTLOADER) revert OnlyBootloader();
        _;
    }

    receive() external payable {}

    function validateAndPayForPaymasterTransaction(bytes32, bytes32, EraTransaction calldata transaction)
        external
        payable
        onlyBootloader
        returns (bytes4 magic, bytes memory context)
    {
        bytes calldata input = transaction.paymasterInput;
        if (input.length < 4 || bytes4(input) != _flow()) revert UnsupportedPaymasterFlow(bytes4(input));
        _accept(address(uint160(transaction.from)), input[4:]);
        (bool ok,) = msg.sender.call{value: transaction.gasLimit * transaction.maxFeePerGas}("");
        if (!ok) revert PaymasterFailedToPay();
        return (this.validateAndPayForPaymasterTransaction.selector, "");
    }

    /// Only so that the bootloader may call it.
    function postTransaction(bytes calldata, EraTransaction calldata, bytes32, bytes32, uint8, uint256) external payable onlyBootloader {}

    function _flow() internal pure virtual returns (bytes4);
    function _accept(address user, bytes calldata arguments) internal virtual;
}

/// Pays for everybody: general(bytes).
contract GeneralPaymaster is Paymaster {
    function _flow() internal pure override returns (bytes4) {
        return bytes4(keccak256("general(bytes)"));
    }

    function _accept(address, bytes calldata arguments) internal pure override {
        abi.decode(arguments, (bytes));
    }
}

/// Pays for whoever gives it `price` units of its token: approvalBased(address,uint256,bytes).
contract ApprovalPaymaster is Paymaster {
    address public immutable token;
    uint256 public immutable price;

    error WrongToken(address given, address expected);
    error MinAllowanceTooLow(uint256 given, uint256 required);

    constructor(address token_, uint256 price_) {
        (token, price) = (token_, price_);
    }

    function _flow() internal pure override returns (bytes4) {
        return bytes4(keccak256("approvalBased(address,uint256,bytes)"));
    }

    function _accept(address user, bytes calldata arguments) internal override {
        (address given, uint256 minAllowance,) = abi.decode(arguments, (address, uint256, bytes));
        if (given != token) revert WrongToken(given, token);
        if (minAllowance < price) revert MinAllowanceTooLow(minAllowance, price);
        IERC20(token).transferFrom(user, address(this), price);
    }
}

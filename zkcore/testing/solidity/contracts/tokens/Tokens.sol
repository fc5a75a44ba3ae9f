// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {ERC20, NamedERC20} from "./ERC20.sol";

/// Anybody may mint: the tokens of the devnet, on L1 and natively on L2.
contract TestToken is NamedERC20 {
    constructor(string memory name_, string memory symbol_, uint8 decimals_) NamedERC20(name_, symbol_, decimals_) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Takes a hundredth of every transfer for itself; the vault refuses such tokens.
contract FeeToken is TestToken {
    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestToken(name_, symbol_, decimals_) {}

    function _transfer(address from, address to, uint256 amount) internal override {
        uint256 fee = amount / 100;
        super._transfer(from, to, amount - fee);
        super._transfer(from, address(this), fee);
    }
}

/// Reverts on demand.
contract MoodyToken is TestToken {
    bool public refusing;

    error TransferRefused();

    constructor(string memory name_, string memory symbol_, uint8 decimals_) TestToken(name_, symbol_, decimals_) {}

    function setRefusing(bool value) external {
        refusing = value;
    }

    function _transfer(address from, address to, uint256 amount) internal override {
        if (refusing) revert TransferRefused();
        super._transfer(from, to, amount);
    }
}

/// From before ERC-20 was settled, like MKR: its name and symbol are bytes32, and it has no decimals.
contract OldToken is ERC20 {
    bytes32 public constant name = "Old";
    bytes32 public constant symbol = "OLD";

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Wrapped ether, which cannot be deposited.
contract Weth is NamedERC20 {
    event Deposit(address indexed account, uint256 amount);
    event Withdrawal(address indexed account, uint256 amount);

    constructor() NamedERC20("Wrapped Ether", "WETH", 18) {}

    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok);
    }
}

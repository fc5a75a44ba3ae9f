// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Alias} from "../common/Alias.sol";
import {SafeTransfer} from "../common/SafeTransfer.sol";
import {L2_MESSENGER} from "../common/Types.sol";
import {NamedERC20} from "../tokens/ERC20.sol";
import {L1Messenger} from "./L1Messenger.sol";

/// The other side of L1UsdcBridge: github.com/matter-labs/usdc-bridge, src/L2USDCBridge.sol.
contract L2UsdcBridge {
    address public l1USDCBridge;
    address public immutable L1_USDC_TOKEN;
    address public immutable L2_USDC_TOKEN;

    event FinalizeDeposit(address indexed l1Sender, address indexed l2Receiver, address indexed l2Token, uint256 amount);
    event WithdrawalInitiated(address indexed l2Sender, address indexed l1Receiver, address indexed l2Token, uint256 amount);

    constructor(address l1Token, address l2Token, address l1Bridge) {
        (L1_USDC_TOKEN, L2_USDC_TOKEN, l1USDCBridge) = (l1Token, l2Token, l1Bridge);
    }

    function finalizeDeposit(address l1Sender, address l2Receiver, address, uint256 amount, bytes calldata) external {
        require(msg.sender == Alias.toL2(l1USDCBridge), "mq");
        BurnableToken(L2_USDC_TOKEN).mint(l2Receiver, amount);
        emit FinalizeDeposit(l1Sender, l2Receiver, L2_USDC_TOKEN, amount);
    }

    function withdraw(address l1Receiver, address, uint256 amount) external {
        require(amount > 0, "Amount cannot be zero");
        SafeTransfer.move(L2_USDC_TOKEN, msg.sender, address(this), amount);
        BurnableToken(L2_USDC_TOKEN).burn(amount);
        L1Messenger(L2_MESSENGER).sendToL1(abi.encodePacked(bytes4(0x11a2ccc1), l1Receiver, L1_USDC_TOKEN, amount));
        emit WithdrawalInitiated(msg.sender, l1Receiver, L2_USDC_TOKEN, amount);
    }

    function l1TokenAddress(address l2Token) external view returns (address) {
        require(l2Token == L2_USDC_TOKEN, "Unsupported L2 token");
        return L1_USDC_TOKEN;
    }

    function l2TokenAddress(address l1Token) external view returns (address) {
        require(l1Token == L1_USDC_TOKEN, "Unsupported L1 token");
        return L2_USDC_TOKEN;
    }
}

/// What stands on L2 for a token whose issuer mints there, such as USDC: on a devnet anybody mints.
contract BurnableToken is NamedERC20 {
    constructor(string memory name_, string memory symbol_, uint8 decimals_) NamedERC20(name_, symbol_, decimals_) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }
}

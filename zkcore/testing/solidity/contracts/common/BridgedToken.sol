// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {NamedERC20} from "../tokens/ERC20.sol";
import {Encoding} from "./Encoding.sol";
import {Unauthorized, ZeroAddress, revertWith} from "./Errors.sol";

/// A token's representation on a chain it is not native to; only the vault that deployed it mints and burns.
contract BridgedToken is NamedERC20 {
    address public originToken;
    address public nativeTokenVault;
    bytes32 public assetId;
    bool private _ignoreName;
    bool private _ignoreSymbol;
    bool private _ignoreDecimals;

    event BridgeInitialize(address indexed l1Token, string name, string symbol, uint8 decimals);
    event BridgeMint(address indexed account, uint256 amount);
    event BridgeBurn(address indexed account, uint256 amount);
    event Initialized(uint8 version);

    modifier onlyVault() {
        if (msg.sender != nativeTokenVault) revert Unauthorized(msg.sender);
        _;
    }

    constructor() NamedERC20("", "", 0) {}

    /// A getter the origin token lacks, or answers in another type, is missing here too: it reverts.
    function bridgeInitialize(bytes32 assetId_, address originToken_, bytes calldata metadata) external {
        require(nativeTokenVault == address(0), "Initializable: contract is already initialized");
        if (originToken_ == address(0)) revert ZeroAddress();
        (originToken, assetId, nativeTokenVault) = (originToken_, assetId_, msg.sender);
        (, bytes memory name_, bytes memory symbol_, bytes memory decimals_) = Encoding.decodeMetadata(metadata);
        (bool ok, bytes memory answer) = address(this).staticcall(abi.encodeCall(this.decodeString, (name_)));
        if (ok) _name = abi.decode(answer, (string));
        _ignoreName = !ok;
        (ok, answer) = address(this).staticcall(abi.encodeCall(this.decodeString, (symbol_)));
        if (ok) _symbol = abi.decode(answer, (string));
        _ignoreSymbol = !ok;
        (ok, answer) = address(this).staticcall(abi.encodeCall(this.decodeUint8, (decimals_)));
        if (ok) _decimals = abi.decode(answer, (uint8));
        _ignoreDecimals = !ok;
        emit BridgeInitialize(originToken_, _name, _symbol, _decimals);
        emit Initialized(1);
    }

    function bridgeMint(address to, uint256 amount) external onlyVault {
        _mint(to, amount);
        emit BridgeMint(to, amount);
    }

    function bridgeBurn(address from, uint256 amount) external onlyVault {
        _burn(from, amount);
        emit BridgeBurn(from, amount);
    }

    function l1Address() external view returns (address) {
        return originToken;
    }

    function name() public view override returns (string memory) {
        if (_ignoreName) revertWith("");
        return _name;
    }

    function symbol() public view override returns (string memory) {
        if (_ignoreSymbol) revertWith("");
        return _symbol;
    }

    function decimals() public view override returns (uint8) {
        if (_ignoreDecimals) revertWith("");
        return _decimals;
    }

    function decodeString(bytes calldata data) external pure returns (string memory) {
        return abi.decode(data, (string));
    }

    function decodeUint8(bytes calldata data) external pure returns (uint8) {
        return abi.decode(data, (uint8));
    }
}

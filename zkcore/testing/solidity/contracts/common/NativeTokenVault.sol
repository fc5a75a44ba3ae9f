// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {Beacon, BeaconProxy} from "./Beacon.sol";
import {Encoding} from "./Encoding.sol";
import {
    AddressMismatch,
    AmountMustBeGreaterThanZero,
    AssetIdAlreadyRegistered,
    AssetIdMismatch,
    BurningNativeWETHNotSupported,
    DeployFailed,
    DeployingBridgedTokenForNativeToken,
    EmptyDeposit,
    EmptyToken,
    NonEmptyMsgValue,
    TokenNotSupported,
    TokensWithFeesNotSupported,
    Unauthorized,
    ValueMismatch,
    ZeroAddress
} from "./Errors.sol";
import {IAssetRouter, IBridgedToken, IERC20} from "./Interfaces.sol";
import {Pausable} from "./Pausable.sol";
import {SafeTransfer} from "./SafeTransfer.sol";

/// What the vaults of L1 and L2 share: they lock tokens of their own chain and mint representations of foreign ones.
abstract contract NativeTokenVault is Pausable {
    address public bridgedTokenBeacon;
    mapping(bytes32 assetId => uint256) public originChainId;
    mapping(bytes32 assetId => address) public tokenAddress;
    mapping(address token => bytes32) public assetId;

    event BridgeBurn(uint256 indexed chainId, bytes32 indexed assetId, address indexed sender, address receiver, uint256 amount);
    event BridgeMint(uint256 indexed chainId, bytes32 indexed assetId, address receiver, uint256 amount);

    modifier onlyAssetRouter() {
        if (msg.sender != _assetRouter()) revert Unauthorized(msg.sender);
        _;
    }

    function _assetRouter() internal view virtual returns (address);
    function _l1ChainId() internal view virtual returns (uint256);
    function _baseAssetId() internal view virtual returns (bytes32);
    function _weth() internal view virtual returns (address);
    function _salt(uint256 originChainId_, address originToken) internal view virtual returns (bytes32);
    function _payOut(bytes32 assetId_, address to, address token, uint256 amount) internal virtual;
    function _count(uint256 chainId, bytes32 assetId_, uint256 amount, bool isNative, bool increase) internal virtual;
    /// True if the funds of a deposit have already been brought here.
    function _fetched(bytes32 assetId_, uint256 amount, address from) internal virtual returns (bool);

    // ---------------------------------------------------------------- registration

    function registerToken(address token) external {
        _register(token);
    }

    function ensureTokenIsRegistered(address token) public returns (bytes32 id) {
        id = assetId[token];
        if (id == 0) id = _register(token);
    }

    function tryRegisterTokenFromBurnData(bytes calldata burnData, bytes32 expectedAssetId) external {
        (,, address token) = Encoding.decodeBurnData(burnData);
        if (token == address(0)) revert ZeroAddress();
        if (assetId[token] != 0) revert AssetIdAlreadyRegistered();
        bytes32 id = _register(token);
        if (id != expectedAssetId) revert AssetIdMismatch(expectedAssetId, id);
    }

    function _register(address token) private returns (bytes32) {
        if (token == _weth() && block.chainid != _l1ChainId()) revert TokenNotSupported(token);
        if (token.code.length == 0) revert EmptyToken();
        if (assetId[token] != 0) revert AssetIdAlreadyRegistered();
        return _registerUnchecked(token);
    }

    function _registerUnchecked(address token) internal returns (bytes32 id) {
        id = Encoding.vaultAssetId(block.chainid, token);
        (tokenAddress[id], assetId[token], originChainId[id]) = (token, id, block.chainid);
        IAssetRouter(_assetRouter()).setAssetHandlerAddressThisChain(bytes32(uint256(uint160(token))), address(this));
    }

    // ---------------------------------------------------------------- tokens leave this chain

    function bridgeBurn(uint256 chainId, uint256 l2MsgValue, bytes32 id, address originalCaller, bytes calldata data)
        external
        payable
        onlyAssetRouter
        whenNotPaused
        returns (bytes memory)
    {
        if (l2MsgValue != 0) revert NonEmptyMsgValue();
        (uint256 amount, address receiver, address token) = Encoding.decodeBurnData(data);
        if (token == address(0)) token = tokenAddress[id];
        if (token == address(0)) revert ZeroAddress();
        if (assetId[token] != id) revert AssetIdMismatch(assetId[token], id);

        address originToken = token;
        bytes memory metadata;
        if (originChainId[id] == block.chainid) {
            _lock(chainId, id, originalCaller, token, amount);
            metadata = getERC20Getters(token, originChainId[id]);
            emit BridgeBurn(chainId, id, originalCaller, receiver, amount);
        } else {
            if (msg.value != 0) revert NonEmptyMsgValue();
            if (amount == 0) revert AmountMustBeGreaterThanZero();
            IBridgedToken(token).bridgeBurn(originalCaller, amount);
            _count(chainId, id, amount, false, true);
            emit BridgeBurn(chainId, id, originalCaller, receiver, amount);
            metadata = getERC20Getters(token, originChainId[id]);
            originToken = IBridgedToken(token).originToken();
        }
        return Encoding.mintData(originalCaller, receiver, originToken, amount, metadata);
    }

    function _lock(uint256 chainId, bytes32 id, address from, address token, uint256 amount) private {
        bool fetched = _fetched(id, amount, from);
        if (token == _weth()) revert BurningNativeWETHNotSupported();
        if (id == _baseAssetId()) {
            if (amount != msg.value) revert ValueMismatch(amount, msg.value);
        } else {
            if (msg.value != 0) revert NonEmptyMsgValue();
            if (!fetched) {
                uint256 before = IERC20(token).balanceOf(address(this));
                SafeTransfer.move(token, from, address(this), amount);
                if (IERC20(token).balanceOf(address(this)) - before != amount) revert TokensWithFeesNotSupported();
            }
        }
        _count(chainId, id, amount, true, true);
        if (amount == 0) revert EmptyDeposit();
    }

    // ---------------------------------------------------------------- tokens arrive on this chain

    function bridgeMint(uint256 chainId, bytes32 id, bytes calldata data) external payable onlyAssetRouter whenNotPaused {
        if (msg.value != 0) revert NonEmptyMsgValue();
        (, address receiver, address originToken, uint256 amount, bytes memory metadata) = Encoding.decodeMintData(data);
        address token = tokenAddress[id];
        if (originChainId[id] == block.chainid) {
            _count(chainId, id, amount, true, false);
            _payOut(id, receiver, token, amount);
        } else {
            if (token == address(0)) token = _deploy(id, originToken, metadata);
            _count(chainId, id, amount, false, false);
            IBridgedToken(token).bridgeMint(receiver, amount);
        }
        emit BridgeMint(chainId, id, receiver, amount);
    }

    function _deploy(bytes32 id, address originToken, bytes memory metadata) private returns (address token) {
        uint256 origin = this.tokenDataOriginChainId(metadata);
        address expected = calculateCreate2TokenAddress(origin, originToken);
        bytes32 expectedId = Encoding.vaultAssetId(origin, originToken);
        if (id != expectedId) revert AssetIdMismatch(expectedId, id);
        if (origin == block.chainid) revert DeployingBridgedTokenForNativeToken();

        bytes memory code = _proxyCode();
        bytes32 salt = _salt(origin, originToken);
        assembly {
            token := create2(0, add(code, 32), mload(code), salt)
        }
        if (token == address(0)) revert DeployFailed();
        if (token != expected) revert AddressMismatch(expected, token);
        IBridgedToken(token).bridgeInitialize(id, originToken, metadata);
        (originChainId[id], tokenAddress[id], assetId[token]) = (origin, token, id);
    }

    function _proxyCode() private view returns (bytes memory) {
        return bytes.concat(type(BeaconProxy).creationCode, abi.encode(bridgedTokenBeacon, bytes("")));
    }

    // ---------------------------------------------------------------- views

    function getERC20Getters(address token, uint256 originChainId_) public view returns (bytes memory) {
        return Encoding.tokenMetadata(token, originChainId_);
    }

    function tokenDataOriginChainId(bytes calldata metadata) external view returns (uint256 origin) {
        (origin,,,) = Encoding.decodeMetadata(metadata);
        if (origin == 0) origin = _l1ChainId();
    }

    /// Where a foreign token's representation stands, or will stand.
    function calculateCreate2TokenAddress(uint256 originChainId_, address originToken) public view returns (address) {
        bytes32 salt = _salt(originChainId_, originToken);
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, keccak256(_proxyCode()))))));
    }
}

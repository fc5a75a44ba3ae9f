// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

import {IBridgehub, IERC20} from "../common/Interfaces.sol";
import {Pausable} from "../common/Pausable.sol";
import {SafeTransfer} from "../common/SafeTransfer.sol";
import {L2Message, SecondBridgeAnswer, TWO_BRIDGES_MAGIC_VALUE, TxStatus} from "../common/Types.sol";

/// A bridge of one token beside the vault, with the selectors, hashes, events and texts of github.com/matter-labs/usdc-bridge
/// (src/L1USDCBridge.sol): requests in the legacy encoding, claims and withdrawals settled here and not in the nullifier.
contract L1UsdcBridge is Pausable {
    address public immutable L1_USDC_TOKEN;
    address public immutable BRIDGE_HUB;
    mapping(uint256 chainId => address) public l2BridgeAddress;
    mapping(uint256 chainId => mapping(bytes32 l2TxHash => bytes32)) public depositHappened;
    mapping(uint256 chainId => mapping(uint256 batch => mapping(uint256 index => bool))) public isWithdrawalFinalized;
    mapping(uint256 chainId => mapping(address token => uint256)) public chainBalance;

    event BridgehubDepositInitiated(
        uint256 indexed chainId, bytes32 indexed txDataHash, address indexed from, address to, address l1Token, uint256 amount
    );
    event BridgehubDepositFinalized(uint256 indexed chainId, bytes32 indexed txDataHash, bytes32 indexed l2DepositTxHash);
    event WithdrawalFinalizedSharedBridge(uint256 indexed chainId, address indexed to, address indexed l1Token, uint256 amount);
    event ClaimedFailedDepositSharedBridge(uint256 indexed chainId, address indexed to, address indexed l1Token, uint256 amount);

    modifier onlyBridgehub() {
        require(msg.sender == BRIDGE_HUB, "USDC-ShB not BH");
        _;
    }

    constructor(address token, address bridgehub) {
        (L1_USDC_TOKEN, BRIDGE_HUB) = (token, bridgehub);
    }

    /// Devnet: open to anybody.
    function initializeChainGovernance(uint256 chainId, address l2Bridge) external {
        l2BridgeAddress[chainId] = l2Bridge;
    }

    function bridgehubDeposit(uint256 chainId, address caller, uint256 l2Value, bytes calldata data)
        external
        payable
        onlyBridgehub
        whenNotPaused
        returns (SecondBridgeAnswer memory)
    {
        require(l2Value == 0, "USDC-ShB: l2Value must be 0");
        address l2Bridge = l2BridgeAddress[chainId];
        require(l2Bridge != address(0), "USDC-ShB l2 bridge not deployed");
        (address token, uint256 amount, address receiver) = abi.decode(data, (address, uint256, address));
        require(token == L1_USDC_TOKEN, "USDC-ShB: Only USDC deposits supported");
        require(msg.value == 0, "USDC-ShB m.v > 0 for BH d.it 2");
        uint256 before = IERC20(token).balanceOf(address(this));
        SafeTransfer.move(token, caller, address(this), amount);
        require(IERC20(token).balanceOf(address(this)) - before == amount, "5T");
        require(amount != 0, "6T");
        chainBalance[chainId][token] += amount;
        bytes32 hash = keccak256(abi.encode(caller, token, amount));
        emit BridgehubDepositInitiated(chainId, hash, caller, receiver, token, amount);
        bytes memory call = abi.encodeWithSignature(
            "finalizeDeposit(address,address,address,uint256,bytes)", caller, receiver, token, amount, abi.encode("USD Coin", "USDC", 6)
        );
        return SecondBridgeAnswer(TWO_BRIDGES_MAGIC_VALUE, l2Bridge, call, new bytes[](0), hash);
    }

    function bridgehubConfirmL2Transaction(uint256 chainId, bytes32 txDataHash, bytes32 txHash) external onlyBridgehub whenNotPaused {
        require(depositHappened[chainId][txHash] == 0, "USDC-ShB tx hap");
        depositHappened[chainId][txHash] = txDataHash;
        emit BridgehubDepositFinalized(chainId, txDataHash, txHash);
    }

    function claimFailedDeposit(
        uint256 chainId,
        address depositSender,
        address l1Token,
        uint256 amount,
        bytes32 l2TxHash,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes32[] calldata proof
    ) external whenNotPaused {
        bool proven =
            IBridgehub(BRIDGE_HUB).proveL1ToL2TransactionStatus(chainId, l2TxHash, batch, index, txNumber, proof, TxStatus.Failure);
        require(proven, "yn");
        require(amount > 0, "y1");
        require(depositHappened[chainId][l2TxHash] == keccak256(abi.encode(depositSender, l1Token, amount)), "USDC-ShB: d.it not hap");
        delete depositHappened[chainId][l2TxHash];
        _pay(chainId, depositSender, l1Token, amount, "USDC-ShB n funds");
        emit ClaimedFailedDepositSharedBridge(chainId, depositSender, l1Token, amount);
    }

    function finalizeWithdrawal(
        uint256 chainId,
        uint256 batch,
        uint256 index,
        uint16 txNumber,
        bytes calldata message,
        bytes32[] calldata proof
    ) external whenNotPaused {
        require(!isWithdrawalFinalized[chainId][batch][index], "Withdrawal is already finalized");
        isWithdrawalFinalized[chainId][batch][index] = true;
        require(bytes4(message) == 0x11a2ccc1, "USDC-ShB Incorrect message function selector");
        require(message.length == 76, "USDC-ShB wrong msg len 2");
        L2Message memory sent = L2Message(txNumber, l2BridgeAddress[chainId], message);
        require(IBridgehub(BRIDGE_HUB).proveL2MessageInclusion(chainId, batch, index, sent, proof), "USDC-ShB withd w proof");
        address receiver = address(bytes20(message[4:24]));
        address token = address(bytes20(message[24:44]));
        uint256 amount = uint256(bytes32(message[44:76]));
        _pay(chainId, receiver, token, amount, "USDC-ShB not enough funds 2");
        emit WithdrawalFinalizedSharedBridge(chainId, receiver, token, amount);
    }

    function _pay(uint256 chainId, address to, address token, uint256 amount, string memory tooLittle) private {
        require(chainBalance[chainId][token] >= amount, tooLittle);
        chainBalance[chainId][token] -= amount;
        SafeTransfer.send(token, to, amount);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// 0x8006 on Era, as far as an EVM can be it: what it says of accounts and of this chain. EraVM bytecode does not run here.
contract ContractDeployer {
    struct AccountInfo {
        uint8 supportedAAVersion;
        uint8 nonceOrdering;
    }

    error EraVMBytecodeDoesNotRunOnTheDevnet(bytes32 bytecodeHash);

    mapping(address account => AccountInfo) private infos;
    bool private eraVmAlone;

    event AccountVersionUpdated(address indexed accountAddress, uint8 aaVersion);

    function allowedBytecodeTypesToDeploy() external view returns (uint8) {
        return eraVmAlone ? 0 : 1;
    }

    function setAllowedBytecodeTypesToDeploy(uint8 mode) external {
        eraVmAlone = mode == 0;
    }

    function getAccountInfo(address account) external view returns (AccountInfo memory) {
        return infos[account];
    }

    function updateAccountVersion(uint8 version) external {
        infos[msg.sender].supportedAAVersion = version;
        emit AccountVersionUpdated(msg.sender, version);
    }

    function updateNonceOrdering(uint8 ordering) external {
        infos[msg.sender].nonceOrdering = ordering;
    }

    function create(bytes32, bytes32 bytecodeHash, bytes calldata) external payable returns (address) {
        revert EraVMBytecodeDoesNotRunOnTheDevnet(bytecodeHash);
    }

    function create2(bytes32, bytes32 bytecodeHash, bytes calldata) external payable returns (address) {
        revert EraVMBytecodeDoesNotRunOnTheDevnet(bytecodeHash);
    }

    function createAccount(bytes32, bytes32 bytecodeHash, bytes calldata, uint8) external payable returns (address) {
        revert EraVMBytecodeDoesNotRunOnTheDevnet(bytecodeHash);
    }

    function create2Account(bytes32, bytes32 bytecodeHash, bytes calldata, uint8) external payable returns (address) {
        revert EraVMBytecodeDoesNotRunOnTheDevnet(bytecodeHash);
    }
}

/// An account of several owners: a signature is theirs, each of 65 bytes, one behind the other in their order (EIP-1271).
contract MultisigAccount {
    ContractDeployer private constant DEPLOYER = ContractDeployer(address(0x8006));
    uint256 private constant HALF = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    address[] public owners;

    constructor(address[] memory owners_, uint8 nonceOrdering) {
        owners = owners_;
        DEPLOYER.updateAccountVersion(1);
        DEPLOYER.updateNonceOrdering(nonceOrdering);
    }

    receive() external payable {}

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65 * owners.length) return 0;
        for (uint256 i; i < owners.length; ++i) {
            bytes calldata one = signature[65 * i:65 * i + 65];
            if (uint256(bytes32(one[32:64])) > HALF) return 0;
            if (ecrecover(hash, uint8(one[64]), bytes32(one[:32]), bytes32(one[32:64])) != owners[i]) return 0;
        }
        return this.isValidSignature.selector;
    }
}

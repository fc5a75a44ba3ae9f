// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// 0x8003 on Era. An EVM cannot read nonces, so the front keeps them here: slot 0 maps to deployment nonces, slot 1 to transaction nonces.
contract NonceHolder {
    mapping(address account => uint256) public getDeploymentNonce;
    mapping(address account => uint256) public getMinNonce;

    function setNonces(address account, uint256 deployment, uint256 transaction) external {
        (getDeploymentNonce[account], getMinNonce[account]) = (deployment, transaction);
    }
}

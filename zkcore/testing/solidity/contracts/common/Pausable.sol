// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// The texts and events users know from OpenZeppelin's Pausable; on a devnet anybody may pause.
abstract contract Pausable {
    bool public paused;

    event Paused(address account);
    event Unpaused(address account);

    modifier whenNotPaused() {
        require(!paused, "Pausable: paused");
        _;
    }

    function pause() external whenNotPaused {
        paused = true;
        emit Paused(msg.sender);
    }

    function unpause() external {
        require(paused, "Pausable: not paused");
        paused = false;
        emit Unpaused(msg.sender);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// Where bridged tokens find their code.
contract Beacon {
    address public immutable implementation;

    constructor(address implementation_) {
        implementation = implementation_;
    }
}

/// A bridged token as it stands at its address: it delegates to what the beacon names.
contract BeaconProxy {
    address private immutable _beacon;

    event BeaconUpgraded(address indexed beacon);

    constructor(address beacon, bytes memory) {
        _beacon = beacon;
        emit BeaconUpgraded(beacon);
    }

    fallback() external payable {
        address implementation = Beacon(_beacon).implementation();
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), implementation, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}

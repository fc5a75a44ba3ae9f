"""Addresses and numbers that the protocol fixes. Source: matter-labs/era-contracts, the file named beside each."""

from typing import Final

from zkcore.types import Address, Hash32

# fmt: off
__all__ = [
    "ALIAS_OFFSET", "BATCH_LEAF_PADDING", "BOOTLOADER", "CHAIN_ID_LEAF_PADDING", "CONTRACT_DEPLOYER_ADDRESS",
    "CREATE2_PREFIX", "CREATE_PREFIX", "DEFAULT_LEAF", "DETERMINISTIC_DEPLOYER_ADDRESS", "ERA_PRIORITY_TX_TYPE",
    "INTEROP_ATTRIBUTE_PARSER_ADDRESS", "INTEROP_CENTER_ADDRESS", "L1_MESSENGER_ADDRESS",
    "L2_ASSET_ROUTER_ADDRESS", "L2_BASE_TOKEN_ADDRESS", "L2_NATIVE_TOKEN_VAULT_ADDRESS", "MAX_FACTORY_DEPS",
    "MULTICALL3_ADDRESS", "NONCE_HOLDER_ADDRESS", "REQUIRED_GAS_PER_PUBDATA", "SLOT_BASE_TOKEN_MULTIPLIER",
    "SLOT_FEE_PARAMS", "SLOT_ZKSYNC_OS", "ZERO_ADDRESS", "ZKSYNC_OS_PRIORITY_TX_TYPE",
]
# fmt: on


def _address(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


ZERO_ADDRESS: Final = _address(0)

# System contracts of L2: system-contracts/contracts/Constants.sol, 0x8000 + n
BOOTLOADER: Final = _address(0x8001)  # sends the status logs of L1->L2 transactions
NONCE_HOLDER_ADDRESS: Final = _address(0x8003)
CONTRACT_DEPLOYER_ADDRESS: Final = _address(0x8006)
L1_MESSENGER_ADDRESS: Final = _address(0x8008)  # sends the logs of L2->L1 messages
L2_BASE_TOKEN_ADDRESS: Final = _address(0x800A)

# Built-in contracts of L2: l1-contracts/contracts/common/l2-helpers/L2ContractAddresses.sol, 0x10000 + n
L2_ASSET_ROUTER_ADDRESS: Final = _address(0x10003)
L2_NATIVE_TOKEN_VAULT_ADDRESS: Final = _address(0x10004)
INTEROP_CENTER_ADDRESS: Final = _address(0x1000D)  # since v31
INTEROP_ATTRIBUTE_PARSER_ADDRESS: Final = _address(0x10015)  # where there is one, withdrawals go by bundle

# l1-contracts/contracts/vendor/AddressAliasHelper.sol
ALIAS_OFFSET: Final = 0x1111000000000000000000000000000000001111

# l1-contracts/contracts/common/Config.sol
REQUIRED_GAS_PER_PUBDATA: Final = 800  # REQUIRED_L1_TO_L2_GAS_PER_PUBDATA_LIMIT
MAX_FACTORY_DEPS: Final = 64  # MAX_NEW_FACTORY_DEPS since v26
ERA_PRIORITY_TX_TYPE: Final = 0xFF  # PRIORITY_OPERATION_L2_TX_TYPE
ZKSYNC_OS_PRIORITY_TX_TYPE: Final = 0x7F  # ZKSYNC_OS_PRIORITY_OPERATION_L2_TX_TYPE
# keccak of 88 zero bytes (L2_L1_LOGS_TREE_DEFAULT_LEAF_HASH): a log that is not there
DEFAULT_LEAF: Final = Hash32("0x72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba")

# l1-contracts/contracts/common/libraries/MessageHashing.sol: keccak("zkSync:BatchLeaf"), keccak("zkSync:ChainIdLeaf")
BATCH_LEAF_PADDING: Final = Hash32("0xd82fec4a37cbdc47f1e5cc4ad64deacf34a48e6f7c61fa5b68fd58e543259cf4")
CHAIN_ID_LEAF_PADDING: Final = Hash32("0x39bc69363bb9e26cf14240de4e22569e95cf175cfbcf1ade1a47a253b4bf7f61")

# system-contracts/contracts/Constants.sol: keccak("zksyncCreate"), keccak("zksyncCreate2")
CREATE_PREFIX: Final = Hash32("0x63bae3a9951d38e8a3fbb7b70909afc1200610fc5bc55ade242f815974674f23")
CREATE2_PREFIX: Final = Hash32("0x2020dba91b30cc0006188af794c2fb30dd8520db7e2c088b7fc7c103c00ca494")

# Storage slots of a chain's diamond: l1-contracts/contracts/state-transition/chain-deps/ZKChainStorage.sol
SLOT_FEE_PARAMS: Final = 38
SLOT_BASE_TOKEN_MULTIPLIER: Final = 45
SLOT_ZKSYNC_OS: Final = 60  # lowest byte 1: ZKsync OS; there before the getter getZKsyncOS() is (v31)

# https://github.com/mds1/multicall3: the same address wherever it is deployed
MULTICALL3_ADDRESS: Final = Address("0xca11bde05977b3631167028862be2a173976ca11")

# https://github.com/Arachnid/deterministic-deployment-proxy: the same address wherever it is deployed; on ZKsync OS from genesis
DETERMINISTIC_DEPLOYER_ADDRESS: Final = Address("0x4e59b44847b379578588920ca78fbf26c0b4956c")

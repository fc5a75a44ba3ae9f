"""What is true of any EVM chain: hashes, RLP, the ABI, EIP-191, EIP-712, signatures. Pure."""

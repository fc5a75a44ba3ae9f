"""What ZKsync's contracts and nodes demand: chains, fees, priority requests, assets, proofs, contracts. Pure."""

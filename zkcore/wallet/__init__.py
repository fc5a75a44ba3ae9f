"""The wallets: the drivers of the flows."""

"""zkcore: value and calls between Ethereum and ZKsync chains."""

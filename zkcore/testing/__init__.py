"""What tests need, yours too: a devnet, and what stands in for nodes and devices."""

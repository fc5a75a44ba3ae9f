"""What nodes are asked, and what comes back, typed. No I/O."""

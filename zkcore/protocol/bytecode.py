"""The versioned hash of EraVM bytecode. Made where the 0x71 transaction is, which commits to it."""

from zkcore.transactions._bytecode import versioned_hash

__all__ = ["versioned_hash"]

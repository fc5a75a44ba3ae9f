"""Paymasters: who pays for a 0x71 transaction, and on what terms. Made where that transaction is."""

from zkcore.transactions._paymaster import Paymaster

__all__ = ["Paymaster"]

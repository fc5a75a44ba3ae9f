"""What is in flight, kept where a dead process loses nothing."""

from zkcore.journal.entries import Entry, Store
from zkcore.journal.sqlite import Journal

__all__ = ["Entry", "Journal", "Store"]

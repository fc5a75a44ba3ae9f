"""What is in flight, kept where a dead process loses nothing."""

from zkcore.journal.entries import AGAIN, MOVING, Entry, JournalLike, State
from zkcore.journal.postgres import PostgresJournal
from zkcore.journal.sqlite import Journal

__all__ = ["AGAIN", "MOVING", "Entry", "Journal", "JournalLike", "PostgresJournal", "State"]

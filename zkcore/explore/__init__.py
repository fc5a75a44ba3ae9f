"""Looking at a node without a wallet: a client, and typed methods that nothing on the money path needs.

Nothing that signs or sends imports this room; the import contracts hold it.
"""

from zkcore.explore.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client"]

"""The client's side: connections for asyncio and for threads, and the pump that both have."""

"""Ways to a server, without asyncio and without threads: TCP, TLS, SOCKS, HTTP, WebSocket."""

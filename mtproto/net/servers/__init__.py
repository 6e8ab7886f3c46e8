"""The server's side: a listener with its web server, and a relay."""

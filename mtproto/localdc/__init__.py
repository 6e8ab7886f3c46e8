"""A data centre on loopback."""

"""All attacks; importing this fills the table."""

from tests.hostile.attacks import (
    client_connections,
    client_exchange,
    client_memory,
    client_work,
    dc_connections,
    dc_memory,
    dc_replay,
    dc_work,
)

__all__ = [
    "client_connections",
    "client_exchange",
    "client_memory",
    "client_work",
    "dc_connections",
    "dc_memory",
    "dc_replay",
    "dc_work",
]

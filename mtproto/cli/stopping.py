"""The signals that end a command that serves."""

from __future__ import annotations

import asyncio
import signal

__all__ = ["stop_event"]

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def stop_event() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set from now on; for the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # this loop takes no signals (Windows): asyncio.run turns SIGINT into an interrupt
            break
    return stop

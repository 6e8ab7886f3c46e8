"""The attacks that the library does not withstand yet, each with what is missed.

The harness reports a missed goal of these as known. Whoever mends one takes its line out; from then on it must hold.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NOT_YET"]

NOT_YET: Mapping[str, str] = {
    # Work of a client
    "acks-flood": "calls of a blocking client wait for up to 190 ms",
    "pfs-spoiled-answers": "all else in the process of a blocking client waits for some 80 ms while keys are made",
    # Memory of a client
    "result-fails-at-its-end": "a blocking client takes 82 MiB",
    "update-fails-at-its-end": "a client on an asyncio loop takes 65 MiB",
    "unread-pongs-of-the-client": "all else waits for 60 to 170 ms while nothing that the client says is read",
}
"""From names of attacks to what is missed."""

"""The attacks of the short form, which `.ci/run` makes: a few, whose outcome does not hang on the machine's speed.

A slow or busy machine must not fail them: they are judged by counts, by bounds and by whether calls are settled, they
need little of the processor, and one that misses a goal is run again. An attack that stands in `not_yet.py` proves
nothing here. All the others are for `python -m tests.hostile`, on a machine that is left alone.
"""

from __future__ import annotations

__all__ = ["ATTEMPTS", "IN_CI"]

ATTEMPTS = 3
"""How often an attack is run before a goal that it misses each time counts as missed."""

IN_CI = frozenset(
    {
        # Calls of a client are settled in time
        ("silent-server", "asyncio"),
        ("silent-server", "blocking"),
        ("stalling-fake-tls", "asyncio"),
        # What a server says falsely changes nothing
        ("transport-errors", "asyncio"),
        ("dh-gen-retry", "blocking"),
        ("server-time-negative", "asyncio"),
        ("code-17-for-a-foreign-id", "asyncio"),
        # Bounds of a data centre
        ("replayed-packet-lifts-no-limit", "asyncio"),
        ("half-open", "asyncio"),
        ("unknown-keys", "asyncio"),
    }
)
"""Pairs of an attack's name and the face of the client that is attacked; a data centre has one face, "asyncio"."""

"""The table of mutants: the security checks of the exchange, envelopes, flows, sessions, transports, links, stores."""

from __future__ import annotations

from typing import NamedTuple

from tests.mutants import rows_exchange, rows_files, rows_flows, rows_session, rows_store, rows_transport

__all__ = ["MUTANTS", "Mutant"]


class Mutant(NamedTuple):
    """One change that weakens one check.

    Attributes:
        path: of the file.
        old: text that stands in it exactly once.
        new: what takes its place.
        tests: what pytest is given; separated by blanks.

    """

    path: str
    old: str
    new: str
    tests: str


MUTANTS = tuple(
    Mutant(path, old, new, tests)
    for rows in (
        rows_exchange.ROWS,
        rows_flows.ROWS,
        rows_files.ROWS,
        rows_session.ROWS,
        rows_transport.ROWS,
        rows_store.ROWS,
    )
    for (path, tests), changes in rows.items()
    for old, new in changes
)

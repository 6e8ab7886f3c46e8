"""A process that downloads a file and tells on stdout how far it has come; what to do comes pickled on stdin."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from mtproto import blocking
from mtproto.account import downloads_threads

SYNC = 1 << 20
"""Bytes after which this process makes them durable."""


def main() -> None:
    """Download the file."""
    options, string, location, path = pickle.load(sys.stdin.buffer)
    setattr(downloads_threads, "SYNC_BYTES", SYNC)  # noqa: B010  # a constant to checkers

    def tell(progress: Any) -> None:
        sys.stdout.write(f"{progress.done}\n")
        sys.stdout.flush()

    with blocking.Account(string, **options) as account:
        account.download(location, path, window=SYNC, progress=tell)


if __name__ == "__main__":
    main()

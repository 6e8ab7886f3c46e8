"""A process that downloads a file and tells on stdout how far it has come; what to do comes pickled on stdin.

It goes on after a line on stdin. The last of what comes pickled is a number of bytes: so many are under way at most,
and after so many they are made durable.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

from mtproto import blocking
from mtproto.account import downloads_threads


def main() -> None:
    """Download the file."""
    options, string, location, path, sync = pickle.load(sys.stdin.buffer)
    setattr(downloads_threads, "SYNC_BYTES", sync)  # noqa: B010  # a constant to checkers

    def tell(progress: Any) -> None:
        sys.stdout.write(f"{progress.done}\n")
        sys.stdout.flush()
        sys.stdin.buffer.readline()

    with blocking.Account(string, **options) as account:
        account.download(location, path, window=sync, progress=tell)


if __name__ == "__main__":
    main()

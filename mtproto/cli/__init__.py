"""The command line: a face on the library. It holds no protocol code, and no room below imports it.

`main` is the entry point of `mtproto` and of `python -m mtproto`. Its libraries (click and rich) come with the extra
`cli`; without them `main` says what to install. Importing this package needs neither library.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_LIBRARIES = {"click", "rich"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words behind the program's name; None takes those of `sys.argv`.

    Returns:
        the exit status: 0; 1 if the command failed; 2 if it was called wrongly or the extra `cli` is missing.

    """
    try:
        from mtproto.cli.app import run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _LIBRARIES:
            raise
        print(f'mtproto: {error.name} is missing; install it with: pip install "mtproto-raw[cli]"', file=sys.stderr)
        return 2
    return run(arguments)

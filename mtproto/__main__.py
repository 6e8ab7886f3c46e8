"""`python -m mtproto`: the same as the command `mtproto`."""

from __future__ import annotations

from mtproto.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

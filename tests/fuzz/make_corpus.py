"""Writes the corpus: `python -m tests.fuzz.make_corpus`.

A file is named after what it holds. Each is understood by its target, unless its name begins with `refused`;
`test_corpus.py` says so when a change of the code has made the corpus stale.
"""

from __future__ import annotations

import argparse
import shutil

from tests.fuzz.campaign import HERE
from tests.fuzz.seeds import link, pfs, session_client, session_server, tl, web, wire

__all__ = ["make"]


def make() -> dict[str, dict[str, bytes]]:
    """Return the corpus: target, name of the file, content."""
    made: dict[str, dict[str, bytes]] = {}
    for room in (tl, session_client, session_server, wire, link, pfs, web):
        made.update(room.corpora())
    return made


def main() -> None:
    """Put the corpus in place of the one that is there."""
    argparse.ArgumentParser(
        prog="python -m tests.fuzz.make_corpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="It replaces the folder tests/fuzz/corpus.",
    ).parse_args()
    folder = HERE / "corpus"
    shutil.rmtree(folder, ignore_errors=True)
    for target, seeds in make().items():
        (folder / target).mkdir(parents=True)
        for name, data in seeds.items():
            (folder / target / name).write_bytes(data)


if __name__ == "__main__":
    main()

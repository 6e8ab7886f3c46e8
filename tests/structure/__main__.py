"""Say what breaks a rule of the house. Without options nothing is written; exit status 1 if something breaks one.

The rules: no circles of imports in a room, no imports past a room's `__init__`, no attribute written by another object,
no class with state as a base, no two classes of one name, public names as in tests/structure/public_names.txt.
"""

from __future__ import annotations

import argparse
import sys

from tests.structure.house import House
from tests.structure.not_yet import HERE, found_in, listed, write
from tests.structure.public import describe


def main() -> int:
    """Return 1 if something breaks a rule and is not listed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.structure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="python -m tests.structure.faces writes the blocking faces again.",
    )
    parser.add_argument("--tidy", action="store_true", help="take out of not_yet/ what holds by now")
    parser.add_argument("--accept", action="store_true", help="the same, and add what does not hold (never in the end)")
    parser.add_argument("--names", action="store_true", help="write tests/structure/public_names.txt again")
    options = parser.parse_args()
    house = House()
    findings = found_in(house)
    known = listed()
    new = [finding for finding in findings if str(finding) not in known]
    if options.names:
        (HERE / "public_names.txt").write_text("\n".join(describe(house)) + "\n", "utf-8")
    if options.accept:
        write(findings)
    elif options.tidy:
        write(finding for finding in findings if str(finding) in known)
    sys.stdout.write("".join(f"{finding}\n" for finding in new))
    return int(bool(new) and not options.accept)


if __name__ == "__main__":
    sys.exit(main())

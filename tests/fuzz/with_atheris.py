"""The same targets under libFuzzer, guided by the coverage of `mtproto` and `tl`.

    pip install atheris          in an environment of its own: it is no dependency of the project
    python -m tests.fuzz.with_atheris NAME [options of libFuzzer, such as -runs=100000 or -max_total_time=600]

New inputs are kept in `findings/corpus-NAME/`, crashes in `findings/NAME/`, where `python -m tests.fuzz --replay`
takes them. What `tl` compiles at run time is not instrumented; its exact walk, `tl.dissect`, is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

__all__ = ["main"]

_HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run the target that the command line names, until libFuzzer ends the process."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["mtproto", "tl"]):
        from tests.fuzz.target import judge
        from tests.fuzz.targets import TARGETS
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.with_atheris TARGET [OPTION…]; targets: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv[1]]
    kept, crashes = _HERE / "findings" / f"corpus-{target.name}", _HERE / "findings" / target.name
    for folder in (kept, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-artifact_prefix={crashes}/", f"-max_len={target.longest}", "-timeout=20", *sys.argv[2:]]
    seeds = _HERE / "corpus" / target.name

    def run(data: bytes) -> None:
        judge(target, data)

    atheris.Setup([sys.argv[0], *options, str(kept), str(seeds)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

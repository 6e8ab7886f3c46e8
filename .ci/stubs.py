"""Write the stubs of the packaged schemas into the source tree: `tl/_api`, `tl/_service`.

`make stubs` runs this file; hatchling loads it when it builds a wheel or an editable install. The stubs are made of
`tl/schemas/*.tl` and are not kept in git.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

PACKAGES = {"api": "_api", "mtproto": "_service"}
"""The package of stubs, by the name of the schema."""

CALLED = {"api"}
"""The schemas whose methods are called in one line: `client.api.photos.getUserPhotos(...)`."""

LEAN = {"__init__.pyi": '"""Stubs, which the modules of tl import one by one."""\n'}
BASES = "from tl import ", "from tl.objects import "
"""`tl` imports the stubs. An `__init__` that imported them, too, and stubs that imported `tl`, would make one circle of
them all, which checkers go through several times."""


def write(root: Path) -> None:
    """Write the stubs of a source tree, with the `tl` of that tree. Files that are right already stay as they are."""
    sys.path.insert(0, str(root))
    try:
        from tl.packaged import packaged
        from tl.stubs import method_stub_files, stub_files
    finally:
        sys.path.remove(str(root))
    for name, package in PACKAGES.items():
        folder = root / "tl" / package
        schema = packaged(name)
        texts = stub_files(schema) | (method_stub_files(schema) if name in CALLED else {}) | LEAN
        files = {folder / path: text.replace(*BASES).encode() for path, text in texts.items()}
        for old in {*folder.rglob("*.pyi")} - {*files}:
            old.unlink()
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)


if __name__ == "__main__":
    write(Path(__file__).resolve().parent.parent)
else:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class StubsHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling is there when it builds, not in .venv
        """Lets each wheel, and each editable install, have the stubs."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Write the stubs before hatchling collects the files."""
            write(Path(self.root))

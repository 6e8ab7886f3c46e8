"""What importing the room costs: nothing that a program without network would not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"asyncio", "socket", "ssl", "select", "threading", "cryptography", "dataclasses", "inspect", "json", "logging",
         "importlib", "importlib.resources", "pathlib", "random", "re", "secrets", "tempfile", "typing"}  # fmt: skip

PROGRAM = """
import sys
from tl import api
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
assert request.to_bytes().hex().startswith("a832cd91")
print(*sorted(sys.modules))
"""


def modules(program: str) -> set[str]:
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "program", [PROGRAM, "import sys, tl.service\nprint(*sys.modules)", "import sys, tl.api\nprint(*sys.modules)"]
)
def test_nothing_heavy_is_loaded(program: str) -> None:
    bare = modules("import sys\nprint(*sys.modules)")
    assert not (modules(program) - bare) & HEAVY


def test_the_package_alone_loads_no_schema() -> None:
    assert not {name for name in modules("import sys, tl\nprint(*sys.modules)") if name.startswith("tl.")}


def test_the_package_names_what_it_has() -> None:
    import tl

    assert {name for name in tl.__all__ if getattr(tl, name) is None} == set()
    assert set(tl.__all__) <= set(dir(tl))
    unknown = "nothing"
    with pytest.raises(AttributeError):
        getattr(tl, unknown)

"""Each rule is seen red: a small house breaks it in every way that the rule knows, and keeps it next door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.structure.house import House
from tests.structure.public import describe
from tests.structure.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path


def build(root: Path, files: dict[str, str]) -> House:
    """Build a house of the given files; the packages around them are made as well."""
    for path, text in {"tl/__init__.py": "", **files}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        (folder / "__init__.py").touch()
    return House(root)


def texts(house: House, rule: str) -> list[tuple[str, str]]:
    """Return the module and the text of each finding."""
    return sorted((finding.module, finding.text) for finding in RULES[rule](house))


@pytest.mark.parametrize(
    "imported",
    [
        "from mtproto.a.two import Two",
        "import mtproto.a.two",
        "from mtproto.a import two",
        "from . import two",
        "from .two import Two",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mtproto.a.two import Two",
        "def late():\n    from mtproto.a.two import Two",
    ],
)
def test_a_circle_is_found_however_it_is_closed(tmp_path: Path, imported: str) -> None:
    three = "from mtproto.a.one import One"
    files = {"mtproto/a/one.py": imported, "mtproto/a/two.py": "import mtproto.a.three", "mtproto/a/three.py": three}
    found = texts(build(tmp_path, files), "circle")
    assert [module for module, _ in found] == ["mtproto.a.one", "mtproto.a.three", "mtproto.a.two"]


def test_imports_that_meet_again_further_down_are_no_circle(tmp_path: Path) -> None:
    files = {
        "mtproto/a/one.py": "from mtproto.a import two\nfrom mtproto.a import three",
        "mtproto/a/two.py": "from mtproto.a.three import Three",
        "mtproto/a/three.py": "import os",
    }
    assert texts(build(tmp_path, files), "circle") == []


@pytest.mark.parametrize(
    ("importer", "imported", "said"),
    [
        ("mtproto/b/one.py", "from mtproto.a._inner import Thing", "mtproto.a._inner is inside mtproto.a: Thing"),
        ("mtproto/b/one.py", "from mtproto.a.plain import Thing", "mtproto.a.plain is inside mtproto.a: Thing"),
        ("mtproto/b/one.py", "import mtproto.a.plain", "mtproto.a.plain is inside mtproto.a: None"),
        ("mtproto/b/one.py", "from mtproto.a import plain", "mtproto.a does not list plain"),
        ("mtproto/b/one.py", "from mtproto.a import Other", "mtproto.a does not list Other"),
        ("mtproto/b/one.py", "from mtproto.a.deep.plain import X", "mtproto.a.deep.plain is inside mtproto.a: X"),
        ("mtproto/a/one.py", "from mtproto.a.deep.plain import X", "mtproto.a.deep.plain is inside mtproto.a.deep: X"),
        ("mtproto/b/one.py", "from tl._data import X", "tl._data is inside tl: X"),
    ],
)
def test_an_import_past_the_door_is_found(tmp_path: Path, importer: str, imported: str, said: str) -> None:
    files = {
        "mtproto/a/__init__.py": "from mtproto.a.plain import Thing, Other\n__all__ = ['Thing']",
        "mtproto/a/plain.py": "class Thing: ...\nclass Other: ...",
        "mtproto/a/deep/plain.py": "X = 1",
        "tl/_data.py": "X = 1",
        importer: imported,
    }
    module = importer.removesuffix(".py").replace("/", ".")
    assert texts(build(tmp_path, files), "past the door") == [(module, said)]


def test_an_import_through_the_door_and_one_inside_a_room_are_fine(tmp_path: Path) -> None:
    files = {
        "mtproto/a/__init__.py": "from mtproto.a._inner import Thing\n__all__ = ['Thing']",
        "mtproto/a/_inner.py": "class Thing: ...",
        "mtproto/a/deep/one.py": "from mtproto.a._inner import Thing",
        "mtproto/b/one.py": "from mtproto.a import Thing\nfrom tl import api\nfrom tl.api import decode\nimport os",
        "tl/api.py": "def decode(): ...",
    }
    assert texts(build(tmp_path, files), "past the door") == []


STATES = {
    "an attribute": "class Base:\n    def __init__(self): self.x = 1",
    "an attribute that comes late": "class Base:\n    def later(self): self.x = 1",
    "a field": "class Base:\n    x: int = 1",
    "slots": "class Base:\n    __slots__ = ('x',)",
    "a base with state": "class Root:\n    x: int\nclass Base(Root[int]): ...",
}
NO_STATES = {
    "methods": "class Base:\n    __slots__ = ()\n    def act(self): return 1",
    "a constant": "from typing import ClassVar\nclass Base:\n    size: ClassVar[int] = 1",
    "a protocol": "from typing import Protocol\nclass Base(Protocol):\n    x: int",
    "an exception": "class Base(ValueError):\n    def __init__(self): self.x = 1",
    "an exception of ours": "class Root(Exception): ...\nclass Base(Root):\n    def __init__(self): self.x = 1",
    "a typed dict": "from typing import TypedDict\nclass Base(TypedDict):\n    x: int",
}


@pytest.mark.parametrize("written", ["Base", "Base[int]", "base.Base"])
@pytest.mark.parametrize("base", STATES.values(), ids=STATES)
def test_a_base_with_state_is_found(tmp_path: Path, base: str, written: str) -> None:
    imported = "from mtproto.a import base" if "." in written else "from mtproto.a.base import Base"
    files = {"mtproto/a/base.py": base, "mtproto/b/one.py": f"{imported}\nclass One({written}): ..."}
    found = [item for item in texts(build(tmp_path, files), "inherits state") if item[0] == "mtproto.b.one"]
    assert found == [("mtproto.b.one", f"One from {written} of mtproto.a.base")]


@pytest.mark.parametrize("base", NO_STATES.values(), ids=NO_STATES)
def test_a_base_without_state_is_fine(tmp_path: Path, base: str) -> None:
    files = {"mtproto/a/__init__.py": "from mtproto.a.base import Base", "mtproto/a/base.py": base}
    files["mtproto/b/one.py"] = "from mtproto.a import Base\nclass One(Base): ..."
    assert texts(build(tmp_path, files), "inherits state") == []


OWNER = """
class Owner:
    queue: list[int]
    def __init__(self, kept: dict[str, int]):
        self.state = 1
        self.kept = kept
        self.part = Owner({})
"""
FOREIGN = {
    "other.state = 2": "other.state",
    "other.state += 2": "other.state",
    "other.state: int = 2": "other.state",
    "del other.state": "other.state",
    "self.part.state = 2": "self.part.state",
    "for other.state in (1, 2): pass": "other.state",
    "a, other.state = 1, 2": "other.state",
    "other.kept['a'] = 1": "other.kept[]",
    "del other.kept['a']": "other.kept[]",
    "other.queue.append(1)": "other.queue.append",
    "self.part.queue.append(1)": "self.part.queue.append",
    "self.kept['a'].queue.append(1)": "self.kept['a'].queue.append",
    "other.kept['a'].append(1)": "other.kept['a'].append",
    "queue = other.queue; queue.append(1)": "queue.append",
    "put = other.queue.append; put(1)": "other.queue.append",
    "if queue := other.queue: queue.clear()": "queue.clear",
    "heapq.heappush(other.queue, 1)": "heapq.heappush(other.queue)",
    "setattr(other, name, 1)": "setattr(other)",
    "object.__setattr__(other, name, 1)": "object.__setattr__(other)",
    "def inner(): other.state = 2": "other.state",
}
OWN = [
    "self.state = 2",
    "self.kept['a'] = 1",
    "self.kept['a'].append(1)",
    "queue = self.queue; queue.append(1)",
    "object.__setattr__(self, name, 1)",
    "made = Owner({}); made.state = 2",
    "made = Owner.__new__(Owner); made.queue.append(1)",
    "queue = []; queue.append(other.state)",
    "context.check_hostname = False",  # no class of the house has an attribute of that name
    "other.headers.append(1)",  # the same
    "other.part.append(1)",  # `part` is an object of ours, which has a method of that name
    "def inner(): self.state = 2",
]


@pytest.mark.parametrize(("statement", "said"), FOREIGN.items(), ids=FOREIGN)
def test_a_write_to_another_objects_state_is_found(tmp_path: Path, statement: str, said: str) -> None:
    method = f"    def act(self, other, name):\n        {statement}\n"
    function = f"def act(self, other, name):\n    {statement}\n"
    house = build(tmp_path, {"mtproto/a.py": OWNER + method, "mtproto/b.py": function})
    assert texts(house, "foreign write") == [("mtproto.a", f"Owner.act: {said}"), ("mtproto.b", f"act: {said}")]


@pytest.mark.parametrize("statement", OWN)
def test_a_write_to_an_objects_own_state_is_fine(tmp_path: Path, statement: str) -> None:
    method = f"    def act(self, other, name, context):\n        {statement}\n"
    assert texts(build(tmp_path, {"mtproto/a.py": OWNER + method}), "foreign write") == []


def test_a_function_that_calls_its_argument_self_owns_nothing(tmp_path: Path) -> None:
    house = build(tmp_path, {"mtproto/a.py": OWNER + "def act(self):\n    self.state = 2\n"})
    assert texts(house, "foreign write") == [("mtproto.a", "act: self.state")]


def test_a_decorator_may_complete_the_class_that_it_decorates_and_no_other_function_may(tmp_path: Path) -> None:
    decorator = "def complete(kind: type[T]) -> type[T]:\n    setattr(kind, 'state', 2)\n    return kind\n"
    spoiler = "def spoil(kind: type[T]) -> None:\n    setattr(kind, 'state', 2)\n"
    house = build(tmp_path, {"mtproto/a.py": OWNER + decorator + spoiler})
    assert texts(house, "foreign write") == [("mtproto.a", "spoil: setattr(kind)")]


def test_an_import_from_the_package_of_all_rooms_is_found(tmp_path: Path) -> None:
    files = dict.fromkeys(("mtproto/rooms/one.py", "mtproto/cli/one.py"), "from mtproto import rooms\n")
    assert texts(build(tmp_path, files), "from the top") == [("mtproto.rooms.one", "imports rooms from mtproto")]


def test_two_classes_of_one_name_are_found(tmp_path: Path) -> None:
    files = {"mtproto/a/one.py": "class Same: ...", "tl/two.py": "class Around:\n    class Same: ...\nclass Else: ..."}
    assert texts(build(tmp_path, files), "class name") == [
        ("mtproto.a.one", "Same is the name of another class, too"),
        ("tl.two", "Around.Same is the name of another class, too"),
    ]


PUBLIC = """
from dataclasses import dataclass
__all__ = ["Thing", "Value", "act", "SIZE"]
SIZE = 4
async def act(data: bytes, *, now: float = 0.0) -> int: ...
@dataclass
class Value:
    size: int
    name: str = "a"
class Base:
    def close(self) -> None: ...
class Thing(Base):
    def __init__(self, size: int) -> None:
        self.size, self._hidden = size, 1
    @property
    def left(self) -> int: ...
    def send(self, body: bytes) -> Value: ...
    def _seal(self) -> None: ...
"""
DESCRIBED = [
    "mtproto.Thing is mtproto.a.Thing",
    "mtproto.a.SIZE = int",
    "class mtproto.a.Thing(Base)",
    "    __init__(size: int)",
    "    close() -> None",
    "    left: int",
    "    send(body: bytes) -> Value",
    "    size",
    "class mtproto.a.Value",
    "    size: int",
    "    name: str = 'a'",
    "mtproto.a.act async (data: bytes, *, now: float=0.0) -> int",
]


def test_public_names_are_described_with_their_signatures(tmp_path: Path) -> None:
    door = "from mtproto.a import Thing\n__all__ = ['Thing']"
    assert describe(build(tmp_path, {"mtproto/__init__.py": door, "mtproto/a/__init__.py": PUBLIC})) == DESCRIBED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: int)", "size: int, name: str)"),
        ("    def send(self, body: bytes)", "    def send(self, body: bytes, /)"),
        ("-> Value: ...", "-> int: ..."),
        ('name: str = "a"', 'name: str = "b"'),
        ("    def close", "    def shut"),
        ("now: float = 0.0", "now: float"),
        ('"act", ', ""),
        ("async def", "def"),
        ("SIZE = 4", "SIZE = 4.0"),
    ],
)
def test_a_change_of_a_public_name_or_signature_is_seen(tmp_path: Path, old: str, new: str) -> None:
    assert PUBLIC.count(old) == 1
    assert describe(build(tmp_path, {"mtproto/a/__init__.py": PUBLIC.replace(old, new)})) != DESCRIBED[1:]
    assert describe(build(tmp_path, {"mtproto/a/__init__.py": PUBLIC})) == DESCRIBED[1:]

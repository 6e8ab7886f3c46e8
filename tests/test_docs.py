"""What the documents say of the repository is so: files, names, commands, links, and the picture of the floors."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    *("README.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("docs/architecture.md", "docs/language.md", "docs/sessions.md"),
)

# `mtproto/limits.py`, `tests/fuzz`, `examples/`, `tl/schemas/*.tl`; what stands behind `::` is no part of the file.
PATH = re.compile(r"`((?:mtproto|tl|tests|docs|examples|benchmarks|\.ci)/[\w./*-]*)")
# `mtproto/limits.py` (`Limits`, `DEFAULT_LIMITS`): these names stand in that file.
NAMES = re.compile(r"`((?:mtproto|tl|tests|examples)/[\w./-]+\.(?:py|tl))` \((`[^)]*`)\)")
NAME = re.compile(r"`([\w.]+)`")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)")
MODULE = re.compile(r"python -m ((?:tests|benchmarks)[\w.]*)")
TARGET = re.compile(r"(?:`|\$ | {4})make ([a-z][a-z -]*[a-z])")
FLOOR = re.compile(r"^ {4}(?:(\d+) |  ) *(.*)$", re.MULTILINE)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def missing_paths(text: str) -> list[str]:
    return [path for path in PATH.findall(text) if not list(ROOT.glob(path.rstrip("/.")))]


def missing_names(text: str) -> list[str]:
    """Return the names that a document says are in a file, and are not."""
    found = []
    for path, names in NAMES.findall(text):
        file = ROOT / path
        source = file.read_text(encoding="utf-8") if file.is_file() else ""
        for name in NAME.findall(names):
            word = name.rpartition(".")[2]
            if not re.search(rf"\b{re.escape(word)}\b", source):
                found.append(f"{path}: {name}")
    return found


def dead_links(document: str) -> list[str]:
    dead = []
    for path, anchor in LINK.findall(text_of(document)):
        if path.startswith(("http:", "https:")):
            continue
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            dead.append(f"{path}#{anchor}")
    return dead


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def floors_shown(text: str) -> list[tuple[int, set[str]]]:
    """Return the floors of the first picture in a document, from the top: number, and the rooms of ours on it."""
    shown: list[tuple[int, set[str]]] = []
    picture = text.split("The floors", 1)[1].split("\n    ", 1)[1].split("\n\n", 1)[0]
    for number, rest in FLOOR.findall("    " + picture):
        rooms = set(re.findall(r"(?<![\w/])(mtproto/\w+|tl)(?=[/., ]|$)", rest))
        if number:
            shown.append((int(number), rooms))
        else:
            shown[-1][1].update(rooms)
    return shown


def floors_enforced() -> list[set[str]]:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("A room imports"))
    floors = [set(re.findall(r"[\w.]+", layer)) for layer in layers]
    public = [{name.replace(".", "/") for name in floor if "._" not in name} for floor in floors]
    return [floor for floor in public if floor]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_is_there(document: str) -> None:
    assert missing_paths(text_of(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_name_stands_in_the_file_that_it_is_said_to_stand_in(document: str) -> None:
    assert missing_names(text_of(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    assert dead_links(document) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_the_repository_is_there(document: str) -> None:
    text = text_of(document)
    assert [name for name in MODULE.findall(text) if importlib.util.find_spec(name.rstrip(".")) is None] == []
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), flags=re.MULTILINE))
    assert {word for words in TARGET.findall(text) for word in words.split()} - targets == set()


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md"])
def test_the_picture_of_the_floors_is_the_contract_that_the_linter_enforces(document: str) -> None:
    shown = floors_shown(text_of(document))
    assert [rooms for _, rooms in shown] == floors_enforced()
    assert [number for number, _ in shown] == list(range(len(shown) - 1, -1, -1))


def test_the_architecture_names_every_room() -> None:
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("mtproto/*/__init__.py")}
    text = text_of("docs/architecture.md")
    assert {room for room in rooms if f"`{room}/" not in text} == set()


def test_what_is_gone_or_misnamed_would_be_noticed() -> None:
    text = "`mtproto/nowhere.py` and `mtproto/limits.py` (`Limits`, `Limits.nothing_such`), `tests/test_docs.py::x`"
    assert missing_paths(text) == ["mtproto/nowhere.py"]
    assert missing_names(text) == ["mtproto/limits.py: Limits.nothing_such"]
    floors = "The floors\n\n    1  mtproto/errors\n       mtproto/limits\n    0  tl  the language\n\nmore mtproto/net"
    assert floors_shown(floors) == [(1, {"mtproto/errors", "mtproto/limits"}), (0, {"tl"})]

"""SECURITY.md keeps up with the code: its tests are there, its bounds are those of the code, and none is missing."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from mtproto.limits import Limits

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "s": 1}

BOUND = re.compile(
    "KEPT|AT_MOST|QUEUED|REMEMBERED|MEMORY|LIFETIME|_AGE$|TIME$|TIMEOUT$|CONNECTIONS|VISITORS|BURST|OUTPUT|PIPELINED|"
    "REFUSALS|TRIES|REPEATS|RESTARTS|ATTEMPTS|SESSIONS|^_?(LIMIT|LONGEST|DEEPEST|NESTING|INFLATED)"
)
"""Names of constants that bound a store, a queue, a count or a time."""

NO_BOUND_OF_PEERS = {
    "mtproto.cli.demo._TIMEOUT": "of a command that talks to itself",
    "mtproto.cli.session_source._AT_MOST": "of what the user gives; the strings themselves have bounds",
    "mtproto.message.key_state._NOT_KEPT": "no number of anything",
    "mtproto.flows.sign_up.LONGEST_NAME": "of a name that the user writes",
    "mtproto.localdc.faults.files.LONGEST_STALL": "of a number that a program orders",
    "mtproto.localdc.auth_keys.TIMES_KEPT": "how often the use of a key is noted",
    "mtproto.message.message_ids.MAX_TIME": "what an id can hold",
    "mtproto.transport.address._LONGEST_HOST": "of an address that the user writes",
    "mtproto.transport.padded._LONGEST_CONTROL": "of the framing itself",
    "mtproto.transport.padded._LONGEST_PADDING": "of the framing itself",
    "mtproto.transport.padded._LONGEST_SERVER_PADDING": "of what is sent",
    "mtproto.transport.tls_records.LONGEST_PLAINTEXT": "of what is sent",
    "tl.nearest_name.LONGEST": "of a name that the user writes",
    "tl.codegen.source.LONGEST_GUESS": "of a step of reading, which changes no outcome",
    "tl.grammar._LONGEST_BIT": "of the grammar itself",
    "tl.index._LONGEST_LAYER": "of the grammar itself",
    "tl.layer_loader._LONGEST": "of a number that has to be one of the packed layers",
}
"""Constants of such names that bound nothing a peer could stretch, and why."""


class Row(NamedTuple):
    """One line of the table of bounds."""

    name: str
    value: str
    outcome: str
    tests: list[str]


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows() -> list[Row]:
    """Return the lines of the tables that name a constant."""
    found = []
    for line in section("Bounds").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            name, value, outcome, tests = cells
            found.append(Row(name.strip("`"), value, outcome, named_tests(tests)))
    return found


def named_tests(text: str) -> list[str]:
    return re.findall(r"`(tests/[\w/.:]+)`", text)


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def value_of(name: str) -> float:
    """Return the value of a constant: in `mtproto` unless it begins with `tl`, in a class where one is named."""
    place, attribute = name.rsplit(".", 1)
    if place == "Limits":
        return float(getattr(Limits(), attribute))
    if place == "SERVER_LIMITS":
        return float(getattr(import_module("mtproto.limits").SERVER_LIMITS, attribute))
    *modules, last = place.split(".")
    package = [] if modules and modules[0] == "tl" else ["mtproto"]
    if last.lstrip("_")[0].isupper():
        return float(getattr(getattr(import_module(".".join([*package, *modules])), last), attribute))
    return float(getattr(import_module(".".join([*package, *modules, last])), attribute))


def is_there(test: str) -> bool:
    path, _, function = test.partition("::")
    return (ROOT / path).exists() and (not function or function in functions_of(path))


def test_every_test_that_is_named_is_there() -> None:
    assert [test for test in named_tests(TEXT) if not is_there(test)] == []


def test_every_promise_names_the_tests_that_hold_it() -> None:
    promises = (
        section("Threat model").split("**What the library promises.**")[1].split("**What it does not promise.**")[0]
    )
    bullets = re.split(r"^- ", promises, flags=re.MULTILINE)[1:]
    assert len(bullets) > 5
    assert [bullet for bullet in bullets if not named_tests(bullet)] == []


def number_in(text: str) -> float:
    """Return a number of the table, which may have commas and a unit."""
    found = re.fullmatch(r"([\d,.]+) ?(\w*)", text)
    assert found is not None, text
    return float(found[1].replace(",", "")) * UNITS[found[2]]


def test_bounds_are_those_of_the_code_and_name_their_outcome_and_a_test() -> None:
    assert len(rows()) > 100
    assert [row.name for row in rows() if number_in(row.value) != value_of(row.name)] == []
    assert [row.name for row in rows() if not (row.outcome and row.tests)] == []


def constants() -> set[str]:
    """Return the names of all constants of the packages that are numbers and are called like bounds."""
    found = set()
    for package in ("mtproto", "tl"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    name = node.targets[0].id
                    if name.isupper() and BOUND.search(name) and is_number(node.value):
                        found.add(f"{module}.{name}")
    return found


def is_number(node: ast.expr) -> bool:
    parts = list(ast.walk(node))
    allowed = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    return all(isinstance(part, allowed) for part in parts) and not any(
        isinstance(part, ast.Constant) and not isinstance(part.value, int | float) for part in parts
    )


def test_no_bound_is_missing() -> None:
    known = {row.name if row.name.startswith("tl.") else f"mtproto.{row.name}" for row in rows()}
    assert constants() - known - NO_BOUND_OF_PEERS.keys() == set()
    assert {f"mtproto.Limits.{field.name}" for field in fields(Limits)} - known == set()

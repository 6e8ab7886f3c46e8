"""The rules of the house. Each rule is a function from the house to findings, one line of text each."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tests.structure.ownership import foreign_writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.structure.house import Class, House

DOORS = ("tl.api", "tl.service", "tl.wire", "mtproto.client.blocking", "mtproto.account.blocking")
"""Modules that are public beside the `__init__` of their room: those of which the docstring of `tl` says what each is
for, and the blocking faces, which `mtproto.blocking` brings together."""

STUBS = ("tl._api.awaited", "tl._api.blocking")
"""Stubs of the one-line calls: checkers read them where a module names them, and not with all of `tl.api`."""

SHARED_NAMES = {
    "Client": {"mtproto.client.client", "mtproto.client.blocking"},  # the two faces of one client
    "Account": {"mtproto.account.account", "mtproto.account.blocking"},  # and of one account, with its parts
    "AccountCalls": {"mtproto.account.calls", "mtproto.account.calls_threads"},
    "IncomingUpdates": {"mtproto.account.incoming", "mtproto.account.incoming_threads"},
    "Lanes": {"mtproto.account.lanes", "mtproto.account.lanes_threads"},
    "FlowHands": {"mtproto.account.running", "mtproto.account.running_threads"},
    "Peers": {"mtproto.account.peers", "mtproto.account.peers_threads"},
    "UserPhotos": {"mtproto.account.peers", "mtproto.account.peers_threads"},
    "CdnLanes": {"mtproto.account.cdn_lanes", "mtproto.account.cdn_lanes_threads"},
    "Downloads": {"mtproto.account.downloads", "mtproto.account.downloads_threads"},
    "Transfer": {"mtproto.account.downloads", "mtproto.account.downloads_threads"},
    "TransferHands": {"mtproto.account.transfer_calls", "mtproto.account.transfer_calls_threads"},
    "TransferCalls": {"mtproto.account.transfer_calls", "mtproto.account.transfer_calls_threads"},
    "TransferReport": {"mtproto.account.transfers", "mtproto.account.transfers_threads"},
    "Transfers": {"mtproto.account.transfers", "mtproto.account.transfers_threads"},
    "AccountUploads": {"mtproto.account.uploads", "mtproto.account.uploads_threads"},
    "UploadRun": {"mtproto.account.upload_run", "mtproto.account.upload_run_threads"},
    "Lifetime": {"mtproto.account.lifetime", "mtproto.account.lifetime_threads"},
    "DownloadRun": {"mtproto.account.download_run", "mtproto.account.download_run_threads"},
    "Started": {"mtproto.account.running", "mtproto.account.running_threads"},
}
"""Class names that mean one thing and stand in more than one module."""

HOLD_NO_STATE = {
    "tl.objects.TLObject": "the base of every class that is made of a declaration: its fields are the declaration's",
    "tl.objects.TLFunction": "the same for methods; it adds the type of the result",
}
"""Bases of the house that may be inherited from although the syntax tree shows attributes, each with its reason."""


class Finding(NamedTuple):
    """One place where a rule does not hold."""

    rule: str
    module: str
    text: str

    @property
    def room(self) -> str:
        """The room whose owner mends it: the second part of a dotted name of `mtproto`, else the package."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == "mtproto" and len(parts) > 1 else parts[0]

    def __str__(self) -> str:
        """The line of `not_yet/`."""
        return f"{self.rule} | {self.module} | {self.text}"


def circles(house: House) -> Iterator[Finding]:
    """No module imports itself through others; imports for type checkers and inside functions count, too."""
    edges: dict[str, set[str]] = defaultdict(set)
    for module in house.modules.values():
        for found in module.imports:
            target = house.target(found)
            if target is not None and target != module.name:
                edges[module.name].add(target)
    for circle in _components(edges):
        for name in circle:
            others = sorted(edges[name] & set(circle))
            yield Finding("circle", name, "imports " + ", ".join(others))


def _components(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of more than one module (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(edges.get(name, ())):
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            component = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(component) > 1:
                components.append(sorted(component))

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return components


def past_the_door(house: House) -> Iterator[Finding]:
    """A module imports from another room what the `__init__` of that room lists in `__all__`, and nothing else."""
    for module in house.modules.values():
        for found in module.imports:
            room = _foreign_room(house, module.name, found.module)
            if room is None:
                continue
            if found.module == room:
                kept_in = found.name is not None and found.name not in house.modules[room].exported
                door = f"{room}.{found.name}" in DOORS
                if kept_in and not door:
                    yield Finding("past the door", module.name, f"{room} does not list {found.name}")
            elif found.module not in (*DOORS, *STUBS):
                yield Finding("past the door", module.name, f"{found.module} is inside {room}: {found.name}")


def _foreign_room(house: House, importer: str, target: str) -> str | None:
    """The outermost package on the way to `target` that the importer is not inside of."""
    parts = target.split(".")
    for count in range(1, len(parts) + 1):
        package = ".".join(parts[:count])
        if package not in house.modules or not house.modules[package].package:
            return None
        if importer != package and not importer.startswith(package + "."):
            return package
    return None


def stateful_bases(house: House) -> Iterator[Finding]:
    """A class of ours inherits from one of ours only where that base holds no state (protocols, exceptions)."""
    for found in house.classes.values():
        for written, base in house.bases(found):
            if base is not None and base.path not in HOLD_NO_STATE and _holds_state(house, base):
                yield Finding("inherits state", found.module, f"{found.name} from {written} of {base.module}")


def _holds_state(house: House, found: Class) -> bool:
    """Whether a class or one of its bases has attributes that its own methods or its fields make."""
    kin = list(house.bases(found))
    written = {name.partition("[")[0].rpartition(".")[2] for name, _ in kin}
    if written & {"Protocol", "TypedDict"} or _is_exception(house, found) or _is_shape(house, found):
        return False
    return _own_state(found) or any(base is not None and _holds_state(house, base) for _, base in kin)


def _is_exception(house: House, found: Class) -> bool:
    for written, base in house.bases(found):
        if base is None and written.endswith(("Exception", "Error", "Warning")):
            return True
        if base is not None and _is_exception(house, base):
            return True
    return False


def _is_shape(house: House, found: Class) -> bool:
    """Whether a class is a `TypedDict`, through whichever bases: its annotations are keys."""
    return any(
        written == "TypedDict" or (base is not None and _is_shape(house, base)) for written, base in house.bases(found)
    )


def _own_state(found: Class) -> bool:
    for node in found.node.body:
        if isinstance(node, ast.AnnAssign) and not ast.unparse(node.annotation).startswith(("ClassVar", "Final")):
            return True
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__":
            return bool(ast.unparse(node.value) not in ("()", "[]"))
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        for node in ast.walk(found.node)
    )


def shared_names(house: House) -> Iterator[Finding]:
    """No two classes have one name."""
    homes: dict[str, list[Class]] = defaultdict(list)
    for found in house.classes.values():
        homes[found.node.name].append(found)
    for name, classes in homes.items():
        if len(classes) > 1 and {found.module for found in classes} != SHARED_NAMES.get(name):
            for found in classes:
                yield Finding("class name", found.module, f"{found.name} is the name of another class, too")


def from_the_top(house: House) -> Iterator[Finding]:
    """Only the commands import from `mtproto` itself, which imports every room.

    A type checker reads the `__init__` of a package for `from package import module`, too: one such line makes a circle
    of all rooms, which checkers go through again and again.
    """
    for module in house.modules.values():
        if module.name != "mtproto" and not module.name.startswith("mtproto.cli."):
            for found in module.imports:
                if found.module == "mtproto":
                    yield Finding("from the top", module.name, f"imports {found.name} from mtproto")


RULES: dict[str, Callable[[House], Iterator[Finding]]] = {
    "circle": circles,
    "past the door": past_the_door,
    "inherits state": stateful_bases,
    "foreign write": lambda house: (Finding("foreign write", *found) for found in foreign_writes(house)),
    "class name": shared_names,
    "from the top": from_the_top,
}

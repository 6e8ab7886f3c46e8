"""The typed fields of service messages are those of the schema, and each handler takes the message that it says."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, get_args, get_type_hints

import pytest

from mtproto.session import client_handlers, client_message_handlers, constructors, declared, server_handlers
from tl import service
from tl.declaration import Declaration

TYPES = {"int": int, "long": int, "bytes": bytes, "string": str, "Vector<long>": list[int]}

PROTOCOLS = [
    value for value in vars(declared).values() if inspect.isclass(value) and value.__module__ == declared.__name__
]

TABLES = {
    "client": (client_handlers.HANDLERS, (client_handlers, client_message_handlers)),
    "server": (server_handlers.HANDLERS, (server_handlers,)),
}
"""The handlers of each half, by constructor id, and the modules in which these stand."""

of_each_half = pytest.mark.parametrize(("handlers", "modules"), TABLES.values(), ids=TABLES)


def tl_class(protocol: type) -> Any:
    """Return the class of the schema whose fields a protocol names."""
    name = protocol.__name__.removesuffix("Fields")
    return getattr(service.types, name, None) or getattr(service.functions, name)


def declared_as(name: str) -> Declaration:
    found = service.schema.declaration(name)
    assert found is not None
    return found


def declaration(protocol: type) -> str:
    return " ".join((protocol.__doc__ or "").split())


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.__name__)
def test_the_fields_of_a_protocol_are_those_of_its_declaration(protocol: type) -> None:
    found = tl_class(protocol)
    written = declared_as(found.NAME)
    assert declaration(protocol) == f"{written};"
    hints = {name: hint for name, hint in get_type_hints(protocol).items() if name != "NAME"}
    assert list(hints) == [field.name for field in written.parameters]
    for field in written.parameters:
        expected = TYPES.get(str(field.type), list[declared.FutureSaltFields])
        assert hints[field.name] == expected


def taken_by(handler: Any) -> set[int]:
    """Return the constructor ids of the messages that a handler says that it takes."""
    hints = get_type_hints(handler, {**vars(inspect.getmodule(handler)), **vars(declared)})
    message = list(hints.values())[2]
    protocols = get_args(message) if isinstance(message, UnionType) else (message,)
    return {tl_class(protocol).ID for protocol in protocols}


@of_each_half
def test_each_handler_of_a_decoded_message_takes_what_the_table_hands_to_it(
    handlers: Mapping[int, Any], modules: tuple[ModuleType, ...]
) -> None:
    handed: dict[Any, set[int]] = {}
    for constructor, handler in handlers.items():
        if hasattr(handler, "__wrapped__"):
            handed.setdefault(handler.__wrapped__, set()).add(constructor)
    assert handed
    assert {handler: taken_by(handler) for handler in handed} == handed


def quoted_above(module: Any) -> dict[str, list[str]]:
    """Return for each function of a module the comments right above it."""
    source = Path(module.__file__).read_text("utf-8")
    lines = source.splitlines()
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            start = node.lineno - 1
            comments = []
            while lines[start - 1].startswith("# "):
                start -= 1
                comments.append(lines[start].removeprefix("# "))
            found[node.name] = comments
    return found


@of_each_half
def test_each_handler_stands_under_the_declarations_of_what_it_handles(
    handlers: Mapping[int, Any], modules: tuple[ModuleType, ...]
) -> None:
    quoted = {name: lines for module in modules for name, lines in quoted_above(module).items()}
    for constructor, handler in handlers.items():
        assert f"{declared_as(service.schema.by_id(constructor).NAME)};" in quoted[handler.__name__]


@of_each_half
def test_the_table_names_service_messages_only(handlers: Mapping[int, Any], modules: tuple[ModuleType, ...]) -> None:
    assert set(handlers) <= constructors.SERVICE_MESSAGES

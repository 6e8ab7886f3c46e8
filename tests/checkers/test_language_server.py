"""What an editor shows of the API, asked through pyright's language server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkers.conftest import PYRIGHT
from tests.checkers.language_server import CARET, LanguageServer
from tl import api

pytestmark = pytest.mark.slow

DECLARATION = api.functions.photos.GetUserPhotos.DECLARATION
PAGE = "https://core.telegram.org/method/photos.getUserPhotos"


@pytest.fixture(scope="module")
def editor(node: str, editable: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    settings = {"python": {"pythonPath": str(editable)}}
    command = [node, str(PYRIGHT / "langserver.index.js"), "--stdio"]
    with LanguageServer(command, tmp_path_factory.mktemp("workspace"), settings) as server:
        yield server


def program(line: str) -> str:
    """Return a program whose last line is the given one; the caret stands in it."""
    return (
        f"from mtproto import blocking\nfrom tl import api\n\ndef run(client: blocking.Client) -> None:\n    {line}\n"
    )


def test_completion_offers_the_methods_of_a_namespace(editor: LanguageServer) -> None:
    offered = editor.completions(program(f"api.functions.photos.{CARET}"))
    methods = {name for name in dir(api.functions.photos) if not name.startswith("_")}
    assert "GetUserPhotos" in methods
    assert methods == {name for name in offered if not name.startswith("_")}


def test_completion_offers_the_fields_of_an_answer(editor: LanguageServer) -> None:
    offered = editor.completions(program(f"client(api.functions.help.GetNearestDc()).{CARET}"))
    assert {"country", "this_dc", "nearest_dc"} <= set(offered)


@pytest.mark.parametrize("face", ["blocking.Client", "Client", "blocking.Account", "Account"])
def test_completion_and_signature_of_a_call_in_one_line(editor: LanguageServer, face: str) -> None:
    lines = f"from mtproto import Account, Client, blocking\n\ndef run(caller: {face}) -> None:\n    caller.api."
    namespaces = {name.partition(".")[0] for name in api.schema if api.schema.is_function(name)}
    assert namespaces == {name for name in editor.completions(f"{lines}{CARET}") if not name.startswith("_")}
    assert "getUserPhotos" in editor.completions(f"{lines}photos.{CARET}")
    [signature] = editor.signatures(f"{lines}photos.getUserPhotos({CARET})")
    taken = [name.partition(":")[0] for name in signature.parameters if name != "*"]
    assert taken == ["user_id", "offset", "max_id", "limit"]
    assert DECLARATION in signature.documentation
    shown = editor.hover(f"{lines}photos.getUser{CARET}Photos")
    assert DECLARATION in shown
    assert ("async def" in shown or "Coroutine" in shown) == ("blocking" not in face)


def test_hovering_over_a_method_shows_its_declaration_fields_and_page(editor: LanguageServer) -> None:
    shown = editor.hover(program(f"api.functions.photos.GetUser{CARET}Photos"))
    for part in (DECLARATION, "user_id", "offset", "max_id", "limit", PAGE):
        assert part in shown


def test_the_signature_of_a_call_names_each_field_before_the_first_use(editor: LanguageServer) -> None:
    [signature] = editor.signatures(program(f"api.functions.photos.GetUserPhotos({CARET})"))
    assert [name.partition(":")[0] for name in signature.parameters if name != "*"] == [
        "user_id",
        "offset",
        "max_id",
        "limit",
    ]

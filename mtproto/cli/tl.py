"""`mtproto tl`: work on schemas of the TL language."""

from __future__ import annotations

from keyword import iskeyword
from pathlib import Path
from typing import Literal

import click

from mtproto.cli.errors import CommandFailed
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from tl import Schema, stub_files

__all__ = ["command"]

_MARK = "# Made by `mtproto tl stubs`."

_PACKAGE = """{mark} Change schema.tl and make this package again.
{doc!r}

from importlib.resources import files as _files

from tl import Schema as _Schema

TYPE_CHECKING = False

schema = _Schema.parse(
    (_files(__name__) / "schema.tl").read_text("utf-8"), layer={layer!r}, name={name!r}, dialect={dialect!r}
)
decode = schema.decode
encode = schema.encode

if TYPE_CHECKING:
    from ._stubs import boxed as boxed
    from ._stubs import functions as functions
    from ._stubs import types as types
else:
    boxed = schema.boxed
    functions = schema.functions
    types = schema.types
"""

_DOC = "The schema of {}, as `tl.api` is that of Telegram's API: `types`, `functions`, `boxed`, `schema`."


@click.group("tl", short_help="Work on schemas of the TL language.")
def command() -> None:
    """Work on schemas of the TL language (core.telegram.org/mtproto/TL)."""


@command.command("stubs", short_help="Make a typed package of a schema.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the package; its name is the name that programs import.",
)
@click.option("--layer", type=int, metavar="N", help="Layer of the schema, if no comment `// LAYER N` names it.")
@click.option(
    "--dialect",
    type=click.Choice(["plain", "telegram"]),
    help="Rules for what a schema leaves open; as a rule, the ids in the file tell which rules hold.",
)
@debug_option
@pass_terminal
def stubs(
    terminal: Terminal, file: Path, out: Path, layer: int | None, dialect: Literal["plain", "telegram"] | None
) -> None:
    """Make a package of the schema in FILE, for programs, type checkers and editors.

    The package runs as it is and holds a copy of the schema. Its stubs tell mypy, pyright and editors every class,
    field and result:

    \b
        $ mtproto tl stubs chat.tl --out chat
        >>> import chat
        >>> call = chat.functions.Send(text="hello")
        >>> answer = client(call)

    A client of the API calls the methods of any schema that its server speaks. `schema=chat.schema` of
    `mtproto.connect` is for a whole API of another layer only.

    A package that this command made before is made again.
    """  # noqa: D301 - click reads the character
    out = out.resolve()
    text = file.read_text("utf-8-sig", errors="replace")  # other encodings stand in comments alone
    schema = Schema.parse(text, layer=layer, name=out.name, dialect=dialect)
    _check(out)
    files = {f"_stubs/{name}": stub for name, stub in stub_files(schema).items()}
    files["schema.tl"] = text
    files["py.typed"] = ""
    # Python 3.13 compiles no docstring with a lone surrogate, which stands for a byte of a name that is no UTF-8.
    shown = file.name.encode("utf-8", "backslashreplace").decode()
    files["__init__.py"] = _PACKAGE.format(
        mark=_MARK, doc=_DOC.format(shown), name=out.name, layer=schema.layer, dialect=schema.dialect
    )
    for path in out.glob("_stubs/**/*.pyi"):
        path.unlink()
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    terminal.note(f"{out}: {len(schema)} declarations")


def _check(out: Path) -> None:
    """Check that a package can be made in a folder, and that nothing is lost by making it.

    Raises:
        CommandFailed: the folder's name is no name of a module, or the folder holds something else.

    """
    if not out.name.isidentifier() or iskeyword(out.name):
        raise CommandFailed(f"{out.name!r} is no name that Python can import: call the folder of --out something else")
    first = out / "__init__.py"
    made = first.is_file() and first.read_text("utf-8", errors="replace").startswith(_MARK)
    if not made and out.is_dir() and any(out.iterdir()):
        raise CommandFailed(f"{out} holds files that `mtproto tl stubs` did not make: name another folder")

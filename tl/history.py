"""The packed history of Telegram's API: each declaration of each layer, with the layers that it stands in.

`schemas/history.z` is compressed text (zlib), since the Python of a user may lack better compressors. Its first line
says which layers there are (`46,51-59`), its second one how many types there are. Then come the layers of each type and
of each function, one a line, and then, in the same order, their declarations. Equal things side by side compress best.
An id is written only where it is not the CRC32 of the declaration: ids do not compress at all. `python -m
tests.history` packs the file.

A range such as `46-132` also spans layers that the history lacks. Whether a declaration stood in these is a guess.

Reading takes some milliseconds. Only the names by id are kept, from the first question about an id on: a program pays
for the history where it asks.
"""

from __future__ import annotations

from functools import cache

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["all_layers", "declared_under", "ids_of", "numbers", "text_of"]

_LANGUAGE = """\
boolFalse#bc799737 = Bool;
boolTrue#997275b5 = Bool;
true#3fedd339 = True;
vector#1cb5c415 {t:Type} # [ t ] = Vector t;
error#c4b9f9bb code:int text:string = Error;
null#56730bcc = Null;
"""
"""What every layer declares alike; the history leaves it out."""

_FIRST_LINE = 4096
"""Bytes that the first line has at most."""


def all_layers() -> tuple[int, ...]:
    """Return the numbers of the layers that the history has, in ascending order."""
    import zlib  # at the first use, here and below

    start = zlib.decompressobj().decompress(_packed(), _FIRST_LINE)
    return numbers(start.partition(b"\n")[0].decode())


def text_of(layer: int) -> str | None:
    """Return the declarations of a layer as a `.tl` text, or None if the history does not have the layer."""
    known, types, places, declarations = _parts()
    if layer not in numbers(known):
        return None
    stands = {where: any(first <= layer <= last for first, last in _spans(where)) for where in set(places)}
    found = _with_ids([each for where, each in zip(places, declarations, strict=True) if stands[where]])
    count = sum([stands[where] for where in places[:types]])
    types_text, functions_text = ";\n".join(found[:count]), ";\n".join(found[count:])
    return f"// LAYER {layer}\n{_LANGUAGE}{types_text};\n---functions---\n{functions_text};\n"


def declared_under(key: int) -> list[tuple[str, str]]:
    """Return what has a constructor id (unsigned): the layers, as the history writes them, and the name.

    The names come in the order of their layers. The first call reads the history; later ones look the id up.
    """
    return sorted(_names_by_id().get(key, ()), key=lambda found: numbers(found[0]))


@cache
def _names_by_id() -> dict[int, list[tuple[str, str]]]:
    """Return the layers and the names under each id. They are kept: a peer may send unknown ids without end.

    They take a megabyte, and 30 ms to make.
    """
    _, _, places, declarations = _parts()
    shared = {where: where for where in places}
    names: dict[int, list[tuple[str, str]]] = {}
    for where, declaration in zip(places, _with_ids(declarations), strict=True):
        name, _, key = declaration.partition(" ")[0].partition("#")
        names.setdefault(int(key, 16), []).append((shared[where], name))
    return names


def ids_of(declarations: list[str]) -> list[int]:
    """Return the CRC32 of each of some declarations that write no id, as the API's own dialect counts it.

    The declarations are spelled as the history spells them: with single spaces, and `Vector<T>`. They are looked at as
    one text, since that takes a tenth of the time.
    """
    import zlib

    text = "\n".join(declarations)
    *with_flags, last = text.split("?true")
    text = "".join([*(piece[: piece.rindex(" ")] for piece in with_flags), last])
    text = text.replace(":bytes ", ":string ").replace("?bytes ", "?string ")
    text = text.replace("<", " ").replace(">", "").replace("{", "").replace("}", "")
    return [zlib.crc32(line) for line in text.encode().split(b"\n")]


def numbers(where: str) -> tuple[int, ...]:
    """Return the layers that a text such as `46,51-59` names."""
    return tuple(number for first, last in _spans(where) for number in range(first, last + 1))


def _spans(where: str) -> Iterator[tuple[int, int]]:
    for part in where.split(","):
        first, _, last = part.partition("-")
        yield int(first), int(last or first)


def _with_ids(declarations: list[str]) -> list[str]:
    found = []
    for declaration, key in zip(declarations, ids_of(declarations), strict=True):
        name, _, rest = declaration.partition(" ")
        found.append(declaration if "#" in name else f"{name}#{key:08x} {rest}")
    return found


def _parts() -> tuple[str, int, list[str], list[str]]:
    """Return the layers, the count of types, the layers of each declaration, and the declarations."""
    import zlib

    known, types, *lines = zlib.decompress(_packed()).decode().split("\n")
    middle = len(lines) // 2
    return known, int(types), lines[:middle], lines[middle:]


def _packed() -> bytes:
    """Return the file; the loader of this module finds it, in a folder or a zip file. Raises ImportError."""
    if __spec__ is None or __spec__.loader is None or __spec__.origin is None:
        raise ImportError("tl was imported by a loader that gives no access to the history of layers")
    folder = __spec__.origin.removesuffix("history.py").removesuffix("history.pyc")
    data: bytes = __spec__.loader.get_data(f"{folder}schemas/history.z")  # type: ignore[attr-defined]
    return data

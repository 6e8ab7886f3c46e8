"""Field-by-field comparison of what the libraries made of the same bytes.

Each peer program turns a TL object into a plain dict: `"_"` holds the constructor id in hexadecimal, every other key
is a TL field name, bytes become `{"bytes": hex}`, dates Unix seconds. Libraries differ in how they show an optional
field that is absent (None, False, an empty list, no field at all): where ours has none, theirs may be any of these.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["differences"]

_ABSENT: tuple[object, ...] = (None, False)
_MOST_SHOWN = 5
"""One wrong field in a vector shows in every element; a few tell the story."""


def differences(ours: object, theirs: object) -> list[str]:
    """Lines `path: ours … theirs …` for what differs, at most a handful; an empty list when nothing does."""
    found: list[str] = []
    for line in _walk("answer", ours, theirs):
        if len(found) == _MOST_SHOWN:
            found.append("…")
            break
        found.append(line)
    return found


def _walk(path: str, ours: object, theirs: object) -> Iterator[str]:
    if _is_absent(ours) and (_is_absent(theirs) or theirs == []):
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from _walk(f"{path}.{key}", ours.get(key), theirs.get(key))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (left, right) in enumerate(zip(ours, theirs, strict=True)):
            yield from _walk(f"{path}[{index}]", left, right)
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{path}: ours {_short(ours)}, theirs {_short(theirs)}"


def _is_absent(value: object) -> bool:
    return any(value is absent for absent in _ABSENT)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"

"""The stub of the error classes that `mtproto.errors` makes on demand, for type checkers and editors.

python -m tests.structure.error_classes            writes the stub again
"""

from __future__ import annotations

from pathlib import Path

from mtproto import errors
from mtproto._known_errors import CLASSES, description, meaning

STUB = Path(__file__).resolve().parents[2] / "mtproto" / "_error_classes.pyi"

HEAD = '''"""The classes that `mtproto.errors` makes of the names in `mtproto/_known_errors.py`, for type checkers."""

# Made by `python -m tests.structure.error_classes`. Change mtproto/_known_errors.py instead.

'''


def made() -> str:
    """Return the text of the stub."""
    plain = vars(errors)["__all__"]
    kinds = {name: getattr(errors, name).__base__.__name__ for name in sorted(CLASSES) if name not in plain}
    families = "".join(f"    {family},\n" for family in sorted(set(kinds.values())))
    described = {name for name in kinds if meaning(CLASSES[name])}
    text, before = f"{HEAD}from mtproto.errors import (\n{families})\n", ""
    for name, family in kinds.items():
        text += "" if name not in described and before not in described and before else "\n"
        text += f"class {name}({family})"
        text += f':\n    """{description(CLASSES[name])}"""\n' if name in described else ": ...\n"
        before = name
    return text


if __name__ == "__main__":
    STUB.write_text(made(), encoding="utf-8")

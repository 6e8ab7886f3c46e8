"""What an option takes, read from its annotation; and the words for a value that the option does not take.

The annotation is the rule, and there is no second list. Annotations are texts here (`from __future__ import
annotations`), and may name classes that nobody has imported yet. So a class is known by its name: no two classes of
this house have one name, and nobody has an object of a class that was never imported.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Container, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["wrong_type"]

Judge: TypeAlias = "Callable[[object], str]"
"""Returns "" for a value that an option takes, and words for what came instead of such a value."""


class Rule(NamedTuple):
    """What an option takes.

    Attributes:
        words: for errors, one for each kind of value.
        judge: looks at a value.

    """

    words: tuple[str, ...]
    judge: Judge


JUDGED_ELSEWHERE = frozenset({"Destination", "JSON", "KeyPolicy", "KnownDCs", "LinkFaults", "Proxy", "Store"})
"""Types whose values are read, and refused, by a function of their own; and protocols, which any class may have."""

ALIASES = {"Address": "tuple[str, int]", "Timeout": "float | EllipsisType | None"}

FUNCTIONS = frozenset({"Callable", "Handler", "Random"})

MAKERS = {
    "KeyState": "read a file with Path(…).read_bytes()",
    "RSAPublicKey": "RSAPublicKey.from_pem(…) reads one",
    "RSAPrivateKey": "RSAPrivateKey.from_pem(…) reads one",
    "Schema": "Schema.parse(…) reads one",
    "Secret": "Secret.parse(…) reads one",
    "World": "localdc.world_from_folder(…) makes one",
}
"""By the name of a class, what makes its objects of a text, of bytes or of a file: people give those instead."""

_TEXTUAL = ("str", "bytes", "Path")


def wrong_type(annotation: str, value: object) -> str:
    """Return "" if a value fits an annotation; otherwise what is wanted, and of which type the value is.

    The words hold nothing of the value itself, which may be a secret.
    """
    rule = _rule_of(annotation)
    came = rule.judge(value)
    if not came:
        return ""
    *others, last = rule.words
    wanted = f"{', '.join(others)} or {last}" if others else last
    maker = next((text for name, text in MAKERS.items() if name in annotation), "")
    return f"{wanted}, not {came}" + (f"; {maker}" if maker and came.endswith(_TEXTUAL) else "")


@cache
def _rule_of(annotation: str) -> Rule:
    return _rule(ast.parse(annotation, mode="eval").body)


def _rule(node: ast.expr) -> Rule:
    match node:
        case ast.Constant(value=None):
            return Rule(("None",), _instance(type(None)))
        case ast.BinOp(left=left, right=right):
            return _either(_rule(left), _rule(right))
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Tuple(elts=inner)):
            return _generic(name, inner)
        case ast.Subscript(value=ast.Name(id=name), slice=item):
            return _generic(name, [item])
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _named(name)
        case _:
            raise TypeError(f"no rule for the annotation {ast.unparse(node)}")


def _named(name: str) -> Rule:
    if name in ALIASES:
        return _rule_of(ALIASES[name])
    if name in JUDGED_ELSEWHERE:
        return Rule((name,), lambda value: "")
    if name in FUNCTIONS:
        return Rule(("a function",), lambda value: "" if callable(value) else _type_of(value))
    return SIMPLE.get(name) or Rule((_with_article(name),), _class(name))


def _either(one: Rule, other: Rule) -> Rule:
    def judge(value: object) -> str:
        came = one.judge(value)
        if not came:
            return ""
        also = other.judge(value)
        return also and max(came, also, key=len)  # the longer one says what is inside

    return Rule(one.words + other.words, judge)


def _generic(name: str, inner: Sequence[ast.expr]) -> Rule:
    if name in FUNCTIONS:
        return _named(name)
    rules = [_rule(node) for node in inner]
    names = [" or ".join(word.removeprefix("a ").removeprefix("an ") for word in rule.words) for rule in rules]
    match name:
        case "Sequence":
            return Rule((f"a list of {names[0]}",), _items(Collection, rules[0].judge))
        case "Container" | "Iterable":  # looking at the items would use an iterator up
            kind = Container if name == "Container" else Iterable
            return Rule((f"a list of {names[0]}",), _items(kind, lambda item: ""))
        case "Mapping":
            return Rule((f"a dict of {names[0]} to {names[1]}",), _mapping(rules[0].judge, rules[1].judge))
        case "tuple":
            return Rule((f"({', '.join(names)})",), _tuple([rule.judge for rule in rules]))
        case _:
            raise TypeError(f"no rule for {name}[…]")


def _instance(kind: type | tuple[type, ...], but: tuple[type, ...] = ()) -> Judge:
    return lambda value: "" if isinstance(value, kind) and not isinstance(value, but) else _type_of(value)


def _class(name: str) -> Judge:
    def judge(value: object) -> str:
        if type(value).__name__ == name:  # as nearly always: servers make links and sessions for each connection
            return ""
        kinds = (*type(value).__mro__, *value.__class__.__mro__)  # as `isinstance`: a mock or a proxy names its class
        return "" if any(kind.__name__ == name for kind in kinds) else _type_of(value)

    return judge


def _items(kind: type, judge: Judge) -> Judge:
    def judge_all(value: object) -> str:
        if isinstance(value, list | tuple):
            items: Iterable[object] = value
        elif not isinstance(value, kind) or isinstance(value, str | bytes | bytearray | Mapping):
            return _type_of(value)
        else:
            items = value if isinstance(value, Collection) else ()
        came = next((came for item in items if (came := judge(item))), "")
        return came and f"{_type_of(value)} of {came}"

    return judge_all


def _mapping(key: Judge, item: Judge) -> Judge:
    def judge(value: object) -> str:
        if not isinstance(value, Mapping):
            return _type_of(value)
        wrong = ((key(name), item(content)) for name, content in value.items())
        return next((f"{_type_of(value)} with {one or other}" for one, other in wrong if one or other), "")

    return judge


def _tuple(judges: Sequence[Judge]) -> Judge:
    def judge(value: object) -> str:
        if not isinstance(value, tuple | list):
            return _type_of(value)
        if len(value) == len(judges) and not any(judge(item) for judge, item in zip(judges, value, strict=True)):
            return ""
        return f"({', '.join(_type_of(item) for item in value[: len(judges) + 1])})"

    return judge


def _path(value: object) -> str:
    return "" if hasattr(type(value), "__fspath__") else _type_of(value)


SIMPLE = {
    "bool": Rule(("True", "False"), _instance(bool)),
    "bytes": Rule(("bytes",), _instance((bytes, bytearray, memoryview))),
    "EllipsisType": Rule(("...",), _instance(type(...))),
    "float": Rule(("a number",), _instance((int, float), but=(bool,))),
    "int": Rule(("an int",), _instance(int, but=(bool,))),
    "Path": Rule(("a Path",), _path),
    "str": Rule(("a str",), _instance(str)),
}
"""Types that are more, or less, than the class of their name."""


def _type_of(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _with_article(name: str) -> str:
    spelt = name[:2].isupper()  # RSAPublicKey is spoken letter by letter
    return f"{'an' if name[0] in ('AEFHILMNORSX' if spelt else 'AEIOU') else 'a'} {name}"

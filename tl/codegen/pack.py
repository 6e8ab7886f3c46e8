"""The source of the functions that write: an object to bytes, straight down one declaration.

Neighbouring fields of fixed size gather in `pending`; one `struct` call writes them, with at most one string among
them. The generated code makes only checks that cost almost nothing: `struct` refuses wrong types and ranges, a dict
from class to writer refuses an object of another type. After an exception of `PACK_FAILURES`, `encode_faults` looks at
the object again and names the field.
"""

from __future__ import annotations

import struct

from tl.codegen.source import FIXED_LETTERS, PACK_FAILURES, SCALARS, Reject, Source
from tl.objects import NESTING, TLFunction, TLObject
from tl.plan import Field, Kind, Plan, Word
from tl.wire import BOOL_FALSE, BOOL_TRUE, VECTOR

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from typing import Any

    from tl.codegen.classes import Classes, Writer

__all__ = ["value_writer", "writer"]


def writer(classes: Classes, plan: Plan) -> Writer:
    """Return `to_bytes(object, nesting) -> bytes` for a constructor or function; the bytes begin with its id."""
    source = Source(FAILURES=PACK_FAILURES, explain=_explain)
    source.open(f"def to_bytes(o, d={NESTING}):")
    source.open("try:")
    if plan.holds_objects:
        source.line("if d < 1: raise Reject")
        _write_fused(classes, source, plan)
        source.line("n = d - 1")
    _Writer(classes, source).object(plan)
    source.close()
    source.line("except FAILURES as error: raise explain(o, d, error) from None")
    pack: Writer = source.function("to_bytes")
    return pack


def _write_fused(classes: Classes, source: Source, plan: Plan) -> None:
    """Write one `struct` call for an object and its inner objects, if all have a fixed size and are of usual classes.

    The usual constructor of a type has the name of the type: `inputUser` of `InputUser`. Most requests hold one.
    """
    inner = {field: _namesake(classes, field.kind) for field in plan.fields if field.kind.code == "boxed"}
    if plan.words or None in inner.values() or not all(field in inner or _is_scalar(field) for field in plan.fields):
        return
    layout, values, conditions = ["I"], [str(plan.declaration.id)], []
    for index, field in enumerate(plan.fields):
        source.line(f"v{index} = o.{field.attribute}")
        part = inner.get(field)
        if part is None:
            layout.append(SCALARS[field.kind.code])
            values.append(f"v{index}")
            continue
        cls = source.constant(classes.class_of(part.declaration.name), "C")
        conditions.append(f"v{index}.__class__ is {cls}")
        layout += ["I", *[SCALARS[each.kind.code] for each in part.fields]]
        values += [str(part.declaration.id), *[f"v{index}.{each.attribute}" for each in part.fields]]
    pack = source.constant(classes.shared.packer(layout), "S")
    source.line(f"if {' and '.join(conditions)}: return {pack}({', '.join(values)})")


def _namesake(classes: Classes, kind: Kind) -> Plan | None:
    """Return the constructor that has the name of its type, if its fields are scalars and always present."""
    catalog = classes.catalog
    namespace, dot, name = kind.name.rpartition(".")
    same = f"{namespace}{dot}{name[:1].lower()}{name[1:]}"
    if same not in catalog or catalog.is_function(same):
        return None
    plan = catalog.plan(same)
    fits = plan.declaration.result.name == kind.name and all(map(_is_scalar, plan.fields)) and not plan.words
    return plan if fits else None


def _is_scalar(field: Field) -> bool:
    return field.word is None and field.kind.code in SCALARS


def value_writer(classes: Classes, kind: Kind) -> Writer:
    """Return `write(value, nesting) -> bytes` for a value of any kind; `write` raises exceptions of `PACK_FAILURES`."""
    source = Source()
    source.open(f"def write(v, n={NESTING}):")
    body = _Writer(classes, source)
    body.value(kind, "v")
    body.finish()
    write: Writer = source.function("write")
    return write


def _explain(refused: TLObject, nesting: int, error: Exception) -> Exception:
    from tl.encode_faults import explain  # at the first use: errors are rare

    return explain(refused, nesting, error)


def plain_bytes(value: Any) -> bytes:
    """Return a bytes-like object as bytes. Raises Reject for anything else."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise Reject


def plain_list(value: Any) -> list[Any]:
    """Return a list or tuple as a list. Raises Reject for anything else: a string is no vector."""
    if isinstance(value, list | tuple):
        return list(value)
    raise Reject


def any_object(value: Any, nesting: int) -> bytes:
    """Write a value where `Object` is declared: an object of any schema, or a Bool. Raises Reject for other values."""
    if isinstance(value, TLObject):
        return value.to_bytes(nesting)
    return _BOOL_BYTES[boolean(value)]


def any_call(value: Any, nesting: int) -> bytes:
    """Write a value where `!X` is declared: a function of any schema. Raises Reject for other values."""
    if isinstance(value, TLFunction):
        return value.to_bytes(nesting)
    raise Reject


def boolean(value: Any) -> int:
    """Return the constructor id of a Bool. Raises Reject for other values."""
    if value is True:
        return BOOL_TRUE
    if value is False:
        return BOOL_FALSE
    raise Reject


_BOOL_BYTES = {number: number.to_bytes(4, "little") for number in (BOOL_TRUE, BOOL_FALSE)}


class _Writer:
    """Writes the source of one writer. `pieces` are expressions of bytes until a branch makes a list of them."""

    def __init__(self, classes: Classes, source: Source) -> None:
        self.classes = classes
        self.source = source
        self.pending: list[tuple[str, str]] = []
        self.string = -1
        self.pieces: list[str] = []
        self.listed = False

    def flush(self) -> None:
        """Write what is pending."""
        if not self.pending:
            return
        layout = [letter for letter, _ in self.pending]
        values = ", ".join([value for _, value in self.pending])
        if self.string >= 0:
            runs = self.classes.shared.pack_runs(layout[: self.string], layout[self.string + 1 :])
            size = f"len({self.pending[self.string][1]})"
            piece = f"{self.source.choose(runs, size)}({values})"
        elif all(value.isdigit() for _, value in self.pending):
            piece = repr(struct.pack("<" + "".join(layout), *[int(value) for _, value in self.pending]))
        else:
            piece = f"{self.source.constant(self.classes.shared.packer(layout), 'S')}({values})"
        self.pending, self.string = [], -1
        self.piece(piece)

    def piece(self, expression: str) -> None:
        """Add an expression of bytes."""
        if self.listed:
            self.source.line(f"w.append({expression})")
        else:
            self.pieces.append(expression)

    def branch(self) -> None:
        """Write what is pending; the pieces that follow may be optional or repeated."""
        self.flush()
        if not self.listed:
            self.source.line(f"w = [{', '.join(self.pieces)}]")
            self.pieces, self.listed = [], True

    def finish(self) -> None:
        """Write what is pending and return all the bytes."""
        self.flush()
        if self.listed:
            self.source.line("return b''.join(w)")
        elif len(self.pieces) < 4:
            self.source.line(f"return {' + '.join(self.pieces) or repr(b'')}")
        else:
            self.source.line(f"return b''.join(({', '.join(self.pieces)}))")

    def object(self, plan: Plan) -> None:
        """Write an object: the id of its constructor, then its fields; return all the bytes."""
        self.pending.append(("I", str(plan.declaration.id)))
        self._fields(plan)
        self.finish()

    def _fields(self, plan: Plan) -> None:
        """Write the flags words and fields of a constructor in order."""
        variables = {field: f"v{index}" for index, field in enumerate(plan.fields)}
        for field, variable in variables.items():
            self.source.line(f"{variable} = o.{field.attribute}")
        words = {name: f"w{index}" for index, name in enumerate(plan.words)}
        for name in reversed(plan.words):  # a word that depends on another comes after the other one
            self.source.line(f"{words[name]} = 0")
            for bit, fields in plan.words[name].items():
                self._flag(words[name], bit, [(field, variables[field]) for field in fields])
            for bit, inner in plan.inner[name].items():
                self._inner_words(words[name], bit, [words[each] for each in inner], bit in plan.words[name])
        for step in plan.steps:
            if isinstance(step, Word):
                self._word(step, words)
            elif step.word is None:
                self.value(step.kind, variables[step])
            elif not step.is_flag:
                self.branch()
                self.source.open(f"if {variables[step]} is not None:")
                self.value(step.kind, variables[step])
                self.flush()
                self.source.close()

    def _word(self, step: Word, words: dict[str, str]) -> None:
        if step.word is None:
            self.pending.append(("I", words[step.name]))
            return
        self.branch()
        self.source.open(f"if {words[step.word]} & {1 << step.bit}:")
        self.pending.append(("I", words[step.name]))
        self.flush()
        self.source.close()

    def _inner_words(self, word: str, bit: int, inner: list[str], shared: bool) -> None:
        """Set the bit of those flags words that are needed; fields that depend on the same bit must be given."""
        consequence = f"if not {word} & {1 << bit}: raise Reject" if shared else f"{word} |= {1 << bit}"
        self.source.open(f"if {' or '.join(inner)}:")
        self.source.line(consequence)
        self.source.close()

    def _flag(self, word: str, bit: int, fields: list[tuple[Field, str]]) -> None:
        for field, variable in fields:
            if field.is_flag:
                self.source.line(f"if {variable} is not False and {variable} is not True: raise Reject")
        there = [variable if field.is_flag else f"{variable} is not None" for field, variable in fields]
        self.source.line(f"if {there[0]}: {word} |= {1 << bit}")
        for other in there[1:]:
            self.source.line(f"if ({other}) is not ({there[0]}): raise Reject")

    def value(self, kind: Kind, value: str) -> None:
        """Write one value; `value` is the variable that holds it."""
        code = kind.code
        if code in SCALARS:
            self.pending.append((SCALARS[code], value))
        elif code in FIXED_LETTERS:
            self._raw(FIXED_LETTERS[code], value)
        elif code in ("string", "bytes"):
            self._text(code, value)
        elif code == "bool":
            self.pending.append(("I", f"{self.source.constant(boolean, 'boolean')}({value})"))
        elif code == "true":
            self.source.line(f"if {value} is not True: raise Reject")
        elif code == "vector":
            self._vector(kind, value)
        else:
            self._object(kind, value)

    def _raw(self, letter: str, value: str) -> None:
        self._exactly_bytes(value)
        self.source.line(f"if len({value}) != {letter[:-1]}: raise Reject")
        self.pending.append((letter, value))

    def _exactly_bytes(self, value: str) -> None:
        convert = self.source.constant(plain_bytes, "plain_bytes")
        self.source.line(f"if {value}.__class__ is not bytes: {value} = {convert}({value})")

    def _text(self, code: str, value: str) -> None:
        if self.string >= 0:
            self.flush()
        if code == "string":
            raw = self.source.variable()
            for line in self.source.raw_of(raw, value):
                self.source.line(line)
            value = raw
        else:
            self._exactly_bytes(value)
        self.string = len(self.pending)
        self.pending.append(("p", value))

    def _object(self, kind: Kind, value: str) -> None:
        self.flush()
        if kind.code == "boxed":
            table = self.source.constant(self.classes.type_writers(kind.name), "T")
            self.piece(f"{table}[{value}.__class__]({value}, n)")
        elif kind.code == "bare":
            cls = self.source.constant(self.classes.class_of(kind.name), "C")
            self.source.line(f"if {value}.__class__ is not {cls}: raise Reject")
            self.piece(f"{value}.to_bytes(n)[4:]")
        else:
            write = any_call if kind.code == "function" else any_object
            self.piece(f"{self.source.constant(write, 'write')}({value}, n)")

    def _vector(self, kind: Kind, value: str) -> None:
        element = kind.element
        if element is None:
            raise Reject
        convert = self.source.constant(plain_list, "plain_list")
        self.source.line(f"if {value}.__class__ is not list: {value} = {convert}({value})")
        if kind.boxed:
            self.pending.append(("I", str(VECTOR)))
        self.pending.append(("I", f"len({value})"))
        letter = SCALARS.get(element.code)
        if letter:
            self.flush()
            pack = self.source.constant(struct.pack, "pack")
            self.piece(f"{pack}(f'<{{len({value})}}{letter}', *{value})")
            return
        self.branch()
        each = self.source.variable()
        self.source.open(f"for {each} in {value}:")
        self.value(element, each)
        self.flush()
        self.source.line("pass")
        self.source.close()

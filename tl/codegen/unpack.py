"""The source of the functions that read: bytes to an object, straight down one declaration.

Neighbouring fields of fixed size gather in `pending`; one `struct` call reads them, together with the beginning of the
next variable part: the bytes of a string, the id and count of a vector, the id of an object. Generated code does not
compare its offset with the end of the data: `struct` refuses to read past the end, and the caller compares the end of
the value with the size of the data. A fault raises an exception of `UNPACK_FAILURES`, which does not say what is wrong:
`dissect` then walks the same bytes and finds the fault.
"""

from __future__ import annotations

from tl.codegen.source import FIXED_LETTERS, NUMBERS, SCALARS, Reject, Source, creator, size_of
from tl.codegen.unpack_vectors import read_elements
from tl.plan import MOST_EMPTY, Field, Kind, Plan, Word
from tl.wire import BOOL_FALSE, BOOL_TRUE, VECTOR

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.codegen.readers import Reader, Readers
    from tl.objects import TLObject

__all__ = ["reader", "value_reader"]

_BOOL = {BOOL_TRUE: True, BOOL_FALSE: False}


def reader(readers: Readers, plan: Plan, cls: type[TLObject]) -> Reader:
    """Return `read(data, offset, nesting) -> (object, end)` for a constructor; `offset` is behind its id.

    A counting reader takes an `Elements` as one more argument.
    """
    body = _Reader(readers)
    source = body.source
    source.open(f"def read(data, p, {body.bounds}):")
    if plan.holds_objects:
        source.line("d -= 1")
        source.line("if d < 0: raise Reject")
    variables = body.fields(plan)
    body.settle()
    source.line(f"o = {source.constant(creator(cls), 'new')}()")
    for field, variable in zip(plan.fields, variables, strict=True):
        source.line(f"o.{field.attribute} = {variable}")
    source.line("return o, p")
    read: Reader = source.function("read")
    return read


def value_reader(readers: Readers, kind: Kind) -> Reader:
    """Return `read(data, offset, nesting) -> (value, end)` for a value of any kind; see `reader`."""
    body = _Reader(readers)
    body.source.open(f"def read(data, p, {body.bounds}):")
    variable = body.value(kind)
    body.settle()
    body.source.line(f"return {variable}, p")
    read: Reader = body.source.function("read")
    return read


class _Reader:
    """Writes the source of one reader.

    `offset` counts the bytes that were read since the generated code last moved `p`. `bounds` are the arguments of the
    reader that bound the depth of objects and, in a counting reader, their number.
    """

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.shared = readers.classes.shared
        self.bounds = "d, c" if readers.counting else "d"
        self.source = Source()
        self.offset = 0
        self.pending: list[tuple[str, str]] = []
        self.string = -1
        self.later: list[str] = []
        self.element = False

    def at(self, more: int = 0) -> str:
        """Return the expression of the present offset in the data."""
        total = self.offset + more
        return f"p + {total}" if total else "p"

    def flush(self) -> None:
        """Read what is pending."""
        if self.string >= 0:
            self._flush_string()
        elif self.pending:
            layout = [letter for letter, _ in self.pending]
            unpack = self.source.constant(self.shared.unpacker(layout), "S")
            targets = "".join([f"{variable}, " for _, variable in self.pending])
            self.source.line(f"{targets}= {unpack}(data, {self.at()})")
            self.offset += size_of(layout)
        for line in self.later:
            self.source.line(line)
        self.pending, self.later, self.string = [], [], -1

    def _flush_string(self) -> None:
        before = [letter for letter, _ in self.pending[: self.string]]
        after = [letter for letter, _ in self.pending[self.string + 1 :]]
        runs = self.shared.unpack_runs(before, after)
        size = self.source.variable()
        text = self.pending[self.string][1]
        targets = "".join([f"{variable}, " for _, variable in self.pending])
        self.source.line(f"{size} = data[{self.at(size_of(before))}]")
        self.source.line(f"{targets}= {self.source.choose(runs, size)}(data, {self.at()})")
        rest = self.offset + size_of(before) + size_of(after) + 1
        self.source.line(f"p += {rest} + ({size} | 3) if {size} < 254 else {rest + 3} + (len({text}) + 3 & -4)")
        self.offset = 0

    def settle(self) -> None:
        """Read what is pending and move `p` behind it, as branches and calls need it."""
        self.flush()
        if self.offset:
            self.source.line(f"p += {self.offset}")
            self.offset = 0

    def word(self, letter: str) -> str:
        """Read a value of fixed size together with its neighbours; return its variable."""
        variable = self.source.variable()
        self.pending.append((letter, variable))
        return variable

    def fields(self, plan: Plan) -> list[str]:
        """Read the fields of a constructor in order; return their variables."""
        words: dict[str, str] = {}
        variables: list[str] = []
        steps = plan.steps
        index = 0
        while index < len(steps):
            step = steps[index]
            index += 1
            if isinstance(step, Word):
                words[step.name] = self._flags(step, words)
            elif step.is_flag:
                variables.append(f"({words[step.word or '']} & {1 << step.bit}) != 0")
            elif step.word is None:
                variables.append(self.value(step.kind))
            else:
                group = [step]
                while index < len(steps) and _same_bit(step, steps[index]):
                    group.append(steps[index])  # type: ignore[arg-type]  # a Field: _same_bit says so
                    index += 1
                variables += self._optional(group, words[step.word])
        return variables

    def _flags(self, word: Word, words: dict[str, str]) -> str:
        """Read a flags word; a word that is absent has no bits set."""
        if word.word is None:
            return self.word("I")
        self.settle()
        variable = self.source.variable()
        self.source.open(f"if {words[word.word]} & {1 << word.bit}:")
        value = self.word("I")
        self.settle()
        self.source.line(f"{variable} = {value}")
        self.source.close()
        self.source.line(f"else: {variable} = 0")
        return variable

    def _optional(self, group: list[Field], word: str) -> list[str]:
        self.settle()
        variables = [self.source.variable() for _ in group]
        self.source.open(f"if {word} & {1 << group[0].bit}:")
        read = [self.value(field.kind) for field in group]
        self.settle()
        for variable, value in zip(variables, read, strict=True):
            self.source.line(f"{variable} = {value}")
        self.source.close()
        self.source.line(f"else: {' = '.join(variables)} = None")
        return variables

    def value(self, kind: Kind) -> str:
        """Read one value; return the variable that will hold it once what is pending has been read."""
        code = kind.code
        letter = FIXED_LETTERS.get(code)
        if letter:
            return self.word(letter)
        if code in ("string", "bytes"):
            return self._text(code)
        if code == "bool":
            word, table = self.word("I"), self.source.constant(_BOOL, "B")
            self.later.append(f"{word} = {table}[{word}]")
            return word
        if code == "true":
            return "True"
        if code == "vector":
            return self._vector(kind)
        return self._object(kind)

    def _text(self, code: str) -> str:
        if self.string >= 0:
            self.flush()
        self.string = len(self.pending)
        variable = self.word("p")
        if code == "string":
            self.later += self.source.text_of(variable, variable, counting=self.readers.counting)
        return variable

    def _object(self, kind: Kind) -> str:
        if kind.code == "bare":
            read = self.source.constant(self.readers.lazy_reader(kind.name), "F")
            self.settle()
        else:
            table = self.readers.of_kind(kind)
            key = self.word("I")
            self.flush()
            read = f"{self.source.constant(table, 'T')}[{key}]"
        variable = self.source.variable()
        if self.readers.counting and not self.element:
            self.source.count("1")
        self.source.line(f"{variable}, p = {read}(data, {self.at()}, {self.bounds})")
        self.offset = 0
        return variable

    def _vector(self, kind: Kind) -> str:
        element = kind.element
        if element is None:
            raise Reject
        head = self.word("I") if kind.boxed else ""
        count = self.word("I")
        self.settle()
        if head:
            self.source.line(f"if {head} != {VECTOR}: raise Reject")
        least = self.readers.classes.catalog.smallest(element)
        if element.code == "boxed":  # each element is read before it is allocated
            if self.readers.counting:
                self.source.line(f"if {count} * {least} > len(data) - p: raise Reject")
                self.source.count(count)
            return read_elements(self.readers, self.source, element.name, count)
        enough = f"{count} * {least} > len(data) - p" if least else f"{count} > {MOST_EMPTY}"
        self.source.line(f"if {enough}: raise Reject")
        result = self.source.variable()
        letter = SCALARS.get(element.code)
        if self.readers.counting:
            self.source.count(f"{count} >> {NUMBERS}" if letter else count)
        if letter:
            self.source.line(f"{result} = [*{self.source.choose(self.shared.int_runs(letter), count)}(data, p)]")
            self.source.line(f"p += {count} * {least}")
            return result
        self.source.line(f"{result} = []")
        self.source.open(f"for {self.source.variable()} in range({count}):")
        self.element = True  # the count of the vector has counted its elements
        value = self.value(element)
        self.element = False
        self.settle()
        self.source.line(f"{result}.append({value})")
        self.source.close()
        return result


def _same_bit(first: Field, other: Word | Field) -> bool:
    return isinstance(other, Field) and not other.is_flag and other.word == first.word and other.bit == first.bit

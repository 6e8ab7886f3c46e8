"""The source of the loops that read a vector of objects: `Vector<PhotoSize>`, `Vector<MessageEntity>`.

A vector has many elements; one `struct` call reads the id of an element together with as many fields as the small
constructors of the type have in the same places. The layout of one constructor is its lane; the layout that serves all
lanes is their union. The call relies on two guesses, which generated code checks before it uses the values. The first:
a string that other fields follow is short (up to three bytes, one word). The second: the data goes on behind the
element. The caller appends zeros to the data; an element that was read from those zeros ends behind the true end, and
is refused. A counting reader can do without the zeros, so that large data is not copied: where the call meets the end
of the data, the element is read without a guess. The reader of the constructor reads each element that does not fit a
lane.
"""

from __future__ import annotations

import struct

from tl.codegen.source import LONGEST_GUESS, NUMBERS, SCALARS, SIZES, Source, creator, size_of
from tl.plan import Field, Plan, Word
from tl.wire import VECTOR

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.catalog import Catalog
    from tl.codegen.readers import Readers

__all__ = ["read_elements"]

_MOST_LANES = 8
_MOST_FIELDS = 24
_WORDS = ("i", "I")


class _Misfit(Exception):
    """A constructor has no lane."""


class _Lane:
    """The layout of a constructor with fields in fixed places, then at most one field of another kind: its tail."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.letters: list[str] = []
        self.places: dict[str, int] = {}
        self.tail: Field | None = None
        for index, step in enumerate(plan.steps):
            if self.tail is not None:
                raise _Misfit
            self._add(step, last=index == len(plan.steps) - 1)
        self.tail_at = len(self.letters)
        if self.tail is not None:
            self.letters += _tail_letters(self.tail)

    def _add(self, step: Word | Field, last: bool) -> None:
        if isinstance(step, Word):
            if step.word is not None:
                raise _Misfit
            self._place(step.name, "I")
        elif step.is_flag:
            return
        elif step.word is None and step.kind.code in SCALARS and step.kind.code != "nat":  # a union may be signed
            self._place(step.name, SCALARS[step.kind.code])
        elif step.word is None and step.kind.code == "string" and not last:
            self._place(step.name, "I")  # a short string is one word
        elif _tail_letters(step) is not None:
            self.tail = step
        else:
            raise _Misfit

    def _place(self, name: str, letter: str) -> None:
        self.places[name] = len(self.letters)
        self.letters.append(letter)


def _tail_letters(field: Field) -> list[str]:
    """Return the letters of the part of the last field that can be read ahead. Raises _Misfit if there is none."""
    kind = field.kind
    if field.word is not None:
        if kind.code in SCALARS and kind.code != "nat":
            return [SCALARS[kind.code]]
    elif kind.code in ("bytes", "string"):
        return []
    elif kind.code == "vector" and kind.boxed and kind.element is not None and kind.element.code in SCALARS:
        return ["I", "I"]
    raise _Misfit


def _lanes(catalog: Catalog, type_name: str) -> tuple[list[_Lane], list[str]]:
    """Return the lanes of a type and the `struct` letters of their union; the usual constructor comes first.

    The usual constructor of a type has the name of the type: `photoSize` of `PhotoSize`.
    """
    names = sorted(catalog.constructors(type_name), key=lambda name: name.lower() != type_name.lower())
    lanes: list[_Lane] = []
    union: list[str] = []
    for name in names:
        try:
            lane = _Lane(catalog.plan(name))
            merged = _merged(union, lane.letters)
        except _Misfit:
            if name.lower() == type_name.lower():
                break  # without a lane for the usual constructor, the lanes of the others are of no use
            continue
        fields = sum([len(other.plan.fields) for other in (*lanes, lane)])
        if len(lanes) < _MOST_LANES and fields <= _MOST_FIELDS and size_of(merged) + 4 <= LONGEST_GUESS:
            lanes.append(lane)
            union = merged
    return lanes, union


def _merged(union: list[str], letters: list[str]) -> list[str]:
    """Return the letters that serve both; a signed word can take the place of an unsigned one. Raises _Misfit."""
    made = [*union[: len(letters)]]
    for index, (old, new) in enumerate(zip(union, letters, strict=False)):
        if old != new:
            if old not in _WORDS or new not in _WORDS:
                raise _Misfit
            made[index] = "i"
    return made + union[len(letters) :] + letters[len(union) :]


def read_elements(readers: Readers, source: Source, type_name: str, count: str) -> str:
    """Write a loop that reads so many boxed objects of a type from `data` at `p`; return the variable of the list."""
    lanes, union = _lanes(readers.classes.catalog, type_name)
    table = source.constant(readers.of_type(type_name), "T")
    unpack = source.constant(readers.classes.shared.unpacker(["I", *union]), "S")
    words = [f"w{index}" for index in range(len(union))]
    made = source.variable()
    source.line(f"{made} = []")
    source.line(f"add = {made}.append")
    source.open(f"for _ in range({count}):")
    usual = [f"o, p = {table}[key](data, p + 4, {'d, c' if readers.counting else 'd'})", "add(o)"]
    if readers.counting and words:
        source.line(f"try: {', '.join(['key', *words])}, = {unpack}(data, p)")
        source.open(f"except {source.constant(struct.error, 'short')}:")
        source.line(f"key, = {source.constant(readers.classes.shared.unpacker(['I']), 'S')}(data, p)")
        for line in (*usual, "continue"):
            source.line(line)
        source.close()
    else:
        source.line(f"{', '.join(['key', *words])}, = {unpack}(data, p)")
    for lane in lanes:
        _Body(readers, source, lane, union).write()
    for line in usual:
        source.line(line)
    source.close()
    return made


class _Body:
    """Writes the block that reads one lane; the block ends with `continue`, or falls through to the general reader."""

    def __init__(self, readers: Readers, source: Source, lane: _Lane, union: list[str]) -> None:
        self.classes = readers.classes
        self.counting = readers.counting
        self.source = source
        self.lane = lane
        self.union = union
        self.blocks = 0

    def write(self) -> None:
        """Write the block for one constructor."""
        self._open(f"if key == {self.lane.plan.declaration.id}:")
        values = self._values()
        source, lane = self.source, self.lane
        cls = self.classes.class_of(lane.plan.declaration.name)
        # Checks come first: `p` must not have moved when the block falls through.
        tail = self._tail_checks()
        source.line(f"o = {source.constant(creator(cls), 'new')}()")
        for field in lane.plan.fields:
            if field is not lane.tail:
                source.line(f"o.{field.attribute} = {values[field.name]}")
        self._read_tail(tail)
        source.line("add(o)")
        source.line("continue")
        for _ in range(self.blocks):
            source.close()

    def _open(self, line: str) -> None:
        self.source.open(line)
        self.blocks += 1

    def _values(self) -> dict[str, str]:
        """Return the expression of each field of the lane; a string that is not short leaves the block."""
        values: dict[str, str] = {}
        for field in self.lane.plan.fields:
            if field.is_flag:
                values[field.name] = f"(w{self.lane.places[field.word or '']} & {1 << field.bit}) != 0"
            elif field is not self.lane.tail:
                at = self.lane.places[field.name]
                values[field.name] = f"w{at}"
                if field.kind.code == "string":
                    values[field.name] = f"s{at}"
                    self._short(f"s{at}", f"w{at}")
                    self._open(f"if s{at} is not None:")
        return values

    def _short(self, target: str, word: str) -> None:
        known = self.classes.shared.short_texts
        texts = self.source.constant(known.texts, "texts")
        self.source.line(f"try: {target} = {texts}[{word}]")
        self.source.line(f"except KeyError: {target} = {self.source.constant(known, 'short')}.text({word})")

    def _offset(self, index: int) -> int:
        return 4 + sum([SIZES[letter] for letter in self.union[:index]])

    def _tail_checks(self) -> str:
        """Check that the last field has the usual form; return the variable that holds its size."""
        tail, at = self.lane.tail, self.lane.tail_at
        if tail is None or tail.word is not None:
            return ""
        if tail.kind.code == "vector":
            signed = VECTOR if self.union[at] == "I" else VECTOR - (VECTOR >> 31 << 32)
            self._open(f"if w{at} == {signed}:")
            return f"w{at + 1}"
        known = at < len(self.union) and self.union[at] in ("i", "I", "q")
        self.source.line(f"n = w{at} & 255" if known else f"n = data[p + {self._offset(at)}]")
        self._open("if n < 254:")
        return "n"

    def _read_tail(self, size: str) -> None:
        tail, at, source = self.lane.tail, self.lane.tail_at, self.source
        offset = self._offset(at)
        if tail is None:
            source.line(f"p += {offset}")
        elif tail.word is not None:
            source.open(f"if w{self.lane.places[tail.word]} & {1 << tail.bit}:")
            source.line(f"o.{tail.attribute} = w{at}")
            source.line(f"p += {offset + SIZES[self.union[at]]}")
            source.close()
            source.open("else:")
            source.line(f"o.{tail.attribute} = None")
            source.line(f"p += {offset}")
            source.close()
        elif tail.kind.code == "vector" and tail.kind.element is not None:
            letter = SCALARS[tail.kind.element.code]
            if self.counting:
                source.count(f"{size} >> {NUMBERS}")
            runs = self.classes.shared.int_runs(letter)
            source.line(f"o.{tail.attribute} = [*{source.choose(runs, size)}(data, p + {offset + 8})]")
            source.line(f"p += {offset + 8} + {size} * {SIZES[letter]}")
        else:
            source.line(f"p += {offset + 1}")
            source.line(f"o.{tail.attribute} = t = data[p : p + {size}]")
            if tail.kind.code == "string":
                for line in source.text_of(f"o.{tail.attribute}", "t", counting=self.counting):
                    source.line(line)
            source.line(f"p += {size} | 3")

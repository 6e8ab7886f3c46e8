"""Source of the functions that read the elements of a vector of objects: `Vector<PhotoSize>`, `Vector<MessageEntity>`.

Elements are many, so each is read with one `struct` call where that can be: the id together with as many of the fields
as the small constructors of the type have in the same places (their `Lane`s). Two guesses go into that, both checked
before they count: that a string in front of other fields is short (up to three bytes, one word), and that the data goes
on behind the element; the caller appends zeros to the data, and what was read from those is never accepted, since
reading then ends behind the true end. Whatever does not fit its lane is read by the constructor's own reader.
"""

from __future__ import annotations

from tl._source import LONGEST_GUESS, NUMBERS, SCALARS, SIZES, IntRuns, Source, creator, size_of
from tl.plan import Field, Plan, Word
from tl.wire import VECTOR

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from tl._readers import Readers
    from tl.compiler import Compiler

__all__ = ["read_elements"]

_MOST_LANES = 8
_MOST_FIELDS = 24
_WORDS = ("i", "I")


class _Misfit(Exception):
    """A constructor has no lane."""


class _Lane:
    """A constructor that can be read from the union: fields in fixed places, then at most one of another kind."""

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
        elif step.word is None and step.kind.code in SCALARS and step.kind.code != "nat":  # a union may make it signed
            self._place(step.name, SCALARS[step.kind.code])
        elif step.word is None and step.kind.code == "string" and not last:
            self._place(step.name, "I")  # what is short is one word
        elif _tail_letters(step) is not None:
            self.tail = step
        else:
            raise _Misfit

    def _place(self, name: str, letter: str) -> None:
        self.places[name] = len(self.letters)
        self.letters.append(letter)


def _tail_letters(field: Field) -> list[str]:
    """Return what of the last field can be read ahead: a vector's head, an optional scalar. Raises _Misfit."""
    kind = field.kind
    if field.word is not None:
        if kind.code in SCALARS and kind.code != "nat":
            return [SCALARS[kind.code]]
    elif kind.code in ("bytes", "string"):
        return []
    elif kind.code == "vector" and kind.boxed and kind.element is not None and kind.element.code in SCALARS:
        return ["I", "I"]
    raise _Misfit


def _lanes(compiler: Compiler, type_name: str) -> tuple[list[_Lane], list[str]]:
    """Return the lanes of a type and the `struct` letters of their union; the type's namesake comes first."""
    names = sorted(compiler.schema.constructors(type_name), key=lambda name: name.lower() != type_name.lower())
    lanes: list[_Lane] = []
    union: list[str] = []
    for name in names:
        try:
            lane = _Lane(compiler.schema.plan(name))
            merged = _merged(union, lane.letters)
        except _Misfit:
            if name.lower() == type_name.lower():
                break  # the usual constructor has no lane: what the others could share is of no use
            continue
        fields = sum([len(other.plan.fields) for other in (*lanes, lane)])
        if len(lanes) < _MOST_LANES and fields <= _MOST_FIELDS and size_of(merged) + 4 <= LONGEST_GUESS:
            lanes.append(lane)
            union = merged
    return lanes, union


def _merged(union: list[str], letters: list[str]) -> list[str]:
    """Return the letters that serve both; a signed word serves where an unsigned one is wanted. Raises _Misfit."""
    made = [*union[: len(letters)]]
    for index, (old, new) in enumerate(zip(union, letters, strict=False)):
        if old != new:
            if old not in _WORDS or new not in _WORDS:
                raise _Misfit
            made[index] = "i"
    return made + union[len(letters) :] + letters[len(union) :]


def read_elements(readers: Readers, source: Source, type_name: str, count: str) -> str:
    """Write a loop that reads so many boxed objects of a type from `data` at `p`; return the variable of the list."""
    compiler = readers.compiler
    lanes, union = _lanes(compiler, type_name)
    table = source.constant(readers.of_type(type_name), "T")
    unpack = source.constant(compiler.struct("I" + "".join(union)).unpack_from, "S")
    words = [f"w{index}" for index in range(len(union))]
    made = source.variable()
    source.line(f"{made} = []")
    source.line(f"add = {made}.append")
    source.open(f"for _ in range({count}):")
    source.line(f"{', '.join(['key', *words])}, = {unpack}(data, p)")
    for lane in lanes:
        _Body(readers, source, lane, union).write()
    source.line(f"o, p = {table}[key](data, p + 4, {'d, c' if readers.counting else 'd'})")
    source.line("add(o)")
    source.close()
    return made


class _Body:
    """Writes what reads one lane; it ends with `continue`, or falls through to the constructor's own reader."""

    def __init__(self, readers: Readers, source: Source, lane: _Lane, union: list[str]) -> None:
        self.compiler = readers.compiler
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
        cls = self.compiler.class_of(lane.plan.declaration.name)
        # Checks first: what falls through must not have moved `p`.
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
        """Return the expression of each field in its place; short strings are looked up, others leave the lane."""
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
        known = self.compiler.short_texts
        texts = self.source.constant(known.texts, "texts")
        self.source.line(f"try: {target} = {texts}[{word}]")
        self.source.line(f"except KeyError: {target} = {self.source.constant(known, 'short')}.text({word})")

    def _offset(self, index: int) -> int:
        return 4 + sum([SIZES[letter] for letter in self.union[:index]])

    def _tail_checks(self) -> str:
        """Check that the last field is of the usual form; return the variable of its size."""
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
            runs = self.compiler.shared(("ints", letter), lambda: IntRuns(letter))
            source.line(f"o.{tail.attribute} = [*{source.choose(runs, size)}(data, p + {offset + 8})]")
            source.line(f"p += {offset + 8} + {size} * {SIZES[letter]}")
        else:
            source.line(f"p += {offset + 1}")
            source.line(f"o.{tail.attribute} = t = data[p : p + {size}]")
            if tail.kind.code == "string":
                for line in source.text_of(f"o.{tail.attribute}", "t", counting=self.counting):
                    source.line(line)
            source.line(f"p += {size} | 3")

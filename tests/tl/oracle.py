"""TL, written a second time from the words of the specification, without anything of `tl`: what `tl` is compared with.

core.telegram.org/mtproto/serialize and /TL. A schema is data here; random schemas and objects are made of the kinds of
field that dialects use. Objects are dicts, as `to_dict` gives them. Nothing is quick: each value is looked at by its
type's name, one after the other.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

__all__ = ["HEADING", "Constructor", "Member", "Oracle", "random_object", "random_oracle"]

DEEPEST_VECTOR = 8
"""Vectors inside vectors: a schema may not have more."""

DEEPEST_OBJECT = 100
"""Objects inside objects: a chain of more has no end."""

HEADING = """
int ? = Int; long#22076cba ? = Long; double ? = Double; string ? = String; object ? = Object;
int32 = Int32; int53 = Int53; int64 = Int64; bytes = Bytes; secureString = SecureString; secureBytes = SecureBytes;
int128 4*[ int ] = Int128; int256 8*[ int32 ] = Int256; int512 16*[ int ] = Int512;
boolFalse#bc799737 = Bool; boolTrue#997275b5 = Bool; true#3fedd339 = True; vector#1cb5c415 {t:Type} # [ t ] = Vector t;
"""

NUMBERS = {"int": "<i", "int32": "<i", "#": "<I", "long": "<q", "int53": "<q", "int64": "<q", "double": "<d"}
RAW = {"int128": 16, "int256": 32, "int512": 64}
TEXTS = ("string", "secureString")
BLOBS = ("bytes", "secureBytes")
TRUE, FALSE, VECTOR = 0x997275B5, 0xBC799737, 0x1CB5C415


@dataclass
class Member:
    """A field or a flags word: its name, its type, and the word and bit that say whether it is there."""

    name: str
    type: str
    word: str = ""
    bit: int = 0
    is_word: bool = False

    def __str__(self) -> str:
        return f"{self.name}:" + (f"{self.word}.{self.bit}?" if self.word else "") + self.type


@dataclass
class Constructor:
    """A declaration."""

    name: str
    id: int
    result: str
    members: list[Member] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.name}#{self.id:08x} {' '.join(map(str, self.members))} = {self.result};"


class Oracle:
    """Writes and reads objects of one schema."""

    def __init__(self, constructors: list[Constructor]) -> None:
        self.by_name = {one.name: one for one in constructors}
        self.by_id = {one.id: one for one in constructors}

    def text(self) -> str:
        """Return the schema as a `.tl` text."""
        return HEADING + "\n".join(map(str, self.by_name.values()))

    def write(self, form: dict[str, Any], noise: int = 0) -> bytes:
        """Return the boxed form of an object; `noise` is what flags words hold in bits that nobody refers to."""
        constructor = self.by_name[form["_"]]
        return struct.pack("<I", constructor.id) + self._write_bare(constructor, form, noise)

    def read(self, data: bytes) -> dict[str, Any]:
        """Return the object that takes all of the data."""
        form, end = self._read_boxed(data, 0)
        assert end == len(data)
        return form

    def _word(self, constructor: Constructor, word: str, form: dict[str, Any]) -> int:
        """Return the bits of a word: those of the fields that are there, and of the words that are needed."""
        bits = 0
        for member in constructor.members:
            if member.word == word:
                needed = self._word(constructor, member.name, form) if member.is_word else member.name in form
                bits |= (1 << member.bit) if needed else 0
        return bits

    def _write_bare(self, constructor: Constructor, form: dict[str, Any], noise: int) -> bytes:
        words = {
            member.name: self._word(constructor, member.name, form) for member in constructor.members if member.is_word
        }
        data = b""
        for member in constructor.members:
            if member.word and not words[member.word] >> member.bit & 1:
                continue
            if member.is_word:
                used = [1 << each.bit for each in constructor.members if each.word == member.name]
                data += struct.pack("<I", words[member.name] | (noise & ~sum(set(used))))
            else:
                data += self._write(member.type, form.get(member.name), noise)
        return data

    def _write(self, type_: str, value: Any, noise: int) -> bytes:
        if type_ in NUMBERS:
            return struct.pack(NUMBERS[type_], value)
        if type_ in RAW:
            return bytes(value)
        if type_ in TEXTS:
            return _string(value.encode())
        if type_ in BLOBS:
            return _string(value)
        if type_ == "true":
            return b""
        if type_ == "Bool":
            return struct.pack("<I", TRUE if value else FALSE)
        head, angle, rest = type_.partition("<")
        if angle:
            boxed = struct.pack("<I", VECTOR) if head == "Vector" else b""
            items = [self._write(rest[:-1], item, noise) for item in value]
            return boxed + struct.pack("<i", len(items)) + b"".join(items)
        if type_ in self.by_name:
            return self._write_bare(self.by_name[type_], value, noise)
        if isinstance(value, bool):
            return self._write("Bool", value, noise)
        return self.write(value, noise)

    def _read_boxed(self, data: bytes, at: int) -> tuple[dict[str, Any], int]:
        (key,) = struct.unpack_from("<I", data, at)
        return self._read_bare(self.by_id[key], data, at + 4)

    def _read_bare(self, constructor: Constructor, data: bytes, at: int) -> tuple[dict[str, Any], int]:
        form: dict[str, Any] = {"_": constructor.name}
        words: dict[str, int] = {}
        for member in constructor.members:
            if member.word and not words[member.word] >> member.bit & 1:
                if member.is_word:
                    words[member.name] = 0
                continue
            value, at = self._read("#" if member.is_word else member.type, data, at)
            if member.is_word:
                words[member.name] = value
            else:
                form[member.name] = value
        return form, at

    def _read(self, type_: str, data: bytes, at: int) -> tuple[Any, int]:
        if type_ in NUMBERS:
            return struct.unpack_from(NUMBERS[type_], data, at)[0], at + struct.calcsize(NUMBERS[type_])
        if type_ in RAW:
            return data[at : at + RAW[type_]], at + RAW[type_]
        if type_ in TEXTS + BLOBS:
            raw, at = _read_string(data, at)
            return raw.decode() if type_ in TEXTS else raw, at
        if type_ == "true":
            return True, at
        if type_ == "Bool":
            return struct.unpack_from("<I", data, at)[0] == TRUE, at + 4
        head, angle, rest = type_.partition("<")
        if angle:
            at += 4 if head == "Vector" else 0
            (count,) = struct.unpack_from("<i", data, at)
            at += 4
            items = []
            for _ in range(count):
                item, at = self._read(rest[:-1], data, at)
                items.append(item)
            return items, at
        if type_ in self.by_name:
            return self._read_bare(self.by_name[type_], data, at)
        (key,) = struct.unpack_from("<I", data, at)
        return self._read("Bool", data, at) if key in (TRUE, FALSE) else self._read_boxed(data, at)


def _string(raw: bytes) -> bytes:
    head = bytes([len(raw)]) if len(raw) < 254 else b"\xfe" + len(raw).to_bytes(3, "little")
    return head + raw + bytes(-len(head + raw) % 4)


def _read_string(data: bytes, at: int) -> tuple[bytes, int]:
    size, start = data[at], at + 1
    if size == 254:
        size, start = int.from_bytes(data[at + 1 : at + 4], "little"), at + 4
    return data[start : start + size], start + size + -(start - at + size) % 4


SIMPLE = (*NUMBERS, *RAW, *TEXTS, *BLOBS, "true", "Bool", "Object")


def random_oracle(source: random.Random) -> Oracle:
    """Return a random schema; a constructor holds bare ones that are declared before, and boxed ones of any kind."""
    made: list[Constructor] = []
    results = ["A", "B"]
    for number in range(source.randint(2, 6)):
        bare = [one.name for one in made]
        result = results[number] if number < len(results) else source.choice(results)
        key = int.from_bytes(source.randbytes(3), "little") << 8 | number
        made.append(Constructor(f"c{number}", key, result, _random_members(source, [*bare, *results])))
    return Oracle(made)


def _random_type(source: random.Random, named: list[str], vectors: int = DEEPEST_VECTOR) -> str:
    if vectors and source.random() < 0.25:
        return f"{source.choice(('vector', 'Vector'))}<{_random_type(source, named, vectors - 1)}>"
    return source.choice(SIMPLE if source.random() < 0.7 or not named else tuple(named))


def _random_members(source: random.Random, named: list[str]) -> list[Member]:
    members: list[Member] = []
    words: list[str] = []
    for number in range(source.randint(0, 8)):
        word, bit = "", 0
        if words and source.random() < 0.6:
            word, bit = source.choice(words), source.choice((0, 1, 2, 31))
        if source.random() < 0.3:
            members.append(Member(f"w{number}", "#", word, bit, is_word=True))
            words.append(f"w{number}")
        else:
            members.append(Member(f"x{number}", _random_type(source, named), word, bit))
    for word in words:  # a `#` is a flags word since something refers to the `#`
        if not any(member.word == word for member in members):
            members.append(Member(f"y{word}", "true", word, 0))
    return members


def random_object(oracle: Oracle, source: random.Random, name: str, depth: int = 3) -> dict[str, Any]:
    """Return a random object of a constructor: fields that share a bit are there together."""
    constructor = oracle.by_name[name]
    form: dict[str, Any] = {"_": name}
    there = _random_bits(constructor, source)
    for member in constructor.members:
        if not member.is_word and (not member.word or there.get((member.word, member.bit))):
            form[member.name] = _random_value(oracle, source, member.type, depth)
    return form


def _random_bits(constructor: Constructor, source: random.Random) -> dict[tuple[str, int], bool]:
    """Choose which bits are set: behind a bit that is not, nothing is; a bit of words alone is set by their bits."""
    keys = list(dict.fromkeys((member.word, member.bit) for member in constructor.members if member.word))
    there = {key: source.random() < 0.5 for key in keys}
    above = {member.name: (member.word, member.bit) for member in constructor.members if member.is_word and member.word}
    with_fields = {(member.word, member.bit) for member in constructor.members if not member.is_word}
    for key in keys:
        chain, word = [], key[0]
        while word in above:
            chain.append(above[word])
            word = above[word][0]
        if not all(there[each] for each in chain):
            there[key] = False
    for key in reversed(keys):
        if key not in with_fields:
            inner = [name for name, over in above.items() if over == key]
            there[key] = any(there[other] for other in keys if other[0] in inner)
    return there


def _random_value(oracle: Oracle, source: random.Random, type_: str, depth: int) -> Any:
    if type_ in NUMBERS:
        return struct.unpack(NUMBERS[type_], source.randbytes(struct.calcsize(NUMBERS[type_])))[0]
    if type_ in RAW:
        return source.randbytes(RAW[type_])
    if type_ in TEXTS:
        return source.choice(("", "a", "é", "日本", "x" * 253, "y" * 260))
    if type_ in BLOBS:
        return source.randbytes(source.choice((0, 1, 3, 4, 253, 254, 300)))
    if type_ in ("true", "Bool"):
        return type_ == "true" or source.random() < 0.5
    if "<" in type_:
        few = source.choice((0, 1, 2, 3)) if depth > 0 else 0
        return [_random_value(oracle, source, type_.partition("<")[2][:-1], depth - 1) for _ in range(few)]
    if type_ in oracle.by_name:
        return random_object(oracle, source, type_, _deeper(depth))
    names = [name for name, one in oracle.by_name.items() if type_ in (one.result, "Object")]
    return random_object(oracle, source, names[0] if depth <= 0 else source.choice(names), _deeper(depth))


def _deeper(depth: int) -> int:
    """Return the depth of an object within; a chain of objects that has no end raises RecursionError."""
    if depth < -DEEPEST_OBJECT:
        raise RecursionError("objects within objects without end")
    return depth - 1

"""Classes, writers and readers, generated for one schema (core.telegram.org/mtproto/serialize).

A class has slots for its fields. The code that writes an object and the code that reads one are Python source, made
for one declaration alone and compiled at the first use:

    source.py           the source text, and the functions and tables that generated code calls
    classes.py          the classes, their constructors, and the writers by class
    pack.py             generates writers
    readers.py          the readers by id and by type
    unpack.py           generates readers
    unpack_vectors.py   generates the loops that read vectors of objects

Every entry of a table starts as a stub that compiles the real function, puts it in its own place, and calls it. A
lookup that fails is a failed check: the id or the class is not of the declared type. Threads may race to make the same
entry; `dict.setdefault` decides which one is kept.
"""

from __future__ import annotations

from tl.codegen.classes import Classes
from tl.codegen.pack import value_writer, writer
from tl.codegen.readers import Readers
from tl.codegen.source import LONGEST_GUESS, PACK_FAILURES, UNPACK_FAILURES, Crowded

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.catalog import Catalog
    from tl.codegen.classes import Writer
    from tl.codegen.readers import Generator
    from tl.objects import SchemaOfObject
    from tl.plan import Kind

__all__ = ["LONGEST_GUESS", "PACK_FAILURES", "UNPACK_FAILURES", "Classes", "Compiler", "Crowded"]


class Compiler:
    """The generated code of one schema.

    Attributes:
        classes: the classes of constructors and functions, which know their writers.
        readers: the readers without a bound.
        counting: the readers that count the elements that they make.

    """

    def __init__(self, catalog: Catalog, schema: SchemaOfObject) -> None:
        self.classes = Classes(catalog, schema, writer)
        self.readers = Readers(self.classes, _reading, counting=False)
        self.counting = Readers(self.classes, _reading, counting=True)

    def value_writer(self, kind: Kind) -> Writer:
        """Return `write(value, nesting) -> bytes` for values of a kind."""
        return value_writer(self.classes, kind)


def _reading() -> Generator:
    import tl.codegen.unpack as generator  # at the first use: a program that only writes does not need it

    return generator

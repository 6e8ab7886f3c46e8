"""The classes of a schema as `.pyi` files, from which type checkers and editors learn what the schema declares.

`tl` makes its classes at run time, so that a checker sees none of them. A stub says the same for the checker: the
fields of each constructor, the arguments and the result of each function.

    names.py        where each class stands in the files, and how a file names a class of another file
    annotations.py  the type of a field as Python spells it
    docstrings.py   what an editor shows beside a class
    classes.py      the text of one class
    files.py        the texts of all files
    methods.py      the same for methods that are called in one line
"""

from tl.stubs.files import stub_files
from tl.stubs.methods import method_stub_files

__all__ = ["method_stub_files", "stub_files"]

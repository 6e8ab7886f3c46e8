"""What is uploaded: a file, an open file, or bytes."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mtproto.errors import MTProtoError, OptionError
from mtproto.flows import FileChanged

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["FileNotRead", "Readable", "UploadSource", "Uploadable"]

NAME = "file"
"""The name of what has none."""

# Without O_NONBLOCK the opening of a named pipe would wait for a writer. Windows has no such flag; POSIX no O_BINARY.
_FLAGS = os.O_RDONLY | sum(int(getattr(os, name, 0)) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


class Readable(Protocol):
    """A binary file that is open: its bytes are taken from where it stands, up to its end."""

    def read(self, size: int, /) -> bytes | None:
        """Return so many bytes; fewer at the end."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go to an offset."""

    def tell(self) -> int:
        """Return the offset."""


Uploadable: TypeAlias = "str | Path | bytes | Readable"
"""What can be uploaded: a path, bytes, or a binary file that is open."""


class FileNotRead(MTProtoError):
    """A file can't be read that is to be sent.

    Attributes:
        path: the file, as the caller named it; of an open file, its name.
        reason: what happened, in the words of the system.

    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class UploadSource:
    """What is uploaded. One owner; each method may run in another thread, one at a time.

    Args:
        source: a path, bytes, or an open file.
        name: for who gets the file; None: its own.

    Attributes:
        name: for who gets the file.
        size: in bytes, after `open`.
        mark: after `open`: what a file on disk is known by, as long as nobody writes to it; None for other sources.

    Raises TypeError for a source of another kind.

    """

    def __init__(self, source: Uploadable, name: str | None = None) -> None:
        self._path: Path | None = None
        self._file: Readable | None = None
        self._own: io.FileIO | None = None
        own: object = getattr(source, "name", None)
        if isinstance(source, str | Path):
            own = self._path = Path(source)
        elif isinstance(source, bytes | bytearray | memoryview):
            self._file = io.BytesIO(source)
        elif all(hasattr(source, method) for method in ("read", "seek", "tell")):
            self._file = source
        else:
            raise TypeError(f"a path, bytes or a binary file that is open can be sent, not {type(source).__name__}")
        self._label = Path(own) if isinstance(own, str | Path) and str(own) else Path(NAME)
        self.name = self._label.name if name is None else name
        self.size = 0
        self.mark: Hashable = None
        self._start = 0
        self._state: tuple[int, ...] = ()

    def open(self) -> None:
        """Look at the file, and open it where that is not done.

        Raises:
            FileNotRead: the file is missing, is no ordinary file, or can't be read.
            OptionError: the file is empty; or an open file is one of text, or has no offsets.

        """
        try:
            if self._path is not None:
                self._file = self._own = _opened(self._path)
                self._state = _state(self._own)
                self.mark = (os.path.realpath(self._path), *self._state)
            file = self._there()
            if not isinstance(file.read(0), bytes):
                raise OptionError(f'{self._label} gives text: open the file with the mode "rb"', "source")
            self._start = file.tell()
            self.size = self._end()
        except OptionError:
            raise
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path, or an open file that is closed
            if isinstance(error, io.UnsupportedOperation) or getattr(error, "errno", None) == errno.ESPIPE:
                text = f"{self._label} has no offsets to read from ({error}): give its bytes"
                raise OptionError(text, "source") from error
            raise self._refused(error) from error
        if self.size <= 0:
            raise OptionError(f"{self._label} is empty: a file that is sent has 1 byte at least", "source")

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file; fewer where it ends before.

        Raises:
            FileChanged: somebody has written to the file since `open`.
            FileNotRead: the disk fails.

        """
        try:
            data = self._read(offset, length)
            end = self._end()
            same = self._own is None or self._state == _state(self._own)
        except (OSError, ValueError) as error:
            raise self._refused(error) from error
        if end != self.size or not same:
            raise FileChanged(self.size, end, "while it was sent")
        return data

    def close(self) -> None:
        """Close what `open` has opened. May be called twice."""
        if self._own is not None:
            self._own.close()

    def _read(self, offset: int, length: int) -> bytes:
        file = self._there()
        file.seek(self._start + offset)
        data = file.read(length) or b""
        while len(data) < length and (more := file.read(length - len(data))):
            data += more
        return data

    def _end(self) -> int:
        """Return the bytes between where the file stood and its end."""
        return self._there().seek(0, os.SEEK_END) - self._start

    def _there(self) -> Readable:
        if self._file is None:
            raise ValueError("the file is not open")
        return self._file

    def _refused(self, error: Exception) -> FileNotRead:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return FileNotRead(self._label, f"can't be read: {words}")


def _opened(path: Path) -> io.FileIO:
    """Open an ordinary file; nothing else, which might have no end."""
    handle = os.open(path, _FLAGS)
    try:
        kind = os.fstat(handle).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        return io.FileIO(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _state(file: io.FileIO) -> tuple[int, ...]:
    """Return what changes when somebody writes to a file, or puts another one into its place."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

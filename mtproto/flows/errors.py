"""The errors of flows, beside `LoginCancelled`, `LoggedOut` and the errors of calls, which stand in `mtproto.errors`.

None of them carries what a person typed, a token or key material: not in its text, not in an attribute.
"""

from __future__ import annotations

from mtproto.errors import LocalProtocolError, MTProtoError

__all__ = [
    "BadThumbnail",
    "FileChanged",
    "FileFailed",
    "FlowFailed",
    "HashMismatch",
    "HashesMissing",
    "NoFreshReference",
    "NoSuchFile",
    "NotSupported",
    "PeerNotKnown",
    "UnexpectedAnswer",
    "WrongReference",
]


class FlowFailed(MTProtoError):
    """A flow could not reach its end. The text says why, and what to do."""


class NotSupported(FlowFailed):
    """The server, or the layer of the schema, asks for a way that this library does not go.

    Attributes:
        way: the way: `"a payment before the code"`, or a TL name.

    """

    def __init__(self, way: str, reason: str = "") -> None:
        super().__init__(f"{way} is not supported" + (f": {reason}" if reason else ""))
        self.way = way


class UnexpectedAnswer(FlowFailed):
    """The server's answer is none that the documentation knows at this place. Nothing was done with the answer.

    Attributes:
        method: the TL name of the call.
        answer: the TL name of the answer, or the name of its Python type where it is no object.

    """

    def __init__(self, method: str, answer: object, reason: str = "") -> None:
        found = getattr(answer, "NAME", type(answer).__name__)
        super().__init__(f"{method} was answered by {found}" + (f": {reason}" if reason else ""))
        self.method = method
        self.answer = str(found)


class NoSuchFile(LocalProtocolError, LookupError):
    """What the caller gave carries no file, or none of the wanted size. No call was made.

    Attributes:
        carrier: the TL name of what the caller gave, with its id where it has one.

    """

    def __init__(self, carrier: str, reason: str) -> None:
        super().__init__(f"{carrier} {reason}")
        self.carrier = carrier


class WrongReference(LocalProtocolError, ValueError):
    """What the caller wrote can mean nobody, or not the kind that is wanted. No call was made.

    Attributes:
        reference: what the caller wrote, as it is shown: a text is quoted and cut.

    """

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"{reference} {reason}")
        self.reference = reference


class PeerNotKnown(LocalProtocolError, LookupError):
    """Nothing that is known leads to whom the caller means. The text says what was tried.

    Attributes:
        reference: what the caller wrote, as it is shown.

    """

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"{reference}: {reason}")
        self.reference = reference


class BadThumbnail(MTProtoError, ValueError):
    """The bytes of a thumbnail are none: nothing can be shown."""


class FileFailed(FlowFailed):
    """A file could not be fetched or sent whole. The text says why."""


class FileChanged(FileFailed):
    """The file on the server is longer or shorter than it was said to be; or somebody writes to a file that is sent.

    Attributes:
        size: the size in bytes that was said.
        found: where the file ends; for a file that is longer, a number above `size`. The same as `size` if the file
            has other bytes.

    """

    def __init__(self, size: int, found: int, how: str = "on the server") -> None:
        seen = f"ends after {found} bytes, not after {size}"
        if found >= size:
            seen = f"goes on behind its {size} bytes" if found > size else "has other bytes"
        super().__init__(f"the file has changed {how}: it {seen}")
        self.size = size
        self.found = found


class HashMismatch(FileFailed):
    """Bytes of the file have another SHA-256 than the server says, twice. None of them was given out.

    Attributes:
        start: the first of the bytes.
        end: the end of them.

    """

    def __init__(self, start: int, end: int) -> None:
        super().__init__(f"bytes {start} to {end} of the file do not have the SHA-256 that the server says")
        self.start = start
        self.end = end


class HashesMissing(FileFailed):
    """The server tells no SHA-256 for some bytes, so that they can't be verified. None of them was given out.

    Attributes:
        start: the first of the bytes.

    """

    def __init__(self, start: int) -> None:
        super().__init__(f"the server tells no SHA-256 for the bytes of the file from {start} on")
        self.start = start


class NoFreshReference(FileFailed):
    """The file reference is not valid any more, and could not be made fresh. The text names the last cause."""

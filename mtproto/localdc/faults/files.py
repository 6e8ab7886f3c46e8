"""What faults do to the parts and the hashes of files (core.telegram.org/api/files, core.telegram.org/cdn)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from mtproto.errors import LocalProtocolError
from mtproto.localdc.faults.armed import ArmedFaults, Effect

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CDN_FILE", "CDN_HASH", "FILE_HASH", "REUPLOAD", "FileFaults", "NamedFileFaults", "PartAnswer"]

GET_FILE, GET_CDN_FILE, REUPLOAD = "upload.getFile", "upload.getCdnFile", "upload.reuploadCdnFile"

FILE_HASH, CDN_HASH = "a hash of a file", "a hash of a CDN file"
"""What stands for the method where a hash is told, whatever call tells it."""

CDN_FILE = "a CDN file"
"""What stands for the method where a CDN DC looks whether it has a file."""

LONGEST_STALL = 86_400
"""Seconds that an answer may be kept back."""


class PartAnswer(NamedTuple):
    """The answer to a call about a file, as it is to go out; a fault replaces it.

    Attributes:
        method: the TL name of the method, or what stands for it.
        data: the bytes of the part, or the hash.
        offset: where the part begins.
        size: the bytes of the file.
        may_be_resized: whether the file is one that may change: a document.
        refusal: code and name of an error that goes out instead; None for none.
        seconds: how long the answer is kept back.
        is_lost: whether a CDN DC has the file no more.

    """

    method: str
    data: bytes = b""
    offset: int = 0
    size: int = 0
    may_be_resized: bool = False
    refusal: tuple[int, str] | None = None
    seconds: float = 0.0
    is_lost: bool = False


class NamedFileFaults(ABC):
    """The faults of files that have a name. Subclasses keep the armed faults."""

    __slots__ = ()

    @abstractmethod
    def change_part(self, name: str, method: str, change: Callable[[PartAnswer], PartAnswer | None]) -> None:
        """Arm the fault `name`: the next answer to a method, for which `change` returns one, is what it returns."""

    def short_part(self, by: int = 1024) -> None:
        """Send the next part of a file so many bytes short, though the file goes on."""
        _require(by > 0, "short_part", "from 1 byte")
        self.change_part(
            "short_part", GET_FILE, lambda part: part._replace(data=part.data[:-by]) if part.data else None
        )

    def stalled_part(self, seconds: int = 600) -> None:
        """Keep the answer with the next part of a file back for so many seconds; other calls are answered meanwhile."""
        _require(0 < seconds <= LONGEST_STALL, "stalled_part", f"from 1 to {LONGEST_STALL} seconds")
        self.change_part("stalled_part", GET_FILE, lambda part: part._replace(seconds=seconds))

    def wrong_part_bytes(self) -> None:
        """Send the next part of a file with one byte changed."""
        self.change_part("wrong_part_bytes", GET_FILE, _with_another_byte)

    def wrong_file_hash(self) -> None:
        """Tell a wrong hash in the next answer to upload.getFileHashes."""
        self.change_part("wrong_file_hash", FILE_HASH, _with_another_byte)

    def file_shrinks(self) -> None:
        """Let a document end where the next part begins that is not its first."""
        self.change_part(
            "file_shrinks", GET_FILE, lambda part: part._replace(size=part.offset) if _is_between(part) else None
        )

    def file_grows(self, by: int = 4096) -> None:
        """Let a document be so many bytes longer (zeros) when the next part is asked for that is not its first."""
        _require(by > 0, "file_grows", "from 1 byte")
        self.change_part(
            "file_grows", GET_FILE, lambda part: part._replace(size=part.size + by) if _is_between(part) else None
        )

    def file_reference_expired(self) -> None:
        """Refuse the next upload.getFile with FILE_REFERENCE_EXPIRED."""
        self._refuse("file_reference_expired", GET_FILE, 400, "FILE_REFERENCE_EXPIRED")

    def file_reference_invalid(self) -> None:
        """Refuse the next upload.getFile with FILE_REFERENCE_INVALID."""
        self._refuse("file_reference_invalid", GET_FILE, 400, "FILE_REFERENCE_INVALID")

    def file_reference_empty(self) -> None:
        """Refuse the next upload.getFile with FILE_REFERENCE_EMPTY."""
        self._refuse("file_reference_empty", GET_FILE, 400, "FILE_REFERENCE_EMPTY")

    def file_flood_wait(self, seconds: int = 3) -> None:
        """Refuse the next upload.getFile with FLOOD_WAIT_X."""
        _require(seconds >= 0, "file_flood_wait", "from 0 seconds")
        self._refuse("file_flood_wait", GET_FILE, 420, f"FLOOD_WAIT_{seconds}")

    def file_premium_wait(self, seconds: int = 3) -> None:
        """Refuse the next upload.getFile with FLOOD_PREMIUM_WAIT_X, as accounts without Premium are slowed down."""
        _require(seconds >= 0, "file_premium_wait", "from 0 seconds")
        self._refuse("file_premium_wait", GET_FILE, 420, f"FLOOD_PREMIUM_WAIT_{seconds}")

    def wrong_cdn_hash(self) -> None:
        """Tell a wrong hash the next time that hashes of a CDN file are told."""
        self.change_part("wrong_cdn_hash", CDN_HASH, _with_another_byte)

    def wrong_cdn_bytes(self) -> None:
        """Let a CDN DC send the next part with one byte changed."""
        self.change_part("wrong_cdn_bytes", GET_CDN_FILE, _with_another_byte)

    def cdn_file_lost(self) -> None:
        """Let a CDN DC lose the file that is asked for next: it has to be uploaded there again."""
        self.change_part("cdn_file_lost", CDN_FILE, lambda part: part._replace(is_lost=True))

    def file_token_invalid(self) -> None:
        """Refuse the next upload.getCdnFile with FILE_TOKEN_INVALID."""
        self._refuse("file_token_invalid", GET_CDN_FILE, 400, "FILE_TOKEN_INVALID")

    def request_token_invalid(self) -> None:
        """Refuse the next upload.reuploadCdnFile with REQUEST_TOKEN_INVALID."""
        self._refuse("request_token_invalid", REUPLOAD, 400, "REQUEST_TOKEN_INVALID")

    def _refuse(self, name: str, method: str, code: int, error: str) -> None:
        self.change_part(name, method, lambda part: part._replace(refusal=(code, error)))


class FileFaults:
    """The faults of files that are armed at one DC.

    Args:
        happened: told the name of each fault that has happened.

    """

    def __init__(self, happened: Callable[[str], None]) -> None:
        self._parts: ArmedFaults[PartAnswer, PartAnswer] = ArmedFaults(happened)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def clear(self) -> None:
        """Forget the faults that wait."""
        self._parts.clear()

    def change(self, name: str, method: str, change: Callable[[PartAnswer], PartAnswer | None]) -> None:
        """Arm a fault; see `NamedFileFaults.change_part`."""

        def act(part: PartAnswer) -> Effect[PartAnswer] | None:
            changed = change(part) if part.method == method else None
            return None if changed is None else Effect(changed)

        self._parts.arm(name, act)

    def answered(self, part: PartAnswer) -> PartAnswer:
        """Return what goes out in place of an answer."""
        effect = self._parts.show(part)
        return part if effect is None else effect.instead


def _require(condition: bool, fault: str, rule: str) -> None:
    if not condition:
        raise LocalProtocolError(f"{fault}: {rule}")


def _is_between(part: PartAnswer) -> bool:
    return part.may_be_resized and 0 < part.offset < part.size


def _with_another_byte(part: PartAnswer) -> PartAnswer | None:
    """Change the byte in the middle; an empty part has none."""
    at = len(part.data) // 2
    return part._replace(data=part.data[:at] + bytes((part.data[at] ^ 1,)) + part.data[at + 1 :]) if part.data else None

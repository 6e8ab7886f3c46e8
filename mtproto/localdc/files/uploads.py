"""Files that clients upload in parts, until a method uses them (core.telegram.org/api/files#uploading-files)."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections import Counter, deque
from itertools import takewhile
from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Uploads"]

LARGEST_PART = 512 * 1024
"""Bytes of a part; a larger one is refused with `FILE_PART_TOO_BIG`."""

SMALL_FILE = 10 * 1024 * 1024
"""Bytes that `upload.saveFilePart` takes for one file; more are refused with `FILE_PARTS_INVALID`."""

PARTS_AT_MOST = 8_000
"""Parts of a file, as of premium accounts."""

UPLOADS_OF_ACCOUNT = 64
"""Files of one account that are kept in parts; one more, and that which got a part longest ago is forgotten."""

BYTES_OF_ACCOUNT = 64 * 1024 * 1024
"""Bytes of all these files; a file that is larger alone is refused with `FILE_PARTS_INVALID`, and the log says so."""

BYTES_IN_ALL = 128 * 1024 * 1024
"""The same of all accounts; beyond, the account that has most forgets the file that got a part longest ago."""

UPLOAD_AGE = 3_600.0
"""Seconds after which a file of which no part came any more is forgotten."""

COST_OF_PART = 128
"""Bytes that a part is counted for beside its own."""

REFUSED_NOTED = 64
"""Files that are too large and of which the log told already, so that each is told of once."""

logger = logging.getLogger(__name__)


class TooLarge(Refused):
    """A file has more bytes than an account may have."""

    def __init__(self) -> None:
        super().__init__(400, "FILE_PARTS_INVALID")


class ArrivingFile:
    """One file that is uploaded.

    Attributes:
        is_big: whether it comes by `upload.saveBigFilePart`.
        bytes: of the parts that are kept.
        last_at: when the last part came (Unix seconds).

    """

    def __init__(self, *, is_big: bool) -> None:
        self.is_big = is_big
        self.bytes = 0
        self.last_at = 0.0
        self._total = -1
        self._parts: dict[int, bytes] = {}

    @property
    def cost(self) -> int:
        """Bytes that the file takes, beside its own."""
        return self.bytes + COST_OF_PART * len(self._parts)

    def save(self, number: int, data: bytes, total: int, now: float) -> None:
        """Keep a part; one that came already is replaced. `total` is how many there are; -1 if nobody knows yet."""
        if total != -1 and self._total not in (-1, total):
            raise Refused(400, "FILE_PARTS_INVALID")
        if total not in (-1, number + 1):
            _check_size(len(data))
            if self._part_size() not in (None, len(data)):
                raise Refused(400, "FILE_PART_SIZE_CHANGED")
            if (total - 1) * len(data) >= BYTES_OF_ACCOUNT:
                raise TooLarge
        grown = self.bytes + len(data) - len(self._parts.get(number, b""))
        if grown > BYTES_OF_ACCOUNT:
            raise TooLarge
        if not self.is_big and grown > SMALL_FILE:
            raise Refused(400, "FILE_PARTS_INVALID")
        self._total = self._total if total == -1 else total
        self._parts[number] = data
        self.bytes, self.last_at = grown, now

    def _part_size(self) -> int | None:
        """Return the bytes of a part that is not the last, if there is one."""
        return next((len(data) for number, data in self._parts.items() if number + 1 != self._total), None)

    def join(self, parts: int) -> bytes:
        """Return the whole file, of so many parts."""
        if not 0 < parts <= PARTS_AT_MOST or self._total not in (-1, parts) or max(self._parts) >= parts:
            raise Refused(400, "FILE_PARTS_INVALID")
        missing = next((number for number in range(parts) if number not in self._parts), None)
        if missing is not None:
            raise Refused(400, f"FILE_PART_{missing}_MISSING")
        data = [self._parts[number] for number in range(parts)]
        sizes = {len(part) for part in data[:-1]}
        for size in sizes:
            _check_size(size)
        if len(sizes) > 1 or (sizes and len(data[-1]) > max(sizes)):
            raise Refused(400, "FILE_PART_SIZE_CHANGED")
        return b"".join(data)


def _check_size(size: int) -> None:
    """Refuse a size that no part but the last may have."""
    if size % 1024 or LARGEST_PART % size:
        raise Refused(400, "FILE_PART_SIZE_INVALID")


class Uploads:
    """The files that are uploaded at one DC, by account and by the id that the client chose.

    Args:
        clock: gives the Unix time in seconds.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._uploads: dict[int, dict[int, ArrivingFile]] = {}  # the file that got a part last comes last
        self._costs: Counter[int] = Counter()  # by account
        self._refused: deque[tuple[int, int]] = deque(maxlen=REFUSED_NOTED)

    @property
    def cost(self) -> int:
        """Bytes that all files take."""
        return self._costs.total()

    def save(self, user_id: int, file_id: int, number: int, data: bytes, total: int | None = None) -> None:
        """Keep a part of a file.

        Args:
            user_id: the account.
            file_id: what the client chose.
            number: which part, from 0.
            data: the bytes.
            total: of a big file, how many parts there are; -1 if the client does not know yet; None for a small file.

        Refuses with `FILE_PART_EMPTY`, `FILE_PART_INVALID`, `FILE_PART_TOO_BIG`, `FILE_PARTS_INVALID`; parts of a big
        file also with `FILE_PART_SIZE_INVALID` and `FILE_PART_SIZE_CHANGED`.

        """
        _check_part(number, len(data), total)
        mine = self._uploads.get(user_id, {})
        upload = mine.get(file_id)
        if upload is None or upload.is_big is (total is None):
            upload = ArrivingFile(is_big=total is not None)
        before = upload.cost
        try:
            upload.save(number, data, -1 if total is None else total, self._clock())
        except TooLarge:
            self._tell_of(user_id, file_id)
            raise
        if mine.get(file_id) is not upload:
            self._forget(user_id, file_id)
        else:
            del mine[file_id]
        self._uploads.setdefault(user_id, {})[file_id] = upload
        self._costs[user_id] += upload.cost - before
        self._make_room(user_id)

    def take(self, user_id: int, file_id: int, parts: int, md5: str = "") -> bytes:
        """Return a file that was uploaded; it may be used again.

        Refuses with `FILE_PARTS_INVALID`, `FILE_PART_X_MISSING`, `MD5_CHECKSUM_INVALID`, and with what `save` refuses
        of a part, where only the whole file shows it.

        Args:
            user_id: the account.
            file_id: what the client chose.
            parts: how many parts the client says there are.
            md5: the MD5 of the file (hexadecimal); empty for none.

        """
        upload = self._uploads.get(user_id, {}).get(file_id)
        if upload is None:
            raise Refused(400, "FILE_PART_0_MISSING" if parts > 0 else "FILE_PARTS_INVALID")
        data = upload.join(parts)
        if md5 and not hmac.compare_digest(hashlib.md5(data).hexdigest().encode(), md5.lower().encode()):  # noqa: S324  # the protocol's
            raise Refused(400, "MD5_CHECKSUM_INVALID")
        return data

    def forget_old(self) -> None:
        """Forget files of which no part came for an hour; called now and then."""
        before = self._clock() - UPLOAD_AGE
        for user_id, mine in list(self._uploads.items()):
            for file_id, _ in list(takewhile(lambda kept: kept[1].last_at <= before, mine.items())):
                self._forget(user_id, file_id)

    def _make_room(self, user_id: int) -> None:
        mine = self._uploads[user_id]
        while len(mine) > UPLOADS_OF_ACCOUNT or (len(mine) > 1 and self._costs[user_id] > BYTES_OF_ACCOUNT):
            self._forget(user_id, next(iter(mine)))
        while self.cost > BYTES_IN_ALL:  # the file that got a part now stays
            others = [each for each in self._costs if each != user_id or len(mine) > 1]
            if not others:
                return
            most = max(others, key=lambda each: self._costs[each])
            self._forget(most, next(iter(self._uploads[most])))

    def _tell_of(self, user_id: int, file_id: int) -> None:
        if (user_id, file_id) not in self._refused:
            self._refused.append((user_id, file_id))
            logger.warning(
                "the upload %d of user %d is refused: this data centre takes files of up to %d bytes",
                file_id,
                user_id,
                BYTES_OF_ACCOUNT,
            )

    def _forget(self, user_id: int, file_id: int) -> None:
        mine = self._uploads.get(user_id, {})
        forgotten = mine.pop(file_id, None)
        if forgotten is None:
            return
        self._costs[user_id] -= forgotten.cost
        if not mine:
            del self._uploads[user_id], self._costs[user_id]


def _check_part(number: int, size: int, total: int | None) -> None:
    if total is not None and total != -1 and not 0 < total <= PARTS_AT_MOST:
        raise Refused(400, "FILE_PARTS_INVALID")
    if not 0 <= number < (PARTS_AT_MOST if total is None or total == -1 else total):
        raise Refused(400, "FILE_PART_INVALID")
    if not size:
        raise Refused(400, "FILE_PART_EMPTY")
    if size > LARGEST_PART:
        raise Refused(400, "FILE_PART_TOO_BIG")

"""The sources of an account's updates: the account's own and those of its channels, bounded in number and in size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.flows.update_boxes import UpdateSource

if TYPE_CHECKING:
    from collections.abc import Collection

    from mtproto.flows.update_state import ReadState

__all__ = ["CHANNELS_REMEMBERED", "PIECES_HELD", "PIECE_BYTES_HELD", "UpdateSources"]

CHANNELS_REMEMBERED = 4096
"""Channels whose numbers are kept; the one of which nothing is missing and that was silent longest is forgotten."""

PIECES_HELD = 4096
"""Updates that wait for those before them; beyond that a difference tells them again."""

PIECE_BYTES_HELD = 4 << 20
"""The same in bytes, as the updates came."""

ACCOUNT = 0
"""The key of the account's own source."""


class UpdateSources:
    """The sources, and which of them something is to be done for.

    Args:
        known: how far the updates were read.

    Attributes:
        account: the account's own source.

    """

    def __init__(self, known: ReadState) -> None:
        numbers = {name: known.account.get(name) for name in ("pts", "qts", "seq")}
        self.account = UpdateSource(ACCOUNT, numbers, skip=known.told.get(ACCOUNT, ()))
        self._channels = {
            key: UpdateSource(key, {"pts": pts}, found, known.told.get(key, ()))
            for key, (pts, found) in known.channels.items()
        }
        self._idle = dict(self._channels)  # the one that was silent longest comes first
        self._active: dict[int, UpdateSource] = {}
        self._held: dict[int, tuple[int, int]] = {}
        self._pieces = self._bytes = 0

    @property
    def known(self) -> list[UpdateSource]:
        """The account's source, and those of the channels whose number is known."""
        return [self.account, *(source for source in self._channels.values() if source.known)]

    @property
    def active(self) -> Collection[UpdateSource]:
        """Those for which something is to be done as time passes."""
        return self._active.values()

    @property
    def channels(self) -> Collection[int]:
        """The ids of the channels that are remembered."""
        return self._channels.keys()

    def get(self, key: int) -> UpdateSource | None:
        """Return the source of a channel that is remembered."""
        return self._channels.get(key)

    def add(self, key: int) -> tuple[UpdateSource, UpdateSource | None]:
        """Return the source of a channel that is new, and the one that is forgotten for it."""
        gone = None
        if len(self._channels) >= CHANNELS_REMEMBERED:
            gone = next(iter(self._idle.values()), None) or next(
                source for source in self._active.values() if source is not self.account
            )
            self._forget(gone)
        source = self._channels[key] = self._idle[key] = UpdateSource(key, {"pts": None})
        return source, gone

    def _forget(self, source: UpdateSource) -> None:
        self._count(source.key, 0, 0)
        for sources in (self._channels, self._idle, self._active):
            sources.pop(source.key, None)

    def has_room(self, size: int) -> bool:
        """Tell whether one more piece of so many bytes may wait."""
        return self._pieces < PIECES_HELD and self._bytes + size <= PIECE_BYTES_HELD

    def lag(self, *sources: UpdateSource) -> None:
        """Let differences tell what comes next of some sources."""
        for source in sources:
            source.fall_behind()
            self.touch(source)

    def touch(self, source: UpdateSource) -> None:
        """Note that a source has changed."""
        if source is not self.account and self._channels.get(source.key) is not source:
            return  # it is forgotten
        self._count(source.key, source.held, source.size)
        self._idle.pop(source.key, None)
        if source.idle:
            self._active.pop(source.key, None)
            if source is not self.account:
                self._idle[source.key] = source
        else:
            self._active[source.key] = source

    def _count(self, key: int, pieces: int, size: int) -> None:
        """Note what waits of a source."""
        before, before_size = self._held.pop(key, (0, 0))
        self._pieces += pieces - before
        self._bytes += size - before_size
        if pieces:
            self._held[key] = pieces, size

    def access_hashes(self) -> dict[int, int | None]:
        """Return by channel the access hash."""
        return {key: source.access_hash for key, source in self._channels.items()}

    def waiting(self) -> dict[int, int]:
        """Return by channel whose number is not known the number before the first update that waits."""
        waiting = {}
        for key in self._held:
            source = self._channels.get(key)
            first = None if source is None or source.known else source.boxes["pts"].first_held()
            if first is not None:
                waiting[key] = first
        return waiting

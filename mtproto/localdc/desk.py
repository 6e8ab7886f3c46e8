"""What the handlers of a local DC share: the world, the address, file references, what was made before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.cache import Remembered
from mtproto.localdc.executions import Executions
from mtproto.localdc.references import FileReferences

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.world.model import World

__all__ = ["Desk"]

PAGES = 64
"""Pages of photos that are kept as bytes: about 8 KiB each, packed."""

BYTES_OF_PAGES = 4 * 1024 * 1024
"""Bytes of these at most."""

FILES = 64
"""Files that are kept: a download in parts asks for the same one again and again."""

BYTES_OF_FILES = 16 * 1024 * 1024
"""Bytes of these at most; but one file is kept however large it is."""


class Desk:
    """One for each DC.

    Attributes:
        world: who is there.
        dc_id: the number of this DC.
        clock: gives the Unix time in seconds.
        address: the host and port that clients are told to connect to.
        references: the file references of photos.
        pages: answers that are the same for all, as bytes.
        files: the files of photos.
        executions: how often each call with a `random_id` was executed.
        keys: what is remembered with each auth key, by the key's id.
        keys_changed: is called when something that belongs to an auth key changed.
        bind: lets a temporary key stand for a permanent one, and ends what it stood for before.
        drop: forgets an auth key.

    """

    def __init__(self, world: World, dc_id: int, clock: Callable[[], float]) -> None:
        self.world = world
        self.dc_id = dc_id
        self.clock = clock
        self.address: tuple[str, int] = ("", 0)
        self.references = FileReferences()
        self.pages: Remembered[bytes] = Remembered(PAGES, BYTES_OF_PAGES)
        self.files: Remembered[bytes | None] = Remembered(FILES, BYTES_OF_FILES)
        self.executions = Executions(clock)
        self.keys: dict[int, KeyRecord] = {}
        self.keys_changed: Callable[[], None] = lambda: None
        self.bind: Callable[[KeyRecord, KeyRecord], None] = lambda temporary, permanent: None
        self.drop: Callable[[KeyRecord], None] = lambda record: None

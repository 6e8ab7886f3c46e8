"""What all calls of a local DC share: the world, the auth keys, the address, file references, what was made before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.cache import Remembered
from mtproto.localdc.executions import Executions
from mtproto.localdc.references import FileReferences

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.auth_keys import AuthKeys
    from mtproto.localdc.world import World

__all__ = ["DCState"]

PAGES = 64
"""Pages of photos that are kept as bytes: about 8 KiB each, packed."""

BYTES_OF_PAGES = 4 * 1024 * 1024
"""Bytes of all these pages at most."""

FILES = 64
"""Files that are kept: a download in parts asks for one file many times."""

BYTES_OF_FILES = 16 * 1024 * 1024
"""Bytes of all these files at most; one file is kept whatever its size."""


class DCState:
    """What all calls of one DC share.

    Args:
        world: users and pictures.
        dc_id: the number of this DC.
        keys: the auth keys.
        clock: gives the Unix time in seconds.

    Attributes:
        world: as above.
        dc_id: as above.
        keys: as above.
        clock: as above.
        address: the host and port that clients are told to connect to.
        references: the file references of photos.
        pages: answers that are the same for all, as bytes.
        files: the files of photos.
        executions: how often each call with a `random_id` was executed.

    """

    def __init__(self, world: World, dc_id: int, keys: AuthKeys, clock: Callable[[], float]) -> None:
        self.world = world
        self.dc_id = dc_id
        self.keys = keys
        self.clock = clock
        self.address: tuple[str, int] = ("", 0)
        self.references = FileReferences()
        self.pages: Remembered[bytes] = Remembered(PAGES, BYTES_OF_PAGES)
        self.files: Remembered[bytes | None] = Remembered(FILES, BYTES_OF_FILES)
        self.executions = Executions(clock)

    def listens_at(self, host: str, port: int) -> None:
        """Note the address that clients are told to connect to."""
        self.address = host, port

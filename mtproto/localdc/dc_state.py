"""What all calls of a local DC share: the world, the auth keys, the address, file references, what was made before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.cache import Remembered
from mtproto.localdc.executions import Executions
from mtproto.localdc.faults import FileFaults
from mtproto.localdc.files import Uploads
from mtproto.localdc.network_state import NetworkState
from mtproto.localdc.orders import Orders
from mtproto.localdc.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.accounts import Accounts
    from mtproto.localdc.auth_keys import AuthKeys
    from mtproto.localdc.pushes import CountedPush
    from mtproto.localdc.references import FileReferences
    from mtproto.localdc.world import User, World
    from tl import TLObject

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
        shared: what the DCs of a network share; None for a DC that is alone.
        is_cdn: whether this is a CDN DC: it answers `upload.getCdnFile` alone.

    Attributes:
        world: as above.
        dc_id: as above.
        keys: as above.
        clock: as above.
        shared: as above.
        is_cdn: as above.
        address: the host and port that clients are told to connect to.
        pages: answers that are the same for all, as bytes.
        files: the files of photos.
        orders: what a program ordered for single methods.
        transcript: which calls came, and what became of them.
        executions: how often each call with a `random_id` was executed.
        uploads: the files that clients upload, until they are used.
        file_faults: what goes wrong with files, on command.

    """

    def __init__(
        self,
        world: World,
        dc_id: int,
        keys: AuthKeys,
        clock: Callable[[], float],
        shared: NetworkState | None = None,
        *,
        is_cdn: bool = False,
    ) -> None:
        self.world = world
        self.dc_id = dc_id
        self.is_cdn = is_cdn
        self.keys = keys
        self.clock = clock
        self.address: tuple[str, int] = ("", 0)
        self.shared = NetworkState(world, (dc_id,), clock) if shared is None else shared
        self.pages: Remembered[bytes] = Remembered(PAGES, BYTES_OF_PAGES)
        self.files: Remembered[bytes | None] = Remembered(FILES, BYTES_OF_FILES)
        self.executions = Executions(clock)
        self.uploads = Uploads(clock)
        self.file_faults = FileFaults(lambda _name: None)
        self.orders = Orders()
        self.transcript = Transcript()
        self._notify: Callable[[int, TLObject], None] = lambda _key_id, _update: None
        self._tell: Callable[[CountedPush], None] = lambda _push: None
        self._lengthens: Callable[[], bool] = lambda: False
        self.shared.join(self)

    @property
    def accounts(self) -> Accounts:
        """Who may log in, here and at the other DCs of the network."""
        return self.shared.accounts

    @property
    def references(self) -> FileReferences:
        """The file references of photos and documents."""
        return self.shared.references

    def files_dc(self, user: User) -> int:
        """Return the DC that has the files of a user's photos."""
        account = self.shared.accounts.of(user.id)
        return self.dc_id if account is None else account.files_dc

    def notify_by(self, notify: Callable[[int, TLObject], None]) -> None:
        """Have this function send an update to the sessions of a key."""
        self._notify = notify

    def tell_by(self, tell: Callable[[CountedPush], None], lengthens: Callable[[], bool]) -> None:
        """Have these functions send an update as `tell` does, and say whether a difference is to be too long."""
        self._tell, self._lengthens = tell, lengthens

    def notify(self, key_id: int, update: TLObject) -> None:
        """Send an update, of the type `Updates`, to the sessions of a key."""
        self._notify(key_id, update)

    def tell(self, push: CountedPush) -> None:
        """Send an update to those sessions of an account at this DC that want updates."""
        self._tell(push)

    def lengthens(self) -> bool:
        """Say whether a program ordered that the difference that is asked for now is too long."""
        return self._lengthens()

    def misbehave_by(self, file_faults: FileFaults) -> None:
        """Have these faults happen to files."""
        self.file_faults = file_faults

    def listens_at(self, host: str, port: int) -> None:
        """Note the address that clients are told to connect to."""
        self.address = host, port

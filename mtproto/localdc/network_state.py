"""What several DCs of one network share: accounts, and what one DC gave out and another takes."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from mtproto.localdc.accounts import Accounts, AccountsFile, Export, Issued, LoginToken, PhoneCode, SRPAttempt
from mtproto.localdc.chats import Boxes, LocalChannel, MessagesFile
from mtproto.localdc.files import Albums, CdnFiles, Documents, FilesAsked, KeptFiles
from mtproto.localdc.references import FileReferences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mtproto.localdc.auth_keys import AuthKeys
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.pushes import CountedPush
    from mtproto.localdc.world import World
    from tl import TLObject

__all__ = ["NetworkMember", "NetworkState"]

CODES = 1000
CODE_SECONDS = 300.0
"""Codes that are waited for, and how long each is good."""

TOKENS = 1000
TOKEN_SECONDS = 300.0
"""Login tokens that are remembered, and how long: one that is too old is told from one that never was."""

EXPORTS = 256
EXPORT_SECONDS = 60.0
"""Exported authorizations that nobody imported yet, and how long each is good."""

ATTEMPTS = 1000
ATTEMPT_SECONDS = 300.0
"""Challenges of SRP that nobody answered yet, and how long each is good."""

CHANNEL_NAME = "the_square"
"""The user name of the channel that there is."""


class NetworkMember(Protocol):
    """What the DCs of a network know of one another."""

    @property
    def dc_id(self) -> int:
        """The number of the DC."""

    @property
    def is_cdn(self) -> bool:
        """Whether the DC is a CDN DC."""

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect to; port 0 for a DC that was not started yet."""

    @property
    def keys(self) -> AuthKeys:
        """The auth keys."""

    def notify(self, key_id: int, update: TLObject) -> None:
        """Send an update, of the type `Updates`, to the sessions of a key."""

    def tell(self, push: CountedPush) -> None:
        """Send an update to those sessions of an account at this DC that want updates."""


class NetworkState:
    """What the DCs of a network share; a DC that is alone has one of its own.

    Args:
        world: users and pictures.
        dc_ids: the DCs there are to be.
        clock: gives the Unix time in seconds.
        random: a cryptographically secure source of bytes.
        path: the file that keeps the accounts, locked from `open` to `close`; None for none.
        messages: the same for the messages.

    Attributes:
        accounts: who may log in.
        codes: codes that were sent to phones, by `phone_code_hash`.
        tokens: tokens of QR codes.
        exports: authorizations that are on their way to another DC, by the secret bytes.
        attempts: challenges of SRP, by `srp_id`.
        references: the file references of photos and documents.
        documents: the documents.
        cdn_files: what CDN DCs and their masters agree on.
        albums: the profile photos of all users.
        kept_files: what was uploaded and is kept, until a newer upload needs the room.
        files_asked: which parts of files were asked for.
        boxes: the messages of all accounts, and what happened to them.
        channel: a group of which all users of the world are members.
        dcs: the DCs, by id, CDN DCs too.

    """

    def __init__(
        self,
        world: World,
        dc_ids: Sequence[int],
        clock: Callable[[], float],
        random: Callable[[int], bytes] = os.urandom,
        path: Path | None = None,
        messages: Path | None = None,
    ) -> None:
        self.random = random
        self.accounts = Accounts(world, dc_ids, random)
        self.codes: Issued[str, PhoneCode] = Issued(CODES, CODE_SECONDS, clock)
        self.tokens: Issued[bytes, LoginToken] = Issued(TOKENS, TOKEN_SECONDS, clock)
        self.exports: Issued[bytes, Export] = Issued(EXPORTS, EXPORT_SECONDS, clock)
        self.attempts: Issued[int, SRPAttempt] = Issued(ATTEMPTS, ATTEMPT_SECONDS, clock)
        self.references = FileReferences()
        self.documents = Documents()
        self.cdn_files = CdnFiles(random)
        self.albums = Albums(world)
        self.kept_files = KeptFiles()
        self.files_asked = FilesAsked()
        self.boxes = Boxes()
        self.channel = LocalChannel("The square", CHANNEL_NAME, [user.id for user in world.users])
        self._file = None if path is None else AccountsFile(path, self.accounts, self.codes)
        self._messages = None if messages is None else MessagesFile(messages, self.boxes, self.channel)
        self._dcs: dict[int, NetworkMember] = {}
        self.dcs: Mapping[int, NetworkMember] = MappingProxyType(self._dcs)

    def begin_messages_at(self, pts: int) -> None:
        """Let all boxes, and the channel, begin at this state."""
        self.boxes.begin_at(pts)
        self.channel.begin_at(pts)

    def tell(self, push: CountedPush) -> None:
        """Send an update to those sessions of an account, at all DCs, that want updates."""
        for dc in self._dcs.values():
            dc.tell(push)

    def keep(self) -> None:
        """Write the accounts to their file, if there is one and they have changed."""
        if self._file is not None:
            self._file.keep()

    def keep_messages(self) -> None:
        """Write the messages to their file, if there is one and they have changed."""
        if self._messages is not None:
            self._messages.keep()

    def open(self) -> None:
        """Lock the files of accounts and messages and take them over; does nothing while these are open.

        Raises:
            StoreError: a file can't be had; none is locked then.

        """
        if self._file is not None:
            self._file.open()
        if self._messages is not None:
            try:
                self._messages.open()
            except BaseException:
                self.close()
                raise
        for user_id, box in self.boxes.items():  # who has exchanged messages is known, as before
            for dialog in box.dialogs:
                if dialog.peer_id > 0:
                    self.accounts.acquaintances.meet(user_id, dialog.peer_id)

    def close(self) -> None:
        """Write accounts and messages, and let others use their files. May be called twice."""
        if self._file is not None:
            self._file.keep()
            self._file.close()
        if self._messages is not None:
            self._messages.close()

    @property
    def cdn_dcs(self) -> list[NetworkMember]:
        """The CDN DCs."""
        return [dc for dc in self._dcs.values() if dc.is_cdn]

    def join(self, dc: NetworkMember) -> None:
        """Take a DC in."""
        self._dcs[dc.dc_id] = dc

    def logins(self, user_id: int) -> Iterator[tuple[NetworkMember, KeyRecord]]:
        """Yield all keys with which a user is logged in, imported authorizations too, and their DCs."""
        for dc in self._dcs.values():
            for record in list(dc.keys.records.values()):
                if record.user_id == user_id:
                    yield dc, record

    def log_out(self, user_id: int, authorization: int) -> None:
        """Forget an authorization at all DCs."""
        self._for_each(user_id, authorization, lambda record: record.log_out())

    def revoke(self, user_id: int, authorization: int) -> None:
        """End an authorization at all DCs: its next calls are refused with `401 SESSION_REVOKED`."""
        self._for_each(user_id, authorization, lambda record: record.revoke())

    def _for_each(self, user_id: int, authorization: int, do: Callable[[KeyRecord], None]) -> None:
        touched = {}
        for dc, record in list(self.logins(user_id)):
            if record.authorization == authorization:
                do(record)
                touched[dc.dc_id] = dc
        for dc in touched.values():
            dc.keys.keep()

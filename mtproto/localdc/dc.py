"""`LocalDC`: an MTProto data centre on a loopback socket, for asyncio programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from mtproto._options import named_options
from mtproto.localdc.data_centre import PUSH_TIMEOUT, DataCentre
from mtproto.localdc.dc_options import DCOptions
from mtproto.localdc.face import DataCentreFace
from mtproto.localdc.login_tokens import accept_link

if TYPE_CHECKING:
    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.files import LocalDocument
    from tl import TLObject

__all__ = ["LocalDC"]


class LocalDC(DataCentreFace):
    """An MTProto data centre on a loopback socket: `async with LocalDC() as dc: …`. Belongs to one event loop.

    Args:
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        public_host: the address that clients are told to connect to, where it is not `host`.
        dc_id: the number of this DC.
        key: the RSA key; None makes one, or takes the one in the state file.
        world: users and pictures; None takes the packaged ones.
        schemas: schemas by number, for clients that speak them: dialects, and layers that are to take the place of
            those that `tl.load_layer` has, which are spoken anyway.
        state: a file that keeps the RSA key and all auth keys over restarts. It is as secret as they are. A key is
            on disk before its client knows it; where the disk is full the exchange goes on, and an error is logged.
            Beside it, in a file of its own with `.messages` behind the name, are the messages of a DC that is alone:
            written each minute and when the DC is closed.
        clock: gives the Unix time in seconds; None takes the clock of `mtproto.net`.
        random: a cryptographically secure source of bytes.
        limits: how much is accepted and sent.
        strict: refuse what the documentation calls wrong and Telegram's servers let pass: service messages whose
            numbers (seqno) are wrong. For those who test a client of their own.
        tls: what to speak TLS with, on all connections; None for none.
        session_age: after how many seconds a session without a connection is forgotten; None for never. What it
            executed is not executed again.
        key_age: after how many seconds a key that nobody uses is forgotten, and its login with it; None for never.
        max_connections: how many connections there may be at a time; more are closed as they come.
        shared: what the DC shares with the others of its network; None for a DC that is alone.
        bindings: whether a permanent key has one temporary key at a time, which serves all sessions ("key", as
            documented), or each session has one of its own, 16 at most, which serves no other session ("session", as
            clients in the field make them).
        is_cdn: whether this is a CDN DC of a network: nobody logs in there, and it answers `upload.getCdnFile` alone.

    Raises `WorldError` when the pictures can't be read, `StoreError` when the state file is damaged, can't be written,
    or is used by another process. It stays locked until the DC is closed.

    """

    @named_options(DCOptions)
    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[DCOptions]) -> None:
        self._data_centre = DataCentre(host, port, **options)

    @property
    def _centre(self) -> DataCentre:
        return self._data_centre

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port can't be had.
            LocalProtocolError: the clock shows a time at which no server works.

        """
        await self._centre.start()

    async def close(self) -> None:
        """Close all connections and stop listening. Raises `StoreError` when the state file lacks keys of this run."""
        await self._centre.close()

    async def push(self, update: TLObject | bytes, *, timeout: float | None = PUSH_TIMEOUT) -> int:
        """Send an update to all sessions of whoever is logged in, and wait while one that is connected has no room.

        Args:
            update: an object of the type `Updates`; or bytes, which go out as they are.
            timeout: how many seconds to wait at most; None as long as the clients are connected.

        Returns:
            how many sessions get it; those without a connection get it later.

        No update is lost in silence: a session that takes nothing for `timeout` seconds does not get this one, a
        session without a connection keeps the latest 1,000 (`limits.queued_updates`), or 4 MiB, and either client is
        told that updates have a gap (`new_session_created`). A client whose layer can't carry the update does not get
        it, and the log says so.

        Raises:
            tl.EncodeError: no layer that the clients speak can carry the update.

        """
        return await self._centre.push(update, timeout)

    def send_message(self, sender: str, receiver: str, text: str = "", *, document: LocalDocument | None = None) -> int:
        """Have a user of the world send a message to another: `dc.send_message("triple", "bot_name", "hello")`.

        The sessions of both get the update, wherever they are logged in.

        Args:
            sender: the user name of who sends, without `@`.
            receiver: the user name of who receives it, which may be the sender; or the title of a basic group
                (`dc.world.chats`); or `the_square`, the channel of all.
            text: 1 to 4,096 characters; none where the message carries a document.
            document: what `add_document` returned, for a message to a user to carry.

        Returns:
            the number of the message in the box of the receiver, in that of the sender for a basic group, or in the
            channel.

        Raises:
            KeyError: there is no user of that name.
            ValueError: the text can't be sent, or the sender is not in the group.

        """
        return self._centre.send_message(sender, receiver, text, document)

    def give_up(self) -> None:
        """Give the state file of a DC back that was never started."""
        self._centre.give_up()

    def accept_login_token(self, token: bytes | str, account: LocalAccount) -> None:
        """Accept a QR code, as `LocalNetwork.accept_login_token` does."""
        accept_link(token, account, self._centre.state)

    async def __aenter__(self) -> LocalDC:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

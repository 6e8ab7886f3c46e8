"""`LocalNetwork`: several DCs over one world in one process, for asyncio programs."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Unpack

from mtproto._options import named_options
from mtproto.localdc.dc import LocalDC
from mtproto.localdc.dc_options import NetworkOptions
from mtproto.localdc.network_face import NetworkFace
from mtproto.localdc.network_parts import DCS, made_dcs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.files import LocalDocument

__all__ = ["LocalNetwork"]


class LocalNetwork(NetworkFace):
    """Several DCs over one world: `async with LocalNetwork(dcs=(1, 2, 4)) as network: …`. Belongs to one event loop.

    Args:
        dcs: the ids of the DCs.
        host: the address that all listen on.
        port: the port of the first DC, each further one has the next; 0 takes free ones.
        cdn_dcs: the ids of CDN DCs, from which clients fetch the documents that are marked so (`add_document`); each
            has an RSA key of its own, and the ports follow those of the DCs.
        options: as `LocalDC` takes them, for each DC; but `state` is a folder, with a file for each DC,
            one for the accounts (who signed up, passwords, homes) and one for the messages.

    Attributes:
        dcs: the DCs, each a `LocalDC`, by id. Each can be closed and started again; it keeps its address.
        cdn_dcs: the CDN DCs, which are none of those, by id.

    Raises as `LocalDC` does, and `OptionError` for ids that DCs can't have.

    """

    @named_options(NetworkOptions)
    def __init__(
        self,
        dcs: Sequence[int] = DCS,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        cdn_dcs: Sequence[int] = (),
        **options: Unpack[NetworkOptions],
    ) -> None:
        self.dcs: Mapping[int, LocalDC]
        self.cdn_dcs: Mapping[int, LocalDC]
        self.dcs, self.cdn_dcs = made_dcs(
            dcs, port, options, lambda each_port, each: LocalDC(host, each_port, **each), LocalDC.give_up, cdn_dcs
        )

    @property
    def _all(self) -> list[LocalDC]:
        return [*self.dcs.values(), *self.cdn_dcs.values()]

    @property
    def _centres(self) -> Mapping[int, LocalDC]:
        return self.dcs

    def give_up(self) -> None:
        """Give the state files of a network back that was never started."""
        self._state.close()
        for dc in self._all:
            dc.give_up()

    async def start(self) -> None:
        """Let all DCs listen. Raises as `LocalDC.start` does; no DC listens then."""
        async with AsyncExitStack() as started:
            state = self._state
            state.open()
            started.callback(state.close)
            for dc in self._all:
                await dc.start()
                started.push_async_callback(dc.close)
            started.pop_all()

    async def close(self) -> None:
        """Close all DCs. Raises `StoreError` when a state file lacks keys of this run; all are closed all the same."""
        async with AsyncExitStack() as stack:
            stack.callback(self._state.close)
            for dc in self._all:
                stack.push_async_callback(dc.close)

    def accept_login_token(self, token: bytes | str, account: LocalAccount) -> None:
        """Accept a QR code, as an app in which the account is logged in does (`auth.acceptLoginToken`).

        Args:
            token: of `auth.loginToken`, or the link `tg://login?token=…` that a QR code holds.
            account: who is to be logged in where the token was made.

        Raises:
            ValueError: the token is not good: unknown, too old, accepted already, or not for this user.

        """
        next(iter(self.dcs.values())).accept_login_token(token, account)

    def send_message(self, sender: str, receiver: str, text: str = "", *, document: LocalDocument | None = None) -> int:
        """Have a user of the world send a message to another, as `LocalDC.send_message` does."""
        return next(iter(self.dcs.values())).send_message(sender, receiver, text, document=document)

    async def __aenter__(self) -> LocalNetwork:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

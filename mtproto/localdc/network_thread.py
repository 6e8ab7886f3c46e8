"""`LocalNetworkThread`: several DCs in a thread with an event loop of its own, for programs without asyncio."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Unpack

from mtproto._options import named_options
from mtproto.localdc.dc_options import NetworkOptions
from mtproto.localdc.network_face import NetworkFace
from mtproto.localdc.network_parts import DCS, made_dcs
from mtproto.localdc.thread import LocalDCThread, ThreadOfDCs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.dc_options import DCOptions
    from mtproto.localdc.files import LocalDocument

__all__ = ["LocalNetworkThread"]


class LocalNetworkThread(NetworkFace):
    """Several DCs over one world: `with LocalNetworkThread(dcs=(1, 2, 4)) as network: …`.

    Takes the arguments of `LocalNetwork`. All DCs run in one thread; its methods may be called from any other.

    Attributes:
        dcs: the DCs, each a `LocalDCThread`, by id. Each can be closed and started again; it keeps its address.
        cdn_dcs: the CDN DCs, which are none of those, by id.

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
        thread = ThreadOfDCs()

        def make(each_port: int, each: DCOptions) -> LocalDCThread:
            dc = LocalDCThread(host, each_port, **each)
            dc.run_in(thread)
            return dc

        self.dcs: Mapping[int, LocalDCThread]
        self.cdn_dcs: Mapping[int, LocalDCThread]
        self.dcs, self.cdn_dcs = made_dcs(dcs, port, options, make, LocalDCThread.close, cdn_dcs)

    @property
    def _all(self) -> list[LocalDCThread]:
        return [*self.dcs.values(), *self.cdn_dcs.values()]

    @property
    def _centres(self) -> Mapping[int, LocalDCThread]:
        return self.dcs

    def start(self) -> None:
        """Let all DCs listen. Raises as `LocalDCThread.start` does; no DC listens then."""
        with ExitStack() as started:
            state = self._state
            state.open()
            started.callback(state.close)
            for dc in self._all:
                dc.start()
                started.callback(dc.close)
            started.pop_all()

    def close(self) -> None:
        """Close all DCs. Raises `StoreError` when a state file lacks keys of this run; all are closed all the same."""
        with ExitStack() as stack:
            stack.callback(self._state.close)
            for dc in self._all:
                stack.callback(dc.close)

    def accept_login_token(self, token: bytes | str, account: LocalAccount) -> None:
        """Accept a QR code, as `LocalNetwork.accept_login_token` does; the network has to run."""
        next(iter(self.dcs.values())).accept_login_token(token, account)

    def send_message(self, sender: str, receiver: str, text: str = "", *, document: LocalDocument | None = None) -> int:
        """Have a user of the world send a message to another, as `LocalDC.send_message` does; the network must run."""
        return next(iter(self.dcs.values())).send_message(sender, receiver, text, document=document)

    def __enter__(self) -> LocalNetworkThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

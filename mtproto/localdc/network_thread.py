"""`LocalNetworkThread`: several DCs in a thread with an event loop of its own, for programs without asyncio."""

from __future__ import annotations

from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Unpack

from mtproto._options import named_options
from mtproto.localdc.network_face import NetworkFace
from mtproto.localdc.network_parts import DCS, NetworkOptions, each_dc
from mtproto.localdc.thread import LocalDCThread, ThreadOfDCs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtproto.localdc.accounts import LocalAccount

__all__ = ["LocalNetworkThread"]


class LocalNetworkThread(NetworkFace):
    """Several DCs over one world: `with LocalNetworkThread(dcs=(1, 2, 4)) as network: …`.

    Takes the arguments of `LocalNetwork`. All DCs run in one thread; its methods may be called from any other.

    Attributes:
        dcs: the DCs, each a `LocalDCThread`, by id. Each can be closed and started again; it keeps its address.

    """

    @named_options(NetworkOptions)
    def __init__(
        self, dcs: Sequence[int] = DCS, host: str = "127.0.0.1", port: int = 0, **options: Unpack[NetworkOptions]
    ) -> None:
        made: dict[int, LocalDCThread] = {}
        thread = ThreadOfDCs()
        key = options.get("key")
        try:
            for each_port, each in each_dc(dcs, port, options):
                dc = LocalDCThread(host, each_port, **{**each, "key": key})
                dc.run_in(thread)
                made[dc.dc_id] = dc
                key = dc.private_key
            next(iter(made.values())).network_state.open()
        except BaseException:
            for dc in made.values():
                dc.close()
            raise
        self.dcs: Mapping[int, LocalDCThread] = MappingProxyType(made)

    @property
    def _centres(self) -> Mapping[int, LocalDCThread]:
        return self.dcs

    def start(self) -> None:
        """Let all DCs listen. Raises as `LocalDCThread.start` does; no DC listens then."""
        with ExitStack() as started:
            state = self._state
            state.open()
            started.callback(state.close)
            for dc in self.dcs.values():
                dc.start()
                started.callback(dc.close)
            started.pop_all()

    def close(self) -> None:
        """Close all DCs. Raises `StoreError` when a state file lacks keys of this run; all are closed all the same."""
        with ExitStack() as stack:
            stack.callback(self._state.close)
            for dc in self.dcs.values():
                stack.callback(dc.close)

    def accept_login_token(self, token: bytes | str, account: LocalAccount) -> None:
        """Accept a QR code, as `LocalNetwork.accept_login_token` does; the network has to run."""
        next(iter(self.dcs.values())).accept_login_token(token, account)

    def __enter__(self) -> LocalNetworkThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

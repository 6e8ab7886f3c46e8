"""Connections to CDNs, for threads: each has RSA keys of its own, knows no login, and carries parts alone."""

# Made of mtproto/account/cdn_lanes.py by `python -m tests.structure.faces`. Change that file instead.

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mtproto.account.waiting_threads import new_client, new_gate
from mtproto.errors import ConnectionLost, RequestCancelled, TransportError
from mtproto.flows import Call, NotSupported, cdn_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.account.centres import DataCentres
    from mtproto.account.options import AccountOptions
    from mtproto.account.waiting_threads import LaneClient
    from mtproto.crypto import RSAPublicKey
    from tl import TLFunction

__all__ = ["CdnLanes"]


class CdnLanes:
    """A client for each CDN that was needed. The keys of CDNs are not kept: each run makes them anew.

    Args:
        options: of the account.
        centres: where the data centres are, and the CDNs.
        call: makes a call of the API at the home data centre.

    """

    def __init__(self, options: AccountOptions, centres: DataCentres, call: Callable[[Call], Any]) -> None:
        self._options = options
        self._centres = centres
        self._call = call
        self._gate = new_gate()
        self._keys: dict[int, list[RSAPublicKey]] | None = None
        self._clients: dict[int, LaneClient] = {}
        self._used_at = 0.0
        self._lock = threading.Lock()  # over the number of calls
        self._calls = 0  # under way
        self._closed = False

    def fetch(self, dc: int, request: TLFunction[Any]) -> Any:
        """Make a call at a CDN.

        Raises:
            NotSupported: the server tells no key of it, or no address.
            ExchangeFailed: it has another key than the server says.
            MTProtoError: as a call of `Client` does.

        """
        self._count(1)
        try:
            client = self._client(dc)
            try:
                return client(request, idempotent=True)
            except (ConnectionLost, TransportError):
                if self._clients.get(dc) is client:
                    self._clients.pop(dc, None)
                client.close()
                raise
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        """Note that a call begins or ends."""
        with self._lock:
            self._calls += change
            self._used_at = self._options.clock()

    def close_idle(self) -> None:
        """Close the connections if there was no call for a while."""
        if self._is_idle():
            with self._gate:
                if self._is_idle():
                    self._close_all()

    def _is_idle(self) -> bool:
        last = self._options.clock() - self._options.idle_after
        return bool(self._clients) and not self._calls and self._used_at <= last

    def close(self) -> None:
        """Close all connections; calls that are under way fail."""
        self._closed = True
        self._close_all()

    def _close_all(self) -> None:
        while self._clients:
            self._clients.popitem()[1].close()

    def _client(self, dc: int) -> LaneClient:
        with self._gate:
            if self._closed:
                raise RequestCancelled("the account was closed")
            known = self._clients.get(dc)
            if known is not None and known.connection.is_open:
                return known
            client = self._new_client(dc)
            self._clients[dc] = client
            try:
                client.open()
            except BaseException:
                self._clients.pop(dc, None)
                client.close()
                raise
            return client

    def _new_client(self, dc: int) -> LaneClient:
        """Return a client of a CDN that is not open yet."""
        help_ = self._options.schema.functions.help
        if self._keys is None:
            self._keys = cdn_keys(self._call(Call(help_.GetCdnConfig())))
        if self._centres.cdn_destination(dc) is None:
            self._centres.learn(self._call(Call(help_.GetConfig())))
        keys, destination = self._keys.get(dc), self._centres.cdn_destination(dc)
        if not keys or destination is None:
            raise NotSupported(f"CDN {dc}", f"the server tells no {'address' if keys else 'key'} of it")
        options = {
            **self._options.client,
            "schema": self._options.schema,
            "dc_id": self._centres.exchange_id(dc),
            "state": None,
            "pfs": False,
            "expires_in": None,
        }
        return new_client(
            destination, keys=keys, api_id=self._options.api_id, api_hash=self._options.api_hash, **options
        )

"""TLS as a carrier over TCP. Both shells use it; neither uses the TLS of its own loop."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost
from mtproto.net.carriers.happy_eyeballs import open_tcp
from mtproto.transport import BANNER_SIZE, foreign_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.net.carriers.interfaces import Carrier, CarrierLoop, Owner
    from mtproto.net.carriers.route import Route

__all__ = ["TlsCarrier", "open_tls"]

READ_SIZE = 256 * 1024
"""Bytes taken out of TLS at once."""


def open_tls(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    """Begin to open a TLS connection over TCP."""
    return TlsCarrier(loop, route, owner)


class TlsCarrier:
    """One TLS connection: a carrier of a stream, open once both ends have shaken hands.

    Args:
        loop: of the shell.
        route: `tls` says what to trust; None trusts what the system trusts. The name is that of the first address.
        owner: whoever opens it.

    """

    idle = False

    def __init__(self, loop: CarrierLoop, route: Route, owner: Owner) -> None:
        context = route.tls if route.tls is not None else ssl.create_default_context()
        self._loop = loop
        self._owner = owner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=route.addresses[0][0])
        self._unsent: list[bytes] = []
        self._connected = False
        self._shaken = False
        self._reading = False
        self._head = b""  # what the other end began with
        self._failure: Exception | None = None
        self._inner = open_tcp(loop, route, self)

    # What its owner asks -----------------------------------------------------------------------------------------

    @property
    def stage(self) -> str:
        """What it waits for until it is open."""
        return "the TLS handshake is not answered: does this port speak TLS?" if self._connected else self._inner.stage

    @property
    def writable(self) -> bool:
        """Whether `write` may be called."""
        return self._shaken and self._failure is None and self._inner.writable

    def write(self, data: bytes) -> None:
        """Send a piece of the stream."""
        self._unsent.append(data)
        self._work()

    def abort(self) -> None:
        """Give it up."""
        self._inner.abort()

    def close(self) -> None:
        """Say that nothing more will come (RFC 8446, section 6.1: close_notify), and close."""
        if self._shaken and self._failure is None:
            with contextlib.suppress(ssl.SSLError):  # the other end has not said so yet, and is not waited for
                self._tls.unwrap()
            self._flush()
        self._inner.close()

    # What the carrier below tells --------------------------------------------------------------------------------

    def opened(self, carrier: Carrier) -> None:
        """Begin to shake hands."""
        self._inner = carrier
        self._connected = True
        self._work()

    def received(self, data: bytes) -> None:
        """Take encrypted bytes from TCP."""
        if self._failure is None:
            if not self._shaken:
                self._head = (self._head + data)[:BANNER_SIZE]
            self._incoming.write(data)
            self._work()

    def drained(self) -> None:
        """Pass it on."""
        if self._shaken:
            self._owner.drained()

    def lost(self, error: Exception | None) -> None:
        """Tell the owner. A failure of TLS is a better reason than the end of TCP."""
        reason = self._failure or error
        if reason is None and self._connected and not self._shaken:
            reason = ConnectionLost("the connection was closed during the TLS handshake: does this port speak TLS?")
        self._owner.lost(reason)

    # Between the two ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Shake hands, write and read as far as the bytes that came allow."""
        try:
            shaken = self._shaken or self._shake()
            if shaken:
                self._write()
            self._flush()
        except ssl.SSLError as error:
            self._fail(error if self._shaken else self._no_handshake(error))
        else:
            if shaken and not self._reading:
                self._reading = True
                self._loop.spread(self._read())

    def _fail(self, failure: Exception) -> None:
        self._failure = failure
        self._flush()  # an alert
        self._inner.abort()

    def _no_handshake(self, error: ssl.SSLError) -> Exception:
        """Return what is wrong with a handshake, in words."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        foreign = foreign_peer(self._head, tls=True)
        failure = foreign or ConnectionLost(f"the TLS handshake failed: {error.strerror or error}")
        failure.__cause__ = error
        return failure

    def _shake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self._flush()
        self._shaken = True
        self._owner.opened(self)
        return True

    def _write(self) -> None:
        while self._unsent:
            try:
                taken = self._tls.write(self._unsent[0])
            except ssl.SSLWantReadError:
                return
            self._unsent[0] = self._unsent[0][taken:]
            if not self._unsent[0]:
                del self._unsent[0]

    def _read(self) -> Iterator[None]:
        """Pass on what came in, one piece a step."""
        try:
            while data := self._tls.read(READ_SIZE):
                self._owner.received(data)
                yield
            self._inner.abort()  # the other end has said that nothing more will come
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._inner.abort()
        except ssl.SSLError as error:
            self._fail(error)
        finally:
            self._reading = False

    def _flush(self) -> None:
        if self._outgoing.pending and self._inner.writable:
            self._inner.write(self._outgoing.read())

"""One visitor of a proxy, from its first byte to its end, without any I/O.

    shell                                     link
    ─────                                     ────
    accepts                               ──▶ ProxyLink(…, now)
    reads from the visitor  ─────────────▶    received(data, now)
    connects to `upstream`, once it is set
    reads from there  ───────────────────▶    upstream_received(data, now)
    sends to either  ◀────────────────────    data_for_visitor(), data_for_upstream()
    waits until `next_deadline()`  ──────▶    tick(now)
    closes once all is sent, if `closing`

A client with a secret is connected to its data centre. The proxy takes off the obfuscation under the secret and puts on
an obfuscation without a secret, and back; it does not read the framing inside
(core.telegram.org/mtproto/mtproto-transports). All bytes of other visitors are passed on to the fallback, so that the
proxy looks like the fallback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import RemoteProtocolError
from mtproto.proxy.state import Stranger
from mtproto.transport import (
    HELLO_START,
    LONGEST_PLAINTEXT,
    OBFUSCATED_HEADER,
    RecordReader,
    answer_hello,
    cut_records,
    make_header,
    may_be_header,
    read_hello,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.crypto import CTR
    from mtproto.proxy.state import ProxyState
    from mtproto.transport import Secret

__all__ = ["IDLE_TIME", "ProxyLink"]

GREETING_TIME = 30.0
"""Seconds within which a visitor must have shown that it knows a secret."""

IDLE_TIME = 300.0
"""Seconds without a byte in either direction after which a visit ends: clients ping about every minute."""


class ProxyLink:
    """One connection of a visitor, and the connection to the data centre or the fallback. One owner.

    Args:
        state: shared by all links of the proxy.
        random: source of random bytes.
        now: Unix seconds.
        idle_time: seconds without a byte in either direction after which the visit ends; None for no limit.

    Attributes:
        upstream: host and port to connect to; None until that is known.
        dc_id: the data centre that a client named; None for other visitors.
        closing: whether the visit is over, except for bytes that are still to be sent.
        refusal: why the visitor was not led to a data centre, for a log.

    """

    def __init__(
        self, state: ProxyState, random: Callable[[int], bytes], now: float, *, idle_time: float | None = IDLE_TIME
    ) -> None:
        self._state = state
        self._idle_time = idle_time
        self._random = random
        self._deadline: float | None = now + GREETING_TIME
        self._secrets: Sequence[Secret] = state.open_secrets  # the obfuscated header may be made with these
        self._head = b""  # the greeting so far; behind fake TLS, the contents of the records
        self._records: RecordReader | None = None  # behind a greeting of fake TLS
        self._up: tuple[CTR, CTR] | None = None  # from the visitor, to the data centre
        self._down: tuple[CTR, CTR] | None = None  # from the data centre, to the visitor
        self._for_visitor: list[bytes] = []
        self._for_upstream: list[bytes] = []
        self.upstream: tuple[str, int] | None = None
        self.dc_id: int | None = None
        self.closing = False
        self.refusal: str | None = None

    # Bytes -------------------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float) -> None:
        """Take bytes of the visitor, in pieces of any size. Wrong bytes raise nothing."""
        if self.closing:
            return
        self._go_on(now)
        if self._records is not None:
            self._unwrap(self._records, data, now)
        elif self.upstream is not None:
            self._for_upstream.append(self._translated(data))
        else:
            self._head += data
            try:
                self._greet(now)
            except (Stranger, RemoteProtocolError) as reason:
                self._turn_away(str(reason), now)

    def upstream_received(self, data: bytes, now: float) -> None:
        """Take what came from `upstream`."""
        self._go_on(now)
        if self._down is not None:
            decrypt, encrypt = self._down
            data = encrypt.update(decrypt.update(data))
        self._for_visitor.append(data if self._records is None else cut_records(data, LONGEST_PLAINTEXT))

    def data_for_visitor(self) -> bytes:
        """Return what is to be sent to the visitor now."""
        pieces, self._for_visitor = self._for_visitor, []
        return b"".join(pieces)

    def data_for_upstream(self) -> bytes:
        """Return what is to be sent to `upstream` now."""
        pieces, self._for_upstream = self._for_upstream, []
        return b"".join(pieces)

    # Time --------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        return self._deadline

    def tick(self, now: float) -> None:
        """Close the connection of somebody who does not say who it is, or over which nothing passes any more."""
        if self._deadline is not None and now >= self._deadline:
            self._refuse("silent for too long")

    def _go_on(self, now: float) -> None:
        """Begin the idle time again, once the visitor is led somewhere; the greeting has one time for all of it."""
        if self.upstream is not None and not self.closing:
            self._deadline = None if self._idle_time is None else now + self._idle_time

    # The greeting ------------------------------------------------------------------------------------------------

    def _greet(self, now: float) -> None:
        """Look at all that has come so far."""
        if not self._state.tls_secrets or not HELLO_START.startswith(self._head[: len(HELLO_START)]):
            if not self._secrets or not may_be_header(self._head):
                raise Stranger("neither a hello nor an obfuscated header")
            self._read_header(now)
            return
        hello = read_hello(self._head)
        if hello is None:
            return
        secret = self._state.recognise_hello(hello, now)
        self._secrets = (secret,)
        self._for_visitor.append(answer_hello(hello, secret.key, self._random))
        rest, self._head = self._head[len(hello.record) :], b""
        self._records = RecordReader()
        self._unwrap(self._records, rest, now)

    def _read_header(self, now: float) -> None:
        """Begin to lead to a data centre, once the obfuscated header is complete."""
        if len(self._head) < OBFUSCATED_HEADER:
            return
        tag, dc_id, decrypt, encrypt = self._state.recognise_header(self._head, self._secrets)
        address = self._state.address_of(dc_id)
        if address is None:
            self._refuse(f"there is no way to DC {dc_id}")
            return
        opening, to_dc, from_dc = make_header(tag, self._random, dc_id=dc_id)
        self._up, self._down = (decrypt, to_dc), (from_dc, encrypt)
        rest, self._head = self._head[OBFUSCATED_HEADER:], b""
        self._for_upstream += (opening, self._translated(rest))
        self.upstream, self.dc_id = address, dc_id
        self._go_on(now)

    # What follows ------------------------------------------------------------------------------------------------

    def _unwrap(self, records: RecordReader, data: bytes, now: float) -> None:
        """Take records of a client that has shown its secret: whatever is wrong now, it is no stranger."""
        try:
            stream, failure = records.receive(data), None
        except RemoteProtocolError as error:
            stream, failure = b"".join(error.events), error
        if self.upstream is not None:
            self._for_upstream.append(self._translated(stream))
        else:
            self._head += stream
            try:
                self._read_header(now)
            except Stranger as reason:
                self._refuse(str(reason))
        if failure is not None:
            self._refuse(str(failure))

    def _translated(self, data: bytes) -> bytes:
        if self._up is None:
            return data
        decrypt, encrypt = self._up
        return encrypt.update(decrypt.update(data))

    def _turn_away(self, reason: str, now: float) -> None:
        """Pass a stranger on, with all that it said."""
        if self._state.fallback is None:
            self._refuse(reason)
            return
        self.refusal = reason
        self.upstream = self._state.fallback
        self._for_upstream.append(self._head)
        self._head = b""
        self._go_on(now)

    def _refuse(self, reason: str) -> None:
        if not self.closing:
            self.closing = True
            self.refusal = reason
            self._deadline = None

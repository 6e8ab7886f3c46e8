"""Who is at the other end of a connection: errors that say so, from its first bytes or from its silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost
from mtproto.transport import BANNER_SIZE, SecretKind, clock_hint, foreign_peer

if TYPE_CHECKING:
    from mtproto.errors import RemoteProtocolError
    from mtproto.transport import Secret

__all__ = ["OtherEnd"]


class OtherEnd:
    """What a link remembers of the other end of its connections. One owner: that link.

    Args:
        dc_id: the data centre that the link wants.
        secret: of the proxy that is connected to; None where there is none that speaks MTProto.

    Attributes:
        greeted: a proxy has answered a greeting, on this connection or an earlier one, so the secret is right.

    """

    __slots__ = ("_dc_id", "_head", "_secret", "_stamp", "greeted")

    def __init__(self, dc_id: int, secret: Secret | None) -> None:
        self._dc_id = dc_id
        self._secret = secret
        self._head = b""  # what this connection began with
        self._stamp = 0.0  # the time that its greeting said
        self.greeted = False

    def begin(self, stamp: float) -> None:
        """Note a new connection, whose greeting carries the time `stamp`, Unix seconds."""
        self._head = b""
        self._stamp = stamp

    def received(self, data: bytes) -> RemoteProtocolError | None:
        """Take what came in; return an error where that shows a peer of another kind."""
        if len(self._head) >= BANNER_SIZE:
            return None
        self._head += data[: BANNER_SIZE - len(self._head)]
        return foreign_peer(self._head, tls=self._secret is not None and self._secret.kind is SecretKind.FAKE_TLS)

    def answered_greeting(self) -> None:
        """Note that the proxy has answered the greeting."""
        self.greeted = True

    def silent(self) -> ConnectionLost:
        """Return the error of a proxy that does not answer the greeting."""
        return ConnectionLost(f"the proxy does not answer the greeting; {clock_hint(self._stamp)}")

    def closed(self, *, greeting: bool) -> ConnectionLost:
        """Return the error of a connection that the other end closed; `greeting` tells whether one was unanswered."""
        if self._secret is None:
            text = (
                "the server closed the connection" if self._head else "the server closed the connection without a word"
            )
        elif greeting:
            text = f"the proxy closed the connection without an answer; {clock_hint(self._stamp)}"
        elif self._head:
            text = f"the proxy closed the connection: perhaps it does not lead to DC {self._dc_id}"
        else:
            text = (
                "the proxy closed the connection without a word: perhaps the secret is wrong, "
                f"or the proxy does not lead to DC {self._dc_id}"
            )
        return ConnectionLost(text)

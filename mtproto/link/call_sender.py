"""How a call is given to a client's link, whatever the kind of link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from mtproto.session import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.session import Body

__all__ = ["CallSender"]


class CallSender(ABC):
    """What has a method `add` for calls, and so a method `send`. It holds no state."""

    __slots__ = ()

    @abstractmethod
    def add(self, request: Request) -> None:
        """Queue a call whose handle was made before, in another thread perhaps. Raises what `send` raises."""

    def send(
        self,
        body: Body,
        *,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
        alone: bool = False,
    ) -> Request:
        """Queue a call, connected or not; arguments and handle are those of `ClientSession.send`.

        Raises:
            LocalProtocolError: too many calls wait.
            MTProtoError: the link is closed; the error says why.

        """
        request = Request(body, tuple(after), idempotent, want_quick_ack, alone)
        self.add(request)
        return request

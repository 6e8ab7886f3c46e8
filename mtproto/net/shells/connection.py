"""The asyncio connection: one client's link, with a future for each call.

`mtproto.net.shells.blocking` is made of this file (see `tests.structure.faces`): what differs is the driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.net.options import ConnectionKeywords, connection_options
from mtproto.net.shells.driver_async import AsyncDriver
from mtproto.session import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType
    from typing import Self, Unpack

    from mtproto.crypto import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.link import BoundKey, KeyUse, LinkStatus
    from mtproto.message import KeyState
    from mtproto.net.options import ConnectionOptions
    from mtproto.net.route_options import Destination
    from mtproto.net.shells.calls_under_way import Outcome
    from mtproto.net.shells.driver_async import StartedCall
    from mtproto.net.shells.update_queue import Item, UpdatesDropped
    from mtproto.session import Body

__all__ = ["Connection"]


class Connection:
    """A client's connection to one DC that outlives the carriers under it. Belongs to one event loop.

    Args:
        address: host and port; several of them, any of which will do; or a `mtproto.datacenters.DataCenter`.
        keys: the server's public keys that the caller trusts.
        options: everything else, see `mtproto.net.options.ConnectionOptions`; as one object, or by name.

    Raises `TypeError` for an option that does not exist; `OptionError` for a value that is refused, and for options
    that exclude one another; `LocalProtocolError` where a library is missing for the transport or the proxy.

    """

    @named_options(ConnectionKeywords)
    def __init__(
        self,
        address: Destination,
        keys: Sequence[RSAPublicKey],
        options: ConnectionOptions | None = None,
        **named: Unpack[ConnectionKeywords],
    ) -> None:
        self._driver = AsyncDriver(address, keys, connection_options(type(self).__name__, options, named))
        self._core = self._driver.core

    @property
    def state(self) -> KeyState | None:
        """What belongs to the (permanent) key, for a store; None before the first exchange has ended."""
        return self._core.state

    @property
    def key_state(self) -> KeyState | None:
        """What belongs to the key that a call made now goes out under: the same, or that of a temporary key."""
        return self._core.key_state

    @property
    def key_use(self) -> KeyUse | None:
        """The key that a call made now goes out under, and under which of its bindings; None before there is one."""
        return self._core.key_use

    @property
    def bound_key(self) -> BoundKey | None:
        """The temporary key that this connection has bound, for other sessions to use; None while there is none."""
        return self._core.bound_key

    @property
    def status(self) -> LinkStatus:
        """Where the link stands."""
        return self._core.status

    @property
    def is_open(self) -> bool:
        """Whether calls are taken: opened, and neither closed nor given up. It may be connecting just now."""
        return self._core.is_open

    @property
    def failure(self) -> MTProtoError | None:
        """Why the connection has given up; None if it has not."""
        return self._core.failed

    # Opening and closing -----------------------------------------------------------------------------------------

    async def open(self, *, timeout: float | None = None) -> None:
        """Connect, and make a key if there is none. From then on lost connections are replaced without being asked.

        Args:
            timeout: seconds for all of it; None for no limit.

        Raises:
            ConnectionLost: the address can't be reached.
            ExchangeFailed: no key could be made.
            TransportError: the server refuses the key, the DC id, or so many connections.
            DeadlineExceeded: the time was over.
            LocalProtocolError: the connection was opened already, or is over.

        """
        opened = self._driver.begin()
        try:
            await self._driver.wait(opened, timeout)
        except TimeoutError:
            error = self._core.too_late("the connection could not be opened in time")
            await self.close()
            raise error from error.__cause__
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection for good; calls that wait fail with `RequestCancelled`. May be called twice."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # Calls -------------------------------------------------------------------------------------------------------

    async def start(
        self,
        body: Body,
        *,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
        alone: bool = False,
    ) -> StartedCall:
        """Send a call without waiting for its answer, only for room while too many calls wait.

        Args:
            body: as `call` takes it, like the other arguments.
            after: calls that the server has to execute before this one.
            idempotent: the call may be executed twice.
            want_quick_ack: ask for a quick acknowledgement.
            alone: put no other call that is sent alone into its packet.

        Raises:
            ConnectionLost: the connection is closed, or has given up.

        """
        request = Request(body, tuple(after), idempotent, want_quick_ack, alone)
        return await self._driver.start(request, None, None)

    async def call(
        self,
        body: Body,
        *,
        timeout: float | None = None,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
        alone: bool = False,
    ) -> Outcome:
        """Send a call and wait for its answer; many calls may wait at once.

        Args:
            body: one serialized function call, or a function that makes it (`mtproto.session.Body`); the function is
                called in the thread of the link.
            timeout: seconds until the call is given up, the wait for room included; None for no limit.
            after: calls that the server has to execute before this one.
            idempotent: the call may be executed twice, so it may be sent again where its outcome can't be known.
            want_quick_ack: ask for a quick acknowledgement; it comes as an event.
            alone: put no other call that is sent alone into its packet.

        Returns:
            `Result`, whose body is the serialized answer, or `RpcFailed`.

        Raises:
            DeadlineExceeded: the time was over. The server may have executed the call.
            OutcomeUnknown: the server can't tell any more whether it executed the call.
            RequestCancelled: the connection was closed meanwhile.
            MTProtoError: the connection has given up; the error says why.

        """
        driver = self._driver
        until = driver.until(timeout)
        request = Request(body, tuple(after), idempotent, want_quick_ack, alone)
        call = await driver.start(request, until, timeout)
        return await driver.outcome(call, until, timeout)

    async def incoming(self) -> AsyncIterator[Item | UpdatesDropped]:
        """Iterate over what the server sends unasked, in order of arrival, until the connection is closed.

        A reader that is too slow loses the oldest items and is told how many (`UpdatesDropped`).
        """
        while (item := await self._driver.incoming.next()) is not None:
            yield item

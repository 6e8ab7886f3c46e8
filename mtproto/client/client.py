"""The asyncio client: objects in, objects out, over one `net.Connection`.

`mtproto.client.blocking` is made of this file (see `tests.structure.faces`): what differs is the connection.
"""

from __future__ import annotations

import asyncio
from functools import partial
from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from mtproto._options import named_options
from mtproto.client.calls import SENT_ALONE, CallWriter, check_request, decode_answer, method_name, time_left
from mtproto.client.methods import short_calls
from mtproto.client.options import ClientKeywords, client_options, named_proxy, schema_of
from mtproto.client.repeatable import is_repeatable
from mtproto.client.updates import ReceivedUpdate, read_update
from mtproto.net import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Sequence
    from types import TracebackType
    from typing import Never, Self

    from mtproto.client.options import ClientOptions, Timeout
    from mtproto.crypto import RSAPublicKey
    from mtproto.message import KeyState
    from mtproto.net import Destination
    from mtproto.session import Request
    from tl import TLFunction
    from tl._api.awaited import AwaitedMethods

__all__ = ["Client", "connect"]

Result = TypeVar("Result")


class Client:
    """Calls over one data centre, for asyncio (core.telegram.org/api/invoking).

    Any number of tasks of one event loop may call at once. Made by `connect`; use it as an asynchronous context
    manager, or await it, which is `open()`, and `close()` it.

    Attributes:
        connection: the connection under it.
        schema: the API schema of the calls.
        application: what `initConnection` says.
        timeout: seconds that opening and each call may take unless the call says otherwise; None waits for ever.

    """

    def __init__(self, connection: Connection, options: ClientOptions) -> None:
        self.connection = connection
        self.schema = schema_of(options)
        self.application = options.application
        self.timeout = options.timeout
        self._random = options.connection.random
        self._elements = options.connection.limits.elements
        self._writer = CallWriter(self.schema, self.application, named_proxy(options.connection.proxy))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of api_id {self.application.api_id}, layer {self.schema.layer}>"

    @property
    def state(self) -> KeyState | None:
        """The state of the key, with which a later run makes no exchange; None before there is a key."""
        return self.connection.state

    async def open(self) -> Self:
        """Connect, and make an auth key if there is none.

        Raises:
            ConnectionLost, DeadlineExceeded, ExchangeFailed, TransportError: as the connection's `open` does.

        """
        await self.connection.open(timeout=self.timeout)
        return self

    async def close(self) -> None:
        """Close the connection; calls that still wait fail with `RequestCancelled`."""
        await self.connection.close()

    def __await__(self) -> Generator[Any, None, Self]:
        """Connect, as `open()` does: `client = await connect(...)`. Only `close()` ends the connection then."""
        return self.open().__await__()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def __call__(
        self,
        request: TLFunction[Result],
        *,
        timeout: Timeout = ...,
        idempotent: bool | None = None,
        after: Sequence[Request] = (),
        alone: bool | None = None,
    ) -> Result:
        """Send one call and return its answer, read by the call's declared result.

        Args:
            request: a function of the client's schema, or of one that the server speaks beside it.
            timeout: seconds until `DeadlineExceeded`, for all that the call needs; None waits for ever; left out, the
                client's own applies.
            idempotent: whether the call may be executed twice, should the server forget what became of it;
                left out, true for the methods of `mtproto.client.repeatable`, which only read.
            after: handles of calls that must have succeeded before (`invokeAfterMsgs`).
            alone: whether the call shares no packet with another call that is sent alone; left out, true for the
                methods that carry parts of files: servers take several of them in one container for a flood.

        Raises:
            RpcError: the server refused the call; the class tells the family.
            DeadlineExceeded, OutcomeUnknown, ConnectionLost, RequestCancelled: see `mtproto.errors`.
            tl.EncodeError: the request can't be written; nothing was sent.
            tl.DecodeError: the answer can't be read; the error's `raw` holds its bytes.
            TypeError: `request` is no object of a method; the error says what to write.

        """
        check_request(request)
        repeatable = is_repeatable(request) if idempotent is None else idempotent
        method = method_name(request)
        apart = method in SENT_ALONE if alone is None else alone
        answer = await self._call(request.to_bytes(), method, timeout, repeatable, after, apart)
        result: Result = decode_answer(answer, request, self.schema, self._elements)
        return result

    @property
    def api(self) -> AwaitedMethods[Never]:
        """All methods in the documentation's spelling: `await client.api.photos.getUserPhotos(user_id=…, limit=100)`.

        Fields are given by name. A dict may stand for an object; `offset`, `max_id`, `hash` and the like may be left
        out where a method only asks, and `random_id` where a method sends something (`tl.call_defaults`). A call does
        what a call of an object does.

        Raises:
            AttributeError: no method has that name.
            TypeError: the method has no such field, or a field is missing.
            tl.EncodeError: a dict is no object; the error names the way to it.

        """
        return self.api_with()

    def api_with(
        self,
        *,
        timeout: Timeout = ...,
        idempotent: bool | None = None,
        after: Sequence[Request] = (),
        alone: bool | None = None,
    ) -> AwaitedMethods[Never]:
        """Return `api` for calls with options: `await client.api_with(timeout=5).help.getConfig()`.

        Args:
            timeout: as for a call of an object.
            idempotent: likewise.
            after: likewise.
            alone: likewise.

        """
        call = partial(self, timeout=timeout, idempotent=idempotent, after=after, alone=alone)
        methods: AwaitedMethods[Never] = short_calls(self.schema, call, self._random)
        return methods

    async def call_bytes(
        self,
        body: bytes,
        *,
        timeout: Timeout = ...,
        idempotent: bool = False,
        after: Sequence[Request] = (),
        alone: bool = False,
    ) -> bytes:
        """Send the bytes of one call, and return the bytes of its answer.

        Args:
            body: one serialized function. The first call of a client is wrapped in `initConnection` here, too.
            timeout: as for a call of an object.
            idempotent: whether the call may be executed twice.
            after: as for a call of an object.
            alone: whether the call shares no packet with another call that is sent alone.

        Raises:
            As a call of an object does, but for the errors of TL.

        """
        return await self._call(body, "", timeout, idempotent, after, alone)

    async def _call(
        self,
        body: bytes,
        method: str,
        timeout: Timeout,
        idempotent: bool,
        after: Sequence[Request],
        alone: bool,
    ) -> bytes:
        seconds = self.timeout if isinstance(timeout, EllipsisType) else timeout
        end = None if seconds is None else asyncio.get_running_loop().time() + seconds
        sent = self._writer.wrap(body, self.connection.key_use)
        call = partial(self.connection.call, idempotent=idempotent, after=after, alone=alone)
        outcome = await call(sent.body, timeout=seconds)
        if self._writer.wants_wrapping(outcome, sent):
            left = time_left(end, asyncio.get_running_loop().time())
            sent = self._writer.wrap(body, self.connection.key_use)
            outcome = await call(sent.body, timeout=left)
        return self._writer.read(outcome, sent, method)

    async def incoming(self) -> AsyncIterator[ReceivedUpdate]:
        """Iterate over what the server sends unasked, in order of arrival, until the client is closed.

        Yields objects of the type `Updates`; `UndecodableUpdate` with the bytes of one that can't be read, and why;
        `UpdatesGap` where some may have been missed (`updates.getDifference` catches up); `UpdatesDropped` with the
        number of those that a reader was too slow for.
        """
        async for item in self.connection.incoming():
            yield read_update(item, self.schema, self._elements)


@named_options(ClientKeywords)
def connect(
    address: Destination,
    *,
    keys: Sequence[RSAPublicKey],
    api_id: int | None = None,
    api_hash: str = "",
    **options: Unpack[ClientKeywords],
) -> Client:
    """Return a client of the data centre at `address`; entering it (`async with`) connects, and so does awaiting it.

    Args:
        address: host and TCP port; several of them, any of which will do, the best first; or a `DataCenter` of
            `mtproto.datacenters`, with all its addresses.
        keys: the RSA keys that the data centre may have (core.telegram.org/mtproto/auth_key).
        api_id: the application's number, from my.telegram.org; it may be left out where `application` has it.
        api_hash: its secret half, which the `auth` methods want.
        options: see `mtproto.client.options.ClientOptions`.

    Raises:
        TypeError: an option does not exist; the error names the nearest one.
        OptionError: an option has a value that is refused, or two exclude one another.
        KeyStateDamaged: the bytes of `state` are no key state.
        LocalProtocolError: a library is missing for the transport or the proxy.

    """
    chosen = client_options(api_id, api_hash, options)
    return Client(Connection(address, keys, chosen.connection), chosen)

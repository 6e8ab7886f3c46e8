"""A client on trio: what it takes to stand on the floor `mtproto.link` with another event loop.

`ClientLink` makes the key, seals and opens packets, decides what is sent again and when to connect. It reads no clock
and opens no socket; this file gives it both. The file uses public names only, and the client loads no asyncio.

    the link says      this file does                                    and tells the link
    -----------------  ------------------------------------------------  --------------------------
    connect_at         waits until then, opens a stream                  connected, disconnected
    data_to_send       writes the bytes
                       reads bytes                                       received
    next_deadline      waits until then                                  tick
    take_work          runs a slow step of the key exchange in a thread  finish_work
    events             settles calls, closes a stream that is broken

`python examples/trio_shell.py` makes calls to a data centre on loopback, which cuts a connection in between.
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import trio

from mtproto import ConnectionLost
from mtproto.errors import rpc_error
from mtproto.link import Broken, ClientLink, Failed
from mtproto.session import RequestLost, Result, RpcFailed
from tl import api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from mtproto import KeyState, MTProtoError, RSAPublicKey
    from mtproto.link import LinkEvent
    from mtproto.session import Request
    from tl import TLError, TLFunction, TLObject

Outcome: TypeAlias = "Result | RpcFailed | MTProtoError | TLError"
"""What a call comes to: an answer, a refusal, or the reason why there is neither."""

CONNECT_TIME = 10.0
"""Seconds for a stream to come about."""

READ_SIZE = 64 * 1024


class Call:
    """One call that waits for its outcome."""

    def __init__(self) -> None:
        self.settled = trio.Event()
        self.outcome: Outcome = ConnectionLost("the client was closed")

    def settle(self, outcome: Outcome) -> None:
        """Give it its outcome, and wake whoever waits."""
        self.outcome = outcome
        self.settled.set()


class TrioClient:
    """Raw calls over one data centre; `open_client` makes one. One event loop owns it.

    Args:
        address: host and port of the data centre.
        keys: its public keys.
        api_id: of the application.
        state: what an earlier client left; with it no key exchange is made.

    """

    def __init__(
        self, address: tuple[str, int], keys: Sequence[RSAPublicKey], api_id: int, state: KeyState | None = None
    ) -> None:
        self._address = address
        self._api_id = api_id
        self._link = ClientLink(keys, dc_id=2, random=os.urandom, state=state, offload=True)
        self._calls: dict[Request, Call] = {}
        self._news = trio.Event()  # set when the link may have something to send or another deadline
        self._clock_offset = time.time() - trio.current_time()  # read once: the link's clock must never step
        self._announced = False
        self._reason: Exception | None = None  # why the last connection ended
        self.connections = 0

    @property
    def state(self) -> KeyState | None:
        """What a later client needs to go without a key exchange; None before the first one has ended."""
        return self._link.state

    async def __call__(self, request: TLFunction[Any]) -> Any:
        """Make a call and return the answer as an object.

        Raises:
            RpcError: the server refused it.
            MTProtoError: no answer will come; the error says why.

        """
        body = (request if self._announced else self._announcing(request)).to_bytes()
        outcome = await self._outcome_of(body)
        if isinstance(outcome, RpcFailed):
            raise rpc_error(outcome.code, outcome.message, request.NAME)
        if not isinstance(outcome, Result):
            raise outcome
        self._announced = True
        return api.decode(outcome.body, request.result)

    async def _outcome_of(self, body: bytes) -> Outcome:
        handle = self._link.send(body)
        call = self._calls[handle] = Call()
        self._news.set()
        try:
            await call.settled.wait()
        finally:
            if self._calls.pop(handle, None) is not None:  # the waiting was cancelled
                self._link.cancel(handle, self._now())
                self._news.set()
        return call.outcome

    def _announcing(self, request: TLFunction[Any]) -> TLObject:
        """Return the call behind two wrappers: the server learns the layer and the application by them.

        core.telegram.org/api/invoking#saving-client-info
        """
        connection = api.functions.InitConnection(
            api_id=self._api_id,
            device_model="trio",
            system_version="1",
            app_version="1",
            system_lang_code="en",
            lang_pack="",
            lang_code="en",
            query=request,
        )
        wrapped: TLObject = api.functions.InvokeWithLayer(layer=api.layer, query=connection)
        return wrapped

    # Time --------------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return trio.current_time() + self._clock_offset

    async def _wait(self, until: float | None) -> bool:
        """Wait for news, until a time of the link's clock at most; then do what is due. Returns what `_take` does."""
        self._news = trio.Event()
        deadlines = [when for when in (until, self._link.next_deadline()) if when is not None]
        with trio.move_on_at(min(deadlines, default=float("inf")) - self._clock_offset):
            await self._news.wait()
        return self._take(self._link.tick(self._now()))

    # Connections -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep a connection open for as long as the link wants one."""
        while (connect_at := self._link.connect_at) is not None:
            if self._now() < connect_at:
                await self._wait(connect_at)
                continue
            self._reason = None
            try:
                with trio.fail_after(CONNECT_TIME):
                    stream = await trio.open_tcp_stream(*self._address)
            except (OSError, trio.TooSlowError) as error:
                self._reason = error
            else:
                await self._serve(stream)
            self._take(self._link.disconnected(self._now(), self._reason))

    async def _serve(self, stream: trio.SocketStream) -> None:
        """Carry bytes both ways until the stream is of no use any more."""
        self.connections += 1
        self._take(self._link.connected(self._now()))
        async with stream, trio.open_nursery() as nursery:
            nursery.start_soon(self._until_it_ends, self._read, stream, nursery.cancel_scope)
            nursery.start_soon(self._until_it_ends, self._write, stream, nursery.cancel_scope)

    async def _until_it_ends(
        self, carry: Callable[[trio.SocketStream], Awaitable[None]], stream: trio.SocketStream, both: trio.CancelScope
    ) -> None:
        """Run one direction; its end is the end of the other one as well."""
        try:
            await carry(stream)
        except trio.BrokenResourceError as error:
            self._reason = error
        both.cancel()

    async def _read(self, stream: trio.SocketStream) -> None:
        while data := await stream.receive_some(READ_SIZE):
            if self._take(self._link.received(data, self._now())):
                return
            while (work := self._link.take_work(self._now())) is not None:
                await trio.to_thread.run_sync(work.run)
                if self._take(self._link.finish_work(work, self._now())):
                    return

    async def _write(self, stream: trio.SocketStream) -> None:
        broken = False
        while not broken:
            while data := self._link.data_to_send(self._now()):
                await stream.send_all(data)
            broken = await self._wait(None)

    # Events ------------------------------------------------------------------------------------------------------

    def _take(self, events: Sequence[LinkEvent]) -> bool:
        """Settle calls; return whether the connection is of no use any more."""
        broken = False
        for event in events:
            match event:
                case Result(request=handle) | RpcFailed(request=handle):
                    self._settle(handle, event)
                case RequestLost(request=handle, error=error):
                    self._settle(handle, error)
                case Broken():
                    broken = True
                case Failed(error=error):
                    broken = True
                    for handle in list(self._calls):
                        self._settle(handle, error)
        self._news.set()
        return broken

    def _settle(self, handle: Request, outcome: Outcome) -> None:
        if call := self._calls.pop(handle, None):
            call.settle(outcome)

    def close(self) -> None:
        """End the link; calls that wait fail."""
        self._take(self._link.close())
        for handle in list(self._calls):
            self._settle(handle, ConnectionLost("the client was closed"))


@asynccontextmanager
async def open_client(
    address: tuple[str, int], keys: Sequence[RSAPublicKey], api_id: int, state: KeyState | None = None
) -> AsyncIterator[TrioClient]:
    """Give a client whose connections are kept open until the block ends. Arguments as `TrioClient` takes them.

    What leaves the block by an exception comes out in an `ExceptionGroup`, as with every nursery of trio.
    """
    client = TrioClient(address, keys, api_id, state)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run)
        try:
            yield client
        finally:
            client.close()
            nursery.cancel_scope.cancel()


async def main() -> None:
    """Log in, ask for photos, lose the connection in the middle of a packet, and ask again."""
    from mtproto.localdc import LocalDCThread  # here, since a data centre runs on asyncio, in a thread of its own

    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=3)
    with LocalDCThread() as dc:
        async with open_client(dc.address, dc.keys, dc.api_id) as client:
            await client(
                api.functions.auth.ImportBotAuthorization(
                    flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
                )
            )
            print(len((await client(request)).photos), "photos over connection", client.connections)
            dc.faults.cut(byte=20)
            print(len((await client(request)).photos), "photos over connection", client.connections)
            state = client.state
        async with open_client(dc.address, dc.keys, dc.api_id, state) as client:
            print(len((await client(request)).photos), "photos with the key of before")


if __name__ == "__main__":
    trio.run(main)

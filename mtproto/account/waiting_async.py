"""How an account waits under asyncio. `waiting_threads` has the same names for threads."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mtproto.client import Client, connect
from mtproto.errors import RequestCancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from mtproto.message import KeyState

__all__ = [
    "AsyncBackground",
    "AsyncMailbox",
    "AsyncNews",
    "AsyncPauses",
    "AsyncTicker",
    "Gate",
    "LaneClient",
    "answered",
    "beside",
    "lane_state",
    "let_others",
    "new_client",
    "new_gate",
    "whole",
]

T = TypeVar("T")

Gate: TypeAlias = "asyncio.Lock"
"""A lock for one task at a time."""

LaneClient: TypeAlias = "Client"
"""The client of a lane."""

MAILS_KEPT = 1000
"""Updates that wait for a flow at most; the oldest are dropped."""


def new_gate() -> asyncio.Lock:
    """Return a lock: one task at a time."""
    return asyncio.Lock()


def new_client(*args: Any, **options: Any) -> Client:
    """Return a client that is not open yet; the arguments are those of `connect`."""
    return connect(*args, **options)


def lane_state(state: KeyState) -> KeyState:
    """Return the state of a key for one more lane: the same object, since one thread carries all lanes."""
    return state


async def beside(function: Callable[..., T], *args: Any) -> T:
    """Return `function(*args)`, computed in a thread beside the event loop."""
    return await asyncio.to_thread(function, *args)


async def let_others() -> None:
    """Let other tasks have their turn."""
    await asyncio.sleep(0)


async def whole(step: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    """Return `await step(*args)`. A task that is cancelled meanwhile ends after the step, so that nothing is half done.

    The step must come to its end without help.
    """
    task = asyncio.get_running_loop().create_task(step(*args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # the cancelled task can tell nobody
        raise


async def answered(ask: Callable[[Any], Any], question: object) -> Any:
    """Return what a person answers. `ask` returns the answer, or an awaitable of it."""
    answer = ask(question)
    return await answer if inspect.isawaitable(answer) else answer


class AsyncPauses:
    """The pauses that flows make. Once the account is closed, there are none any more."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for so many seconds. Raises RequestCancelled once there are no pauses any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        if self._over.is_set():
            raise RequestCancelled("the account was closed")

    def end(self) -> None:
        """End all pauses."""
        self._over.set()


class AsyncMailbox:
    """The updates that came since a flow began."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque(maxlen=MAILS_KEPT)
        self._news = asyncio.Event()
        self._over = False

    def put(self, item: object) -> None:
        """Take an update."""
        self._items.append(item)
        self._news.set()

    def end(self) -> None:
        """Let nobody wait any more."""
        self._over = True
        self._news.set()

    async def next(self, match: Callable[[Any], bool], seconds: float) -> Any:
        """Return the first update that matches; None when the seconds are over. Each update is looked at once.

        Raises RequestCancelled once the account is closed.
        """
        end = asyncio.get_running_loop().time() + seconds
        while True:
            while self._items:
                item = self._items.popleft()
                if match(item):
                    return item
            if self._over:
                raise RequestCancelled("the account was closed")
            self._news.clear()
            try:
                async with asyncio.timeout_at(end):
                    await self._news.wait()
            except TimeoutError:
                return None


class AsyncNews:
    """What wakes one reader; whoever wakes it calls from the thread of the event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake the reader, or the next one who waits."""
        self._event.set()

    def clear(self) -> None:
        """Forget what was told: the reader looks at everything after this."""
        self._event.clear()

    async def wait(self, seconds: float | None) -> None:
        """Wait for news, for so many seconds at most; None: for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


class AsyncBackground:
    """Calls beside others, each in a task of its own.

    Args:
        wake: called when a call has ended; None where `next` waits for that.

    """

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended: asyncio.Queue[tuple[int, Any]] = asyncio.Queue()
        self._count = 0

    def start(self, call: Callable[[], Awaitable[Any]]) -> int:
        """Begin a call; return its handle."""
        self._count += 1
        handle = self._count
        self._tasks[handle] = asyncio.get_running_loop().create_task(self._carry(handle, call))
        return handle

    async def _carry(self, handle: int, call: Callable[[], Awaitable[Any]]) -> None:
        try:
            outcome = await call()
        except Exception as error:  # whatever ends a call is the flow's to see
            outcome = error
        self._ended.put_nowait((handle, outcome))
        if self._wake is not None:
            self._wake()

    def take(self) -> tuple[int, Any] | None:
        """Return handle and outcome of a call that has ended, as `next`; None where none has."""
        if self._ended.empty():
            return None
        handle, outcome = self._ended.get_nowait()
        self._tasks.pop(handle, None)
        return handle, outcome

    async def next(self) -> tuple[int, Any]:
        """Return handle and outcome of a call that has ended; the outcome is the answer or the error."""
        handle, outcome = await self._ended.get()
        self._tasks.pop(handle, None)
        return handle, outcome

    async def close(self) -> None:
        """Give the calls up that are under way."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class AsyncTicker:
    """Calls a function every so many seconds.

    Args:
        seconds: between two calls.
        function: what to call.

    """

    def __init__(self, seconds: float, function: Callable[[], Awaitable[None]]) -> None:
        self._seconds = seconds
        self._function = function
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self._function()

    async def close(self) -> None:
        """Stop, and wait for a call that is under way."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

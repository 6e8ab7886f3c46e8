"""How an account waits in threads. `waiting_async` has the same names for asyncio."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mtproto.client import blocking
from mtproto.errors import RequestCancelled
from mtproto.message import KeyState

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Gate",
    "LaneClient",
    "ThreadBackground",
    "ThreadMailbox",
    "ThreadNews",
    "ThreadPauses",
    "ThreadTicker",
    "answered",
    "beside",
    "lane_state",
    "let_others",
    "new_client",
    "new_gate",
    "whole",
]

T = TypeVar("T")

Gate: TypeAlias = "threading.Lock"
"""A lock for one thread at a time."""

LaneClient: TypeAlias = "blocking.Client"
"""The client of a lane."""

MAILS_KEPT = 1000
"""Updates that wait for a flow at most; the oldest are dropped."""


def new_gate() -> threading.Lock:
    """Return a lock: one thread at a time."""
    return threading.Lock()


def new_client(*args: Any, **options: Any) -> blocking.Client:
    """Return a client that is not open yet; the arguments are those of `connect`."""
    return blocking.connect(*args, **options)


def lane_state(state: KeyState) -> KeyState:
    """Return the state of a key for one more lane: a copy, since each lane is carried by a thread of its own."""
    return KeyState.from_bytes(state.to_bytes())


def beside(function: Callable[..., T], *args: Any) -> T:
    """Return `function(*args)`: the thread that waits computes it itself."""
    return function(*args)


def let_others() -> None:
    """Let other tasks have their turn: the threads of others have it anyway."""


def whole(step: Callable[..., T], *args: Any) -> T:
    """Return `step(*args)`: nobody cancels a thread."""
    return step(*args)


def answered(ask: Callable[[Any], Any], question: object) -> Any:
    """Return what a person answers."""
    return ask(question)


class ThreadPauses:
    """The pauses that flows make. Once the account is closed, there are none any more."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def wait(self, seconds: float) -> None:
        """Wait for so many seconds. Raises RequestCancelled once there are no pauses any more."""
        if self._over.wait(seconds):
            raise RequestCancelled("the account was closed")

    def end(self) -> None:
        """End all pauses."""
        self._over.set()


class ThreadMailbox:
    """The updates that came since a flow began."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque(maxlen=MAILS_KEPT)
        self._news = threading.Condition()
        self._over = False

    def put(self, item: object) -> None:
        """Take an update."""
        with self._news:
            self._items.append(item)
            self._news.notify_all()

    def end(self) -> None:
        """Let nobody wait any more."""
        with self._news:
            self._over = True
            self._news.notify_all()

    def next(self, match: Callable[[Any], bool], seconds: float) -> Any:
        """Return the first update that matches; None when the seconds are over. Each update is looked at once.

        Raises RequestCancelled once the account is closed.
        """
        end = time.monotonic() + seconds
        with self._news:
            while True:
                while self._items:
                    item = self._items.popleft()
                    if match(item):
                        return item
                if self._over:
                    raise RequestCancelled("the account was closed")
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)


class ThreadNews:
    """What wakes one reader, from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Wake the reader, or the next one who waits."""
        self._event.set()

    def clear(self) -> None:
        """Forget what was told: the reader looks at everything after this."""
        self._event.clear()

    def wait(self, seconds: float | None) -> None:
        """Wait for news, for so many seconds at most; None: for ever."""
        self._event.wait(seconds)


class ThreadBackground:
    """Calls beside others, each in a thread of its own.

    Args:
        wake: called when a call has ended; None where `next` waits for that.

    """

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._count = 0

    def start(self, call: Callable[[], Any]) -> int:
        """Begin a call; return its handle."""
        self._count += 1
        name = f"mtproto: call {self._count} beside others"
        threading.Thread(target=self._carry, args=(self._count, call), name=name, daemon=True).start()
        return self._count

    def _carry(self, handle: int, call: Callable[[], Any]) -> None:
        try:
            outcome = call()
        except Exception as error:  # whatever ends a call is the flow's to see
            outcome = error
        self._ended.put((handle, outcome))
        if self._wake is not None:
            self._wake()

    def take(self) -> tuple[int, Any] | None:
        """Return handle and outcome of a call that has ended, as `next`; None where none has."""
        try:
            return self._ended.get_nowait()
        except queue.Empty:
            return None

    def next(self) -> tuple[int, Any]:
        """Return handle and outcome of a call that has ended; the outcome is the answer or the error."""
        return self._ended.get()

    def close(self) -> None:
        """Leave the calls alone that are under way: nobody hears of their ends."""


class ThreadTicker:
    """Calls a function every so many seconds, in a thread of its own.

    Args:
        seconds: between two calls.
        function: what to call.

    """

    def __init__(self, seconds: float, function: Callable[[], None]) -> None:
        self._seconds = seconds
        self._function = function
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mtproto: idle lanes", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self._function()

    def close(self) -> None:
        """Stop, and wait for a call that is under way."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

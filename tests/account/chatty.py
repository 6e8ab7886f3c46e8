"""A local DC with chats of its own, which keeps what it sent; and a road to a DC that can be blocked."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from mtproto.localdc import LocalDCThread
from tests.account.faces import KeptInMemory
from tests.flows.update_world import Server
from tl import api

t = api.types
END = t.UpdateShort(update=t.UpdateConfig(), date=1)
"""Pushed behind everything else: an update that nothing counts."""

QUESTIONS = (
    api.functions.updates.GetState,
    api.functions.updates.GetDifference,
    api.functions.updates.GetChannelDifference,
)


class Chats:
    """The chats of the bot of a local DC.

    Attributes:
        dc: pushes what is sent.
        server: counts, and keeps what was sent.
        asked: the calls that asked for the state or a difference.

    """

    def __init__(self, dc: LocalDCThread, piece: int = 3) -> None:
        self.dc = dc
        self.server = Server(piece=piece)
        self.asked: list[str] = []
        self._lock = threading.Lock()  # the DC answers in a thread of its own
        for question in QUESTIONS:
            dc.handler(question)(self.answer)

    @property
    def sent(self) -> dict[int, list[int]]:
        """By chat the numbers of the messages that were sent, in order."""
        return {chat: list(numbers) for chat, numbers in self.server.sent.items()}

    def send(self, chat: int, form: int = 1, *, push: int = 1) -> Any:
        """Send a message; push what tells it so many times. Return that."""
        with self._lock:
            update = self.server.send(chat, form)
        for _ in range(push):
            self.dc.push(update, timeout=None)
        return update

    def push(self, update: Any) -> None:
        """Push an update."""
        self.dc.push(update, timeout=None)

    def say_that_much_was_missed(self) -> None:
        """Let the client ask for all differences."""
        self.push(t.UpdatesTooLong())
        for channel in self.server.pts:
            if channel:
                self.push(t.UpdateShort(update=t.UpdateChannelTooLong(channel_id=channel), date=1))

    def store(self, **record: Any) -> KeptInMemory:
        """Return a store whose account has read all that was sent so far."""
        store = KeptInMemory()
        store.record = store.record.with_soft(type(store.record)(updates=self.server.kept()))
        return store

    def answer(self, call: Any) -> Any:
        """Answer a call that asks for the state or a difference."""
        self.asked.append(call.request.NAME)
        with self._lock:
            return self.server.answer(call.request)


class Road:
    """Leads to a DC, unless it is blocked."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._there = address
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._blocked = False
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._door.getsockname()
        self.turned_away = threading.Event()
        threading.Thread(target=self._let_in, daemon=True).start()

    def block(self) -> None:
        """Cut all connections, and turn new ones away."""
        with self._lock:
            self._blocked = True
            self.turned_away.clear()
        self._cut()

    def clear(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._blocked = False

    def close(self) -> None:
        """End it all."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                with self._lock:
                    if self._blocked:
                        here.close()
                        self.turned_away.set()
                        continue
                    there = socket.create_connection(self._there)
                    self._ends += [here, there]
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    @staticmethod
    def _carry(here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while data := here.recv(1 << 16):
                there.sendall(data)
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        here.close()

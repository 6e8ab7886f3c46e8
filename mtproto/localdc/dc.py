"""`LocalDC`: an MTProto data centre on a loopback socket, for asyncio programs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from mtproto._options import named_options
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.link import KEY_AGE, SESSION_AGE, InSession, KeyForgotten, KeyMade
from mtproto.localdc.desk import Desk
from mtproto.localdc.dispatch import Dispatcher
from mtproto.localdc.faults import Faults
from mtproto.localdc.keys import KeyFile, KeyRecord
from mtproto.localdc.layers import layers_of
from mtproto.localdc.ready import ready_info
from mtproto.localdc.world.load import load_world
from mtproto.message.message_ids import check_server_clock
from mtproto.net import MAX_CONNECTIONS, Clock, Listener
from mtproto.session import DestroyAuthKey
from tl import api

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.link import ServerLinkEvent, ServerQuery
    from mtproto.localdc.calls import Handler
    from mtproto.localdc.world.model import User, World
    from tl import Schema, TLFunction, TLObject

__all__ = ["DataCentre", "LocalDC"]

H = TypeVar("H", bound="Handler")

TIMES_KEPT = 3600.0
"""Seconds between two notes of when keys were last used: no age needs to be known more exactly."""

PUSH_TIMEOUT = 10.0
"""Seconds that `push` waits for a client that does not read: longer than a busy one pauses, shorter than a test may
hang."""


class DataCentre:
    """What `LocalDC` and `LocalDCThread` share: everything but how it is started.

    Args:
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        public_host: the address that clients are told to connect to, where it is not `host`.
        dc_id: the number of this DC.
        key: the RSA key; None makes one, or takes the one in the state file.
        world: users and pictures; None takes the packaged ones.
        schemas: further layers, by number, for clients that speak them; the packaged one is always there.
        state: a file that keeps the RSA key and all auth keys over restarts. It is as secret as they are. A key is
            on disk before its client knows it; where the disk is full the exchange goes on, and an error is logged.
        clock: gives the Unix time in seconds; None takes the clock of `mtproto.net`.
        random: a cryptographically secure source of bytes.
        limits: how much is accepted and sent.
        strict: refuse what the documentation calls wrong and Telegram's servers let pass: service messages whose
            numbers (seqno) are wrong. For those who test a client of their own.
        tls: what to speak TLS with, on all connections; None for none.
        session_age: after how many seconds a session without a connection is forgotten; None for never. What it
            executed is not executed again.
        key_age: after how many seconds a key that nobody uses is forgotten, and its login with it; None for never.
        max_connections: how many connections there may be at a time; more are closed as they come.

    Attributes:
        world: users and pictures.
        dc_id: the number of this DC.
        private_key: the RSA key.
        faults: ways to misbehave, each armed for one time: `dc.faults.bad_server_salt()`.

    Raises `WorldError` when the pictures can't be read, `StoreError` when the state file is damaged, can't be written,
    or is used by another process. It stays locked until the DC is closed.

    """

    @named_options()
    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        public_host: str | None = None,
        dc_id: int = 2,
        key: RSAPrivateKey | None = None,
        world: World | None = None,
        schemas: Mapping[int, Schema] | None = None,
        state: str | Path | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[int], bytes] = os.urandom,
        limits: Limits = SERVER_LIMITS,
        strict: bool = False,
        tls: ssl.SSLContext | None = None,
        session_age: float | None = SESSION_AGE,
        key_age: float | None = KEY_AGE,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.world = load_world() if world is None else world
        self.dc_id = dc_id
        self._public_host = public_host
        clock = Clock() if clock is None else clock
        self._desk = Desk(self.world, dc_id, clock)
        self._desk.keys_changed = self._keep
        self._desk.bind = self._bind
        self._desk.drop = self._drop
        self._records = self._desk.keys
        self._dispatcher = Dispatcher(self._desk, layers_of(schemas or {}), api.layer)
        self.faults = Faults(random)
        self._kept_at = clock()
        self._file = None if state is None else KeyFile(state)
        records: list[KeyRecord] = []
        if self._file is not None:
            key, records = self._file.load(key)
        self.private_key = key = key if key is not None else RSAPrivateKey.generate()
        self._records |= {record.auth_key.id: record for record in records}
        try:
            self._listener: Listener = Listener(
                self._answer,
                [key],
                host=host,
                port=port,
                dc_ids={dc_id},
                clock=clock,
                random=random,
                limits=limits,
                strict=strict,
                exchange_faults=self.faults,
                faults=self.faults,
                tls=tls,
                session_age=session_age,
                key_age=key_age,
                max_connections=max_connections,
            )
        except BaseException:
            self._unlock()
            raise
        for record in records:
            self._listener.state.add_key(record.auth_key, expires_at=record.expires_at, used_at=record.used_at or 0.0)
        self._listener.state.lasting = self._is_logged_in
        self._listener.on_event(self._watch)
        self._listener.on_sweep(self._keep_times)
        self._listener.on_sweep(self._desk.executions.forget_old)

    @property
    def keys(self) -> list[RSAPublicKey]:
        """The public RSA keys that a client has to trust: one."""
        return [self.private_key.public]

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect to: host and port, once the DC runs."""
        host, port = self._listener.address
        return self._public_host or host, port

    @property
    def users(self) -> tuple[User, ...]:
        """Everybody in the world; the first is the bot."""
        return self.world.users

    @property
    def bot(self) -> User:
        """Whom `bot_token` logs in."""
        return self.world.bot

    @property
    def bot_token(self) -> str:
        """What `auth.importBotAuthorization` takes."""
        return self.world.bot_token

    @property
    def api_id(self) -> int:
        """The application id that `auth.importBotAuthorization` takes."""
        return self.world.api_id

    @property
    def api_hash(self) -> str:
        """What belongs to `api_id`."""
        return self.world.api_hash

    def handler(self, method: type[TLFunction[Any]], *, login: bool | None = None) -> Callable[[H], H]:
        """Decorate a function that answers a method, instead of the DC's own handler if there is one.

        It takes a `Call` and returns an object of the API (or a bool, a list, or bytes), or raises `Refused`. It may
        be `async`. It runs in the thread of the DC's loop. `call.default()` gives what it replaces. One that fails
        costs the client `500 INTERNAL`, and is logged once with its traceback.

        Args:
            method: the class of the method. One of the packaged layer is served to the clients of all layers, one of
                another schema (`schemas`) to those that speak it; a dialect without wrappers is spoken beside the API.
            login: whether only those who are logged in may call it; None as the documentation has it.

        Raises:
            TypeError: `method` is no class of a method, or a wrapper such as `invokeWithLayer`.
            LocalProtocolError: it belongs to a schema that the DC was not given.

        """
        self._dispatcher.check(method)

        def register(function: H) -> H:
            self._dispatcher.register(method, function, login=login)
            return function

        return register

    def executions(self, random_id: int) -> int:
        """Return how often `messages.sendMessage` was executed with this `random_id`, in all sessions of all keys.

        A call that was executed twice shows here, and one that never was; however often it travelled does not. The
        last 65,536 calls of a key are remembered, for a day.
        """
        return self._desk.executions.of(random_id)

    async def _push(self, update: TLObject | bytes, timeout: float | None) -> int:
        updates = []
        for record in list(self._records.values()):
            if record.user_id is None or record.permanent is not None:
                continue
            bound = next((other for other in self._records.values() if other.permanent is record), record)
            body = update if isinstance(update, bytes) else self._dispatcher.encode(update, "Updates", bound)
            updates.append((record.auth_key.id, body))
        return await self._listener.deliver(updates, timeout=timeout)

    def expire_file_references(self) -> None:
        """Let every file reference given out so far be answered with `FILE_REFERENCE_EXPIRED`."""
        self._desk.references.expire()

    def ready(self) -> dict[str, Any]:
        """Return all that a client has to know, as plain data for JSON. It takes the SHA-256 of every file."""
        return ready_info(self.address, self.dc_id, self.private_key.public, self.world)

    async def _serve(self) -> None:
        if self._file is not None:
            self._file.reopen()
        try:
            check_server_clock(self._desk.clock())
            await self._listener.start()
        except BaseException:
            self._unlock()
            raise
        self._desk.address = self.address

    async def _stop(self) -> None:
        try:
            await self._listener.close()
            if self._file is not None and self._file.is_open:
                if any(record.expires_at is None for record in self._records.values()):
                    self._keep()
                self._file.save_rest(self.private_key.to_pem(), list(self._records.values()))
        finally:
            self._unlock()

    def _unlock(self) -> None:
        """Let others use the state file."""
        if self._file is not None:
            self._file.close()

    def _answer(self, query: ServerQuery) -> bytes | Awaitable[bytes]:
        key = self._records[query.key_id]
        return self._dispatcher.answer(query.body, key, query.session_id, query.msg_id, query.budget)

    def _watch(self, event: ServerLinkEvent) -> None:
        match event:
            case KeyMade(key):
                self._drop_ended()
                self._records[key.auth_key.id] = KeyRecord(key.auth_key, expires_at=key.expires_at)
                self._keep()
            case KeyForgotten(key):
                self._records.pop(key.auth_key.id, None)
                self._desk.executions.forget(key.auth_key.id)
                self._keep()
            case InSession(slot, DestroyAuthKey()) if slot.key.expires_at is None:
                self._records.pop(slot.key.auth_key.id, None)
                self._keep()

    def _is_logged_in(self, key_id: int) -> bool:
        record = self._records.get(key_id)
        return record is not None and record.account.user_id is not None

    def _bind(self, temporary: KeyRecord, permanent: KeyRecord) -> None:
        for record in self._records.values():
            if record.permanent is permanent:
                record.permanent = None
        temporary.permanent = permanent
        now = self._desk.clock()
        keys = [self._listener.state.find_key(record.auth_key.id, now) for record in (temporary, permanent)]
        if keys[0] is not None and keys[1] is not None:
            self._listener.state.bind(keys[0], keys[1])

    def _drop(self, record: KeyRecord) -> None:
        self._listener.state.forget_key(record.auth_key.id)
        self._records.pop(record.auth_key.id, None)

    def _drop_ended(self) -> None:
        now = self._desk.clock()
        for record in list(self._records.values()):
            if record.expires_at is not None and record.expires_at <= now:
                self._drop(record)

    def _keep_times(self) -> None:
        """Note once an hour in the state file when keys were last used, so that age counts over restarts."""
        if self._desk.clock() - self._kept_at > TIMES_KEPT:
            self._keep()

    def _keep(self) -> None:
        if self._file is not None:
            self._kept_at = self._desk.clock()
            for key in self._listener.state:
                if (record := self._records.get(key.auth_key.id)) is not None:
                    record.used_at = key.last_used()
            self._file.keep(self.private_key.to_pem(), list(self._records.values()))


class LocalDC(DataCentre):
    """An MTProto data centre on a loopback socket: `async with LocalDC() as dc: …`. Belongs to one event loop."""

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port can't be had.
            LocalProtocolError: the clock shows a time at which no server works.

        """
        await self._serve()

    async def close(self) -> None:
        """Close all connections and stop listening. Raises `StoreError` when the state file lacks keys of this run."""
        await self._stop()

    async def push(self, update: TLObject | bytes, *, timeout: float | None = PUSH_TIMEOUT) -> int:
        """Send an update to all sessions of whoever is logged in, and wait while one that is connected has no room.

        Args:
            update: an object of the type `Updates`; or bytes, which go out as they are.
            timeout: how many seconds to wait at most; None as long as the clients are connected.

        Returns:
            how many sessions get it; those without a connection get it later.

        No update is lost in silence: a session that takes nothing for `timeout` seconds does not get this one, a
        session without a connection keeps the latest 1,000 (`limits.queued_updates`), or 4 MiB, and either client is
        told that updates have a gap (`new_session_created`).

        """
        return await self._push(update, timeout)

    async def __aenter__(self) -> LocalDC:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

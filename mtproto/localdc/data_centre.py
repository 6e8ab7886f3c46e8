"""A data centre on a loopback socket, put together: world, keys, dispatcher, faults, listener. It belongs to a loop."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.errors import OptionError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.link import KEY_AGE, SESSION_AGE, InSession, KeyForgotten, KeyMade
from mtproto.localdc.answers import Refused
from mtproto.localdc.auth_keys import AuthKeys
from mtproto.localdc.dc_state import DCState
from mtproto.localdc.dispatch import Dispatcher
from mtproto.localdc.faults import Faults
from mtproto.localdc.network_state import NetworkState
from mtproto.localdc.places import Places
from mtproto.localdc.post_channel import send_by_name
from mtproto.localdc.spoken import SpokenLayers
from mtproto.localdc.world import load_world
from mtproto.message import check_server_clock
from mtproto.net import MAX_CONNECTIONS, Clock, Listener
from mtproto.session import DestroyAuthKey
from tl import EncodeError, api

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping

    from mtproto.crypto import RSAPrivateKey
    from mtproto.link import ServerLinkEvent, ServerQuery
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.keys import KeyRecord
    from mtproto.localdc.pushes import CountedPush
    from mtproto.localdc.world import World
    from tl import Schema, TLObject

__all__ = ["PUSH_TIMEOUT", "DataCentre"]

PUSH_TIMEOUT = 10.0
"""Seconds that `push` waits for a client that does not read: longer than a busy one pauses, shorter than a test may
hang."""

logger = logging.getLogger(__name__)


BINDINGS = 16
"""Temporary keys that stand for a permanent one at a time, where each session may have one of its own; one more, and
the oldest binding ends."""


BOXES_EPOCH = 1_600_000_000
"""Unix seconds at which the `pts` of a DC that keeps its keys would be 0. A box that is not on disk, and all boxes of a
run that was killed, begin at a `pts` beyond those of earlier runs: a client of an earlier run hears that its difference
is too long."""

EVENTS_A_SECOND = 4
"""How much the first `pts` grows with each second: it is beyond an earlier run in which an account had no more events
than this, on an average until the next run. A `pts` has 31 bits, which last until 2037."""


def _beside(state: str | Path | None) -> Path | None:
    """Return the file that keeps the messages of a DC that is alone: beside its state file."""
    return None if state is None else Path(f"{os.fspath(state)}.messages")


def _bindings(policy: str) -> int:
    """Return how many temporary keys stand for a permanent one at a time under a policy."""
    numbers = {"key": 1, "session": BINDINGS}
    if policy not in numbers:
        raise OptionError(f'bindings is "key" or "session", not {policy!r}', "bindings")
    return numbers[policy]


class DataCentre:
    """What `LocalDC` and `LocalDCThread` have inside.

    Takes the arguments of `LocalDC`, which says what each means.

    Attributes:
        dispatcher: finds the handler of a call.
        faults: ways to misbehave, each armed for one time.
        keys: the auth keys, and the RSA key.
        places: from where each key is used.
        listener: the socket.
        state: what all calls share.

    """

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
        shared: NetworkState | None = None,
        bindings: str = "key",
        is_cdn: bool = False,
    ) -> None:
        clock = Clock() if clock is None else clock
        world = load_world() if world is None else world
        self._public_host = public_host
        self.faults = Faults(random)
        self.places = Places()
        self.keys = AuthKeys(key, state, clock, _bindings(bindings))
        self._is_alone = shared is None
        if shared is None:
            shared = NetworkState(world, (dc_id,), clock, random, messages=_beside(state))
        if state is not None:
            shared.begin_messages_at(max((int(clock()) - BOXES_EPOCH) * EVENTS_A_SECOND, 1))
        self.state = DCState(world, dc_id, self.keys, clock, shared, is_cdn=is_cdn)
        try:
            if self._is_alone:
                shared.open()
            self.dispatcher = Dispatcher(self.state, SpokenLayers(schemas or {}), api.layer)
            self.listener: Listener = Listener(
                self._answer,
                [self.keys.private_key],
                host=host,
                port=port,
                dc_ids={dc_id},
                clock=clock,
                random=random,
                limits=limits,
                strict=strict,
                exchange_faults=self.faults.exchange,
                faults=self.faults,
                tls=tls,
                session_age=session_age,
                key_age=key_age,
                max_connections=max_connections,
            )
        except BaseException:
            self.give_up()
            raise
        self.keys.serve(self.listener.state)
        self.listener.state.keep_lasting(self.keys.is_logged_in)
        self.state.notify_by(self._notify)
        self.state.misbehave_by(self.faults.files)
        self.state.tell_by(self._tell, self.faults.updates.lengthens)
        self.listener.on_event(self._watch)
        self.listener.on_sweep(self.keys.keep_changes)
        self.listener.on_sweep(self.state.executions.forget_old)
        self.listener.on_sweep(self.state.uploads.forget_old)
        self.listener.on_sweep(shared.keep_messages)

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect to: host and port, once the DC runs."""
        host, port = self.listener.address
        return self._public_host or host, port

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port can't be had.
            LocalProtocolError: the clock shows a time at which no server works.

        """
        self.keys.reopen()
        try:
            if self._is_alone:
                self.state.shared.open()
            check_server_clock(self.state.clock())
            self.dispatcher.begin_run()
            await self.listener.start()
        except BaseException:
            self.give_up()
            raise
        self.state.listens_at(*self.address)

    async def close(self) -> None:
        """Close all connections and stop listening. Raises `StoreError` when the state file lacks keys of this run."""
        try:
            await self.listener.close()
            self.keys.save_rest()
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Give the files of the state back, with the messages in their own."""
        if self._is_alone:
            self.state.shared.close()
        self.keys.close()

    async def push(self, update: TLObject | bytes, timeout: float | None) -> int:
        """Send an update to all sessions of whoever is logged in, and return how many get it; see `LocalDC.push`."""
        records = list(self.keys.records.values())
        bound = {id(record.permanent): record for record in records if record.permanent is not None}
        bodies: dict[int | None, bytes | EncodeError | None] = {}  # by layer
        updates = []
        for record in records:
            if record.user_id is None or record.permanent is not None:
                continue
            spoken = bound.get(id(record), record)
            if spoken.layer not in bodies:
                bodies[spoken.layer] = update if isinstance(update, bytes) else self._written(update, spoken)
            body = bodies[spoken.layer]
            if isinstance(body, bytes):
                updates.append((record.auth_key.id, body))
        _report(bodies)
        return await self.listener.deliver(updates, timeout=timeout)

    def send_message(self, sender: str, receiver: str, text: str, document: LocalDocument | None) -> int:
        """Have a user send a message to another; see `LocalDC.send_message`."""
        return send_by_name(sender, receiver, text, self.state, document)

    def _notify(self, key_id: int, update: TLObject) -> None:
        """Send an update to the sessions of a key, in the layer of the client; without waiting for anybody."""
        record = self.keys.records.get(key_id)
        if record is None:
            return
        body = self._written(update, self.keys.speaking_for(record))
        if isinstance(body, bytes):
            self.listener.push(key_id, body)
        else:
            _report({record.layer: body})

    def _tell(self, push: CountedPush) -> None:
        """Send an update to those sessions of an account that want updates, or do what a fault makes of that.

        The keys under which another DC's authorization was imported get none.
        """
        keys = [
            (record, self.keys.speaking_for(record))
            for record in self.keys.records.values()
            if record.user_id == push.user_id and not record.imported
        ]
        if not any(self.listener.count_sessions(key.auth_key.id, _skipped(push, key, by)) for key, by in keys):
            return
        for each in self.faults.updates.pushed(push):
            for key, speaking in keys:
                body = self._written(each.update, speaking)
                if isinstance(body, bytes):
                    self.listener.push(key.auth_key.id, body, skip=_skipped(each, key, speaking))
                elif body is not None:
                    _log_left_out(speaking.layer, body)

    def _written(self, update: TLObject, key: KeyRecord) -> bytes | EncodeError | None:
        """Return an update in the layer of a key, or why that layer can't carry it.

        None for a layer of an earlier run that this DC does not speak.
        """
        try:
            return self.dispatcher.encode(update, "Updates", key)
        except Refused:  # which is logged
            return None
        except EncodeError as error:
            return error

    def _answer(self, query: ServerQuery) -> bytes | Awaitable[bytes]:
        key = self.keys.records[query.key_id]
        place = self.listener.origin_of(query.slot)
        if place is not None and self.places.check(key.account, place.number, place.address):
            self.keys.keep()
        return self.dispatcher.answer(query.body, key, query.session_id, query.msg_id, query.budget)

    def _watch(self, event: ServerLinkEvent) -> None:
        match event:
            case KeyMade(key):
                self.keys.made(key.auth_key, key.expires_at)
            case KeyForgotten(key):
                self.state.executions.forget(key.auth_key.id)
                self.keys.forget(key.auth_key.id)
                self.places.forget(key.auth_key.id)
            case InSession(slot, DestroyAuthKey()) if slot.key.expires_at is None:
                self.keys.destroy(slot.key.auth_key.id)
                self.keys.keep_changes()


def _skipped(push: CountedPush, key: KeyRecord, speaking: KeyRecord) -> set[int]:
    """Return the sessions of a key that get no update: those that want none, and the one that made the change."""
    quiet = key.quiet | speaking.quiet
    but = push.but
    return quiet | {but.session_id} if but is not None and but.key_id == key.auth_key.id else quiet


def _report(bodies: Mapping[int | None, bytes | EncodeError | None]) -> None:
    """Log which layers can't carry an update.

    Args:
        bodies: by the layer, the update or why it can't be written; the key None is the DC's own layer.

    Raises:
        EncodeError: no layer can carry the update.

    """
    faults = {layer: body for layer, body in bodies.items() if isinstance(body, EncodeError)}
    if faults and not any(isinstance(body, bytes) for body in bodies.values()):
        raise next(iter(faults.values()))
    for layer, fault in faults.items():
        _log_left_out(layer, fault)


def _log_left_out(layer: int | None, fault: EncodeError) -> None:
    logger.warning("clients of layer %s get no update that their layer can't carry: %s", layer or api.layer, fault)

"""The model under temporary keys: links that come and go, exchanges, bindings, and keys that end.

Real exchanges would take most of the time, so keys are made here by one question and one answer, which anybody may
read: what is modelled is when they are made and what becomes of calls meanwhile.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from mtproto.errors import ConnectionLost, TransportError
from mtproto.link import PfsLink
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import pack_plain, unpack_plain
from mtproto.message.key_state import ExchangeResult, KeyState
from mtproto.message.message_ids import client_msg_id, server_msg_id
from tests.link.support import rsa_key
from tests.model.machine import Links
from tests.model.world import DC, World

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from mtproto.link import ServerKey

__all__ = ["LinksWithTemporaryKeys", "make_keys_cheaply"]

LIFE = 100
"""Seconds that temporary keys live here; they are replaced 10 seconds before their end."""


class _Client:
    """As much of a `ClientExchange` as a link asks for."""

    def __init__(self, _keys: object, _dc_id: int, random: Callable[[int], bytes], *, expires_in: int | None) -> None:
        self._random = random
        self._expires_in = expires_in
        self._nonce = random(16)
        self.steps: list[Any] = []
        self.result: ExchangeResult | None = None

    def start(self, now: float) -> bytes:
        body = self._nonce + (self._expires_in or 0).to_bytes(4, "little")
        return pack_plain(client_msg_id(now, 0, self._random), body)

    def receive(self, payload: bytes, now: float, *, rest: object = None) -> None:
        body = unpack_plain(payload).body
        assert body[:16] == self._nonce, "an answer to another exchange"
        server_time = int.from_bytes(body[16:20], "little")
        ends = None if self._expires_in is None else float(server_time + self._expires_in)
        self.result = ExchangeResult(key_of(self._nonce), 0, server_time - now, ends, server_time)


class _Server:
    """As much of a `ServerExchange` as a link asks for."""

    def __init__(self, _keys: object, _random: object, **_options: object) -> None:
        self.result: ExchangeResult | None = None

    def begins_another(self, _payload: bytes) -> bool:
        return True

    def receive(self, payload: bytes, now: float) -> bytes:
        body = unpack_plain(payload).body
        nonce, expires_in = body[:16], int.from_bytes(body[16:20], "little")
        self.result = ExchangeResult(key_of(nonce), 0, 0.0, now + expires_in if expires_in else None, now)
        return pack_plain(server_msg_id(now, 0, reply=True), nonce + int(now).to_bytes(4, "little"))


def key_of(nonce: bytes) -> AuthKey:
    return AuthKey(Random(nonce).randbytes(256))


def make_keys_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put these exchanges in the place of the real ones."""
    monkeypatch.setattr("mtproto.link.key_maker.ClientExchange", _Client)
    monkeypatch.setattr("mtproto.link.server_intake.ServerExchange", _Server)


class TemporaryWorld(World):
    """A world whose client has a permanent key, and calls under temporary ones."""

    def _new_client(self, state: KeyState) -> PfsLink:
        return PfsLink([rsa_key().public], dc_id=DC, random=self.random, state=state, expires_in=LIFE)

    @property
    def used_key(self) -> ServerKey | None:
        temporary = self.key.temporary if self.key is not None else None
        return None if temporary is None else self.state.find_key(temporary.auth_key.id, self.now)

    def forget_key(self) -> None:
        """Forget the temporary keys, as servers may at any time."""
        self.keys_lost += 1
        for key in list(self.state):
            if key.expires_at is not None:
                self.state.forget_key(key.auth_key.id)
        self.forgot_at = self.now

    def forget_binding(self) -> None:
        if self.key is not None and self.key.temporary is not None:
            self.key.temporary.bound_to = None

    def surprises(self) -> list[Callable[[], None]]:
        # A key may end while the machine sleeps: then nobody can know what became of what was sent under it.
        return [self.rotate_salts, lambda: self.restart_client(400.0)]

    def _check_failed(self, error: Exception) -> None:
        # Five connections in a row without a key, or five keys in a row that were lost, are enough.
        assert isinstance(error, ConnectionLost | TransportError), f"the link has failed: {error!r}"


class LinksWithTemporaryKeys(Links):
    """Links face to face, two at a time while a key is replaced."""

    world_of = TemporaryWorld

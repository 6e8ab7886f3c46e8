"""The temporary keys of lanes: under both policies that servers have, and at addresses for file queries only."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from mtproto.account.lanes import KEY_ATTEMPTS
from mtproto.crypto import RSAPrivateKey
from mtproto.errors import Unauthorized
from mtproto.localdc import LocalDCThread, Refused
from mtproto.localdc.keys import KeyRecord
from mtproto.message import AuthKey, KeyState
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()
LANES = ("main", "file-1", "file-2", "file-3")


class Watched:
    """What became of keys at a DC.

    Attributes:
        bindings: how often each temporary key was bound.
        made: the ids of the temporary keys that were made.
        permanent: those of permanent ones.
        sessions: of the calls, by temporary key.

    """

    def __init__(self, dc: LocalDCThread, patch: pytest.MonkeyPatch) -> None:
        self.dc = dc
        self.bindings: Counter[int] = Counter()
        self.made: list[int] = []
        self.permanent: list[int] = []
        self.sessions: dict[int, set[int]] = {}
        self._told: list[Callable[[AuthKey], None]] = []
        made = dc._centre.keys.made

        def note_key(key: Any, expires_at: float | None) -> None:
            (self.permanent if expires_at is None else self.made).append(key.id)
            made(key, expires_at)
            for tell in self._told if expires_at is None else ():
                tell(key)

        patch.setattr(dc._centre.keys, "made", note_key)
        dc.handler(api.functions.auth.BindTempAuthKey)(self._bind)
        dc.handler(api.functions.users.GetUsers)(self._call)

    def on_permanent(self, tell: Callable[[AuthKey], None]) -> None:
        """Call this with each permanent key that is made."""
        self._told.append(tell)

    def forget_temporary(self) -> None:
        """Let the DC forget its temporary keys, as a DC does that is started again."""
        for record in list(self.dc._centre.keys.records.values()):
            if record.expires_at is not None:
                self.dc._centre.keys.drop(record)

    def _bind(self, call: Any) -> Any:
        self.bindings[call.key.auth_key.id] += 1
        return call.default()

    def _call(self, call: Any) -> Any:
        self.sessions.setdefault(call.key.auth_key.id, set()).add(call.session_id)
        return call.default()


@contextmanager
def watched(key: RSAPrivateKey, patch: pytest.MonkeyPatch, **options: Any) -> Iterator[Watched]:
    """Run a DC."""
    with LocalDCThread(key=key, **options) as dc:
        yield Watched(dc, patch)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("policy", "keys"), [("key", 1), ("session", 4)])
@pytest.mark.parametrize("calls", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_lanes_bind_each_temporary_key_once_under_either_policy(
    face: str, policy: str, keys: int, calls: int, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), seen.dc, pfs=True) as account:
            await account.login(bot_token=seen.dc.bot_token)
            for _ in range(5):  # a thread carries each call in the blocking face
                users = await asyncio.gather(*[account(SELF, lane=lane) for lane in LANES * (calls // 20)])
                assert {user[0].id for user in users} == {seen.dc.bot.id}

    with watched(local_dc_key, monkeypatch, bindings=policy) as seen:
        play(scene)
    assert len(seen.made) == keys
    assert seen.bindings == dict.fromkeys(seen.made, 1)
    assert len(seen.permanent) == 1
    assert set(seen.sessions) == set(seen.made)
    assert sorted(len(sessions) for sessions in seen.sessions.values()) == ([4] if keys == 1 else [1] * 4)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("policy", ["key", pytest.param("session", marks=pytest.mark.slow)])
def test_lanes_go_on_when_the_server_forgets_temporary_keys(
    face: str, policy: str, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), seen.dc, pfs=True) as account:
            await account.login(bot_token=seen.dc.bot_token)
            await asyncio.gather(*[account(SELF, lane=lane) for lane in LANES * 3])
            seen.forget_temporary()
            await asyncio.gather(*[account(SELF, lane=lane) for lane in LANES * 3])

    with watched(local_dc_key, monkeypatch, bindings=policy) as seen:
        play(scene)
    assert set(seen.bindings.values()) == {1}
    assert len(seen.permanent) == 1
    assert len(seen.made) == (2 if policy == "key" else 8)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("policy", "keys"), [("key", 2), pytest.param("session", 8, marks=pytest.mark.slow)])
def test_lanes_follow_when_temporary_keys_are_renewed(
    face: str, policy: str, keys: int, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_750_000_000.0]

    async def scene() -> None:
        options: dict[str, Any] = {"clock": lambda: now[0], "idle_after": 5000.0, "expires_in": 1000}
        async with account_of(face, KeptInMemory(), seen.dc, pfs=True, **options) as account:
            await account.login(bot_token=seen.dc.bot_token)
            await asyncio.gather(*[account(SELF, lane=lane) for lane in LANES * 3])
            now[0] += 905
            while len(seen.bindings) < keys:
                await asyncio.gather(*[account(SELF, lane=lane) for lane in LANES])
            seen.sessions.clear()
            await asyncio.gather(*[account(SELF, lane=lane) for lane in LANES])

    with watched(local_dc_key, monkeypatch, bindings=policy, clock=lambda: now[0]) as seen:
        play(scene)
    assert seen.bindings == dict.fromkeys(seen.made, 1)
    assert len(seen.made) == keys
    assert set(seen.sessions) == set(seen.made[keys // 2 :])


@pytest.mark.parametrize("face", FACES)
def test_a_lender_stays_open_while_its_key_is_in_use(
    face: str, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        now = [1_750_000_000.0]
        options: dict[str, Any] = {"clock": lambda: now[0], "idle_after": 50.0}
        async with account_of(face, KeptInMemory(), other.dc, home.dc, pfs=True, **options) as account:
            inner = getattr(account, "account", account)

            async def close_idle() -> None:
                done = inner._lanes.close_idle()
                if done is not None:
                    await done

            await account(NEAREST, dc=1, lane="file")
            now[0] += 49
            await account(NEAREST, dc=1, lane="file")
            now[0] += 2
            await close_idle()
            assert account.open_lanes >= {(1, "main"), (1, "file")}
            now[0] += 50
            await close_idle()
            await close_idle()
            assert not {(1, "main"), (1, "file")} & account.open_lanes

    with watched(local_dc_key, monkeypatch, dc_id=1) as home, watched(local_dc_key, monkeypatch, dc_id=2) as other:
        play(scene)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("loses_bindings", [False, True])
def test_a_server_that_takes_the_calls_of_a_lane_under_no_key_is_given_up(
    face: str, loses_bindings: bool, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    proofs = itertools.count()

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), seen.dc, pfs=True) as account:
            await account(NEAREST)
            with pytest.raises(Unauthorized, match="AUTH_KEY_PERM_EMPTY"):
                await account(SELF, lane="file")

    with watched(local_dc_key, monkeypatch) as seen:

        @seen.dc.handler(api.functions.users.GetUsers, login=False)
        def refuse(call: Any) -> Any:
            asked.append((call.key.auth_key.id, call.session_id))
            raise Refused(401, "AUTH_KEY_PERM_EMPTY")

        @seen.dc.handler(api.functions.help.GetCdnConfig, login=False)
        def lose(call: Any) -> Any:
            if loses_bindings and next(proofs) % 2 == 0:
                raise Refused(401, "AUTH_KEY_PERM_EMPTY")
            return api.types.CdnConfig(public_keys=[])

        play(scene)
    borrowed = [each for each in asked if each[0] == seen.made[0]]
    assert len(borrowed) == len(set(borrowed)) == (KEY_ATTEMPTS if loses_bindings else 1)
    assert len(seen.made) == (1 if loses_bindings else 2)


# Addresses for file queries only


class ForFiles:
    """A home DC 2, and a DC 3 with two addresses, each served by a `LocalDC` of its own: one for all, one for files.

    The second one takes the negative id in exchanges and no other. It knows the permanent keys that the first made.
    """

    def __init__(self, home: Watched, plain: Watched, files: Watched) -> None:
        self.home, self.plain, self.files = home, plain, files
        self.knows_keys = True
        home.dc.handler(api.functions.help.GetConfig)(self._config)
        for each in (plain, files):
            each.dc.handler(api.functions.users.GetUsers, login=False)(partial(self._called, each))
        plain.on_permanent(self._share)

    def _config(self, call: Any) -> Any:
        config = call.default()
        config.dc_options = [
            api.types.DcOption(id=3, ip_address=dc.address[0], port=dc.address[1], media_only=only)
            for dc, only in ((self.plain.dc, False), (self.files.dc, True))
        ]
        return config

    def _share(self, key: AuthKey) -> None:
        if self.knows_keys:
            self.files.dc._centre.keys.add(KeyRecord(key))
            self.files.dc._centre.listener.state.add_key(key)

    @staticmethod
    def _called(each: Watched, call: Any) -> Any:
        each.sessions.setdefault(call.key.auth_key.id, set()).add(call.session_id)
        return []


@contextmanager
def for_files(key: RSAPrivateKey, patch: pytest.MonkeyPatch) -> Iterator[ForFiles]:
    """Run the three of them."""
    with (
        watched(key, patch, dc_id=2) as home,
        watched(key, patch, dc_id=3) as plain,
        watched(key, patch, dc_id=-3) as files,
    ):
        yield ForFiles(home, plain, files)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("pfs", [False, True])
def test_files_go_to_their_own_addresses_with_the_permanent_key_and_temporary_keys_of_their_own(
    face: str, pfs: bool, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, three.home.dc, pfs=pfs) as account:
            await account(SELF, dc=3, lane="file-1")  # before the lane that makes the permanent key
            await asyncio.gather(*[account(SELF, dc=3, lane=lane) for lane in LANES * 3])

    with for_files(local_dc_key, monkeypatch) as three:
        play(scene)
    (permanent,) = three.plain.permanent
    kept = store.record.key(3)
    assert kept is not None
    assert (kept.auth_key.id, kept.dc_id) == (permanent, 3)
    assert not three.files.permanent
    for each, lanes in ((three.plain, 1), (three.files, 3)):
        assert len(each.made) == int(pfs)
        assert each.bindings == dict.fromkeys(each.made, 1)
        assert [*each.sessions] == (each.made or [permanent])
        assert [len(sessions) for sessions in each.sessions.values()] == [lanes]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("pfs", [False, True])
def test_where_the_addresses_for_files_do_not_know_the_key_it_stays_and_files_go_elsewhere(
    face: str, pfs: bool, local_dc_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, three.home.dc, pfs=pfs) as account:
            await account(SELF, dc=3)
            before = store.record.keys[3]
            await asyncio.gather(*[account(SELF, dc=3, lane=lane) for lane in LANES * 3])
            assert KeyState.from_bytes(store.record.keys[3]).auth_key == KeyState.from_bytes(before).auth_key

    with for_files(local_dc_key, monkeypatch) as three:
        three.knows_keys = False
        play(scene)
    assert (len(three.plain.permanent), len(three.files.permanent)) == (1, 0)
    assert not three.files.sessions
    assert sum(len(sessions) for sessions in three.plain.sessions.values()) == 4

"""Who is meant, through an account in both faces: calls that are made once, and what is kept of peers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import RSAPrivateKey
from mtproto.errors import BadRequest, LocalProtocolError
from mtproto.flows import PeerNotKnown, WrongReference
from mtproto.localdc import LocalDCThread, LocalNetworkThread
from mtproto.store import FileStore
from tests.account.faces import FACES, InThreads, KeptInMemory, account_at, account_of, play
from tl import api

t: Any = api.types
RESOLVE = "contacts.resolveUsername"


@pytest.fixture
def local_network(local_dc_key: RSAPrivateKey) -> Iterator[LocalNetworkThread]:
    """Three data centres over one world."""
    with LocalNetworkThread(key=local_dc_key) as network:
        yield network


def way_of(network: LocalNetworkThread | LocalDCThread, name: str) -> dict[str, Any]:
    account = network.accounts.named(name)
    return {"phone": account.phone, "ask": lambda _: account.code}


def called(network: LocalNetworkThread | LocalDCThread, method: str) -> int:
    dcs = network.dcs.values() if isinstance(network, LocalNetworkThread) else [network]
    return sum(call.method == method for dc in dcs for call in dc.calls)


def all_calls(network: LocalNetworkThread) -> int:
    return sum(len(dc.calls) for dc in network.dcs.values())


async def photos_of(account: Any, user: Any) -> Any:
    """Ask for the photos of whom a reference means, as the short calls do."""
    peers = account.account._peers if isinstance(account, InThreads) else account._peers
    request: Any = api.functions.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=1)
    filled: Any = peers.resolve_request(request)
    return await account(filled if isinstance(account, InThreads) else await filled)


async def listed(account: Any, user: Any) -> tuple[list[int], Any]:
    """Return the ids of all photos of a user, and the total."""
    if isinstance(account, InThreads):
        photos = account.account.iter_user_photos(user)
        return [photo.id for photo in photos], photos.total
    photos = account.iter_user_photos(user)
    return [photo.id async for photo in photos], photos.total


def forms(user: Any, phone: str) -> list[Any]:
    """Return what a caller may write for a user that the account has met."""
    peer = t.PeerUser(user_id=user.id)
    message = t.Message(id=1, peer_id=peer, date=1, message="")
    shown = t.User(id=user.id, access_hash=user.access_hash)
    full = t.UserFull(
        id=user.id, settings=t.PeerSettings(), notify_settings=t.PeerNotifySettings(), common_chats_count=0
    )
    return [
        user.username,
        f" @{user.username.upper()} ",
        f"t.me/{user.username}",
        f"https://t.me/{user.username}",
        f"tg://resolve?domain={user.username}",
        f"tg://user?id={user.id}",
        f"+{phone}",
        user.id,
        str(user.id),
        peer,
        message,
        t.UpdateNewMessage(message=message, pts=1, pts_count=1),
        t.UpdateShortMessage(id=1, user_id=user.id, message="", pts=1, pts_count=1, date=1),
        shown,
        full,
        t.users.UserFull(full_user=full, users=[shown], chats=[]),
        t.InputUser(user_id=user.id, access_hash=user.access_hash),
        t.InputPeerUser(user_id=user.id, access_hash=user.access_hash),
    ]


@pytest.mark.parametrize("face", FACES)
def test_every_form_of_a_user_is_taken_and_the_name_is_asked_for_once(
    face: str, local_network: LocalNetworkThread
) -> None:
    dozen = local_network.accounts.named("dozen")

    async def scene() -> None:
        async with account_at(face, KeptInMemory(), local_network) as account:
            await account.login(**way_of(local_network, "triple"))
            for form in forms(dozen.user, dozen.phone):
                [owner] = (await photos_of(account, form)).users
                assert owner.id == dozen.user.id, form
            [me] = (await photos_of(account, "me")).users
            assert me.username == "triple"
            peer = await account.resolve("@dozen")
            assert peer == t.InputPeerUser(user_id=dozen.user.id, access_hash=dozen.user.access_hash)

    play(scene)
    assert called(local_network, RESOLVE) == 1
    assert called(local_network, "contacts.resolvePhone") == 1


@pytest.mark.parametrize("face", FACES)
def test_what_can_be_nobody_and_strangers_cost_no_call(face: str, local_network: LocalNetworkThread) -> None:
    dozen = local_network.accounts.named("dozen").user

    async def scene() -> None:
        async with account_at(face, KeptInMemory(), local_network) as account:
            with pytest.raises(LocalProtocolError, match="nobody is logged in"):
                await account.resolve("@dozen")
            peers = account.account._peers if isinstance(account, InThreads) else account._peers
            plain = api.functions.help.GetConfig()
            unchanged: Any = peers.resolve_request(plain)
            assert (unchanged if isinstance(account, InThreads) else await unchanged) is plain
            await account.login(**way_of(local_network, "triple"))
            before = all_calls(local_network)
            for wrong in ("two words", "https://example.com/dozen", 0, b"dozen", t.UpdatesTooLong(), -3):
                with pytest.raises(WrongReference):
                    await photos_of(account, wrong)
            with pytest.raises(PeerNotKnown, match=f"access hash of user {dozen.id} is not known"):
                await account.resolve(dozen.id)
            assert all_calls(local_network) == before
            with pytest.raises(BadRequest, match="USERNAME_NOT_OCCUPIED"):
                await account.resolve("@somebody_else")

    play(scene)


@pytest.mark.parametrize(("face", "kind"), [("asyncio", "file"), ("blocking", "memory")])
def test_restarts_ask_for_a_username_once(
    face: str, kind: str, local_network: LocalNetworkThread, tmp_path: Path
) -> None:
    kept = KeptInMemory()

    async def scene() -> None:
        for _ in range(100):
            store = kept if kind == "memory" else FileStore(tmp_path / "me.session")
            async with account_at(face, store, local_network) as account:
                await account.login(**way_of(local_network, "triple"))
                [owner] = (await photos_of(account, "@dozen")).users
                assert owner.username == "dozen"

    play(scene)
    assert called(local_network, RESOLVE) == 1


@pytest.mark.parametrize("face", FACES)
def test_another_login_has_another_book(face: str, local_network: LocalNetworkThread) -> None:
    store = KeptInMemory()
    dozen = local_network.accounts.named("dozen").user

    async def scene() -> None:
        async with account_at(face, store, local_network) as account:
            await account.login(**way_of(local_network, "triple"))
            assert (await account.me()).username == "triple"
            await account.resolve("@dozen")
            await account.log_out()
            await account.login(**way_of(local_network, "hundred"))
            assert (await account.me()).username == "hundred"
            with pytest.raises(PeerNotKnown):
                await account.resolve(dozen.id)

    play(scene)
    assert store.record.peers["owner"] == local_network.accounts.named("hundred").user.id


@pytest.mark.parametrize("face", FACES)
def test_answers_and_updates_are_learnt_from(face: str, local_dc: LocalDCThread) -> None:
    channel = t.Channel(id=9, access_hash=99, title="c", photo=t.ChatPhotoEmpty(), date=1)

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            incoming = account.incoming()
            user = next(user for user in local_dc.users if user.username == "dozen")
            await account(api.functions.users.GetUsers(id=[t.InputUser(user_id=user.id, access_hash=0)]))
            calls = len(local_dc.calls)
            assert (await account.resolve("@dozen")).access_hash == user.access_hash
            reading = incoming.__anext__()
            local_dc.push(t.Updates(updates=[t.UpdateConfig()], users=[], chats=[channel], date=1, seq=0), timeout=None)
            await reading
            assert await account.resolve(-1000000000009) == t.InputPeerChannel(channel_id=9, access_hash=99)
            assert {call.method for call in local_dc.calls[calls:]} <= {"updates.getState"}
            await incoming.aclose()

    play(scene)


def said_in_a_channel(writer: Any) -> tuple[Any, Any]:
    """Return a message of a channel, and the update that shows its writer as somebody who is not known."""
    message = t.Message(
        id=7, from_id=t.PeerUser(user_id=writer.id), peer_id=t.PeerChannel(channel_id=9), date=1, message="x"
    )
    channel = t.Channel(id=9, access_hash=99, title="c", photo=t.ChatPhotoEmpty(), date=1)
    stranger = t.User(id=writer.id, access_hash=1, min=True, username="an_old_name")
    new = t.UpdateNewChannelMessage(message=message, pts=2, pts_count=1)
    return message, t.Updates(updates=[new], users=[stranger], chats=[channel], date=1, seq=0)


@pytest.mark.parametrize("face", FACES)
def test_somebody_who_is_min_in_a_message_is_named_by_the_message(face: str, local_network: LocalNetworkThread) -> None:
    home = local_network.dcs[local_network.accounts.named("triple").dc_id]

    async def scene() -> None:
        async with account_at(face, KeptInMemory(), local_network) as account:
            await account.login(**way_of(local_network, "triple"))
            incoming = account.incoming()
            square = await account.resolve("@the_square")
            for name, written in (("single", "message"), ("dozen", "id"), ("hundred", "peer")):
                user = local_network.accounts.named(name).user
                number = local_network.send_message(name, "the_square", "hello")
                item = await anext(incoming)
                message = item.update.message
                assert [(shown.id, shown.min) for shown in item.users] == [(user.id, True)]
                reference = {"message": message, "id": user.id, "peer": message.from_id}[written]
                asked: list[Any] = []
                for _ in range(2):
                    [owner] = (await photos_of(account, reference)).users
                    assert (owner.id, owner.min) == (user.id, False)
                    arguments: Any = home.calls[-1].arguments
                    asked.append(arguments.user_id)
                assert asked == [
                    t.InputUserFromMessage(peer=square, msg_id=number, user_id=user.id),
                    t.InputUser(user_id=user.id, access_hash=user.access_hash),  # which the first answer has shown
                ]
            await incoming.aclose()

    play(scene)
    assert called(local_network, RESOLVE) == 1


@pytest.mark.parametrize("face", FACES)
def test_somebody_who_is_known_stays_known_where_a_message_shows_less(
    face: str, local_network: LocalNetworkThread
) -> None:
    triple, dozen = (local_network.accounts.named(name) for name in ("triple", "dozen"))
    message, update = said_in_a_channel(dozen.user)

    async def scene() -> None:
        async with account_at(face, KeptInMemory(), local_network) as account:
            await account.login(**way_of(local_network, "triple"))
            incoming = account.incoming()
            known = await account.resolve("@dozen")
            assert known.access_hash == dozen.user.access_hash
            reading = asyncio.ensure_future(incoming.__anext__())
            local_network.dcs[triple.dc_id].push(update, timeout=None)
            await reading
            for reference in (dozen.user.id, "@dozen", message.from_id):
                assert await account.resolve(reference) == known
            [owner] = (await photos_of(account, message)).users  # the DC takes the full access hash alone
            assert (owner.id, owner.min) == (dozen.user.id, False)
            await incoming.aclose()

    play(scene)
    assert called(local_network, RESOLVE) == 1


@pytest.mark.parametrize("face", FACES)
def test_a_bot_may_leave_the_hash_out(face: str, local_dc: LocalDCThread) -> None:
    user = next(user for user in local_dc.users if user.username == "dozen")

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            for _ in range(2):
                assert (await account.resolve(user.id)).access_hash == user.access_hash
            with pytest.raises(PeerNotKnown, match="the server shows this bot no user 5"):
                await account.resolve(5)

    play(scene)
    assert called(local_dc, "users.getUsers") == 2


@pytest.mark.parametrize("face", FACES)
def test_who_is_logged_in_is_asked_for_once(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            with pytest.raises(LocalProtocolError, match="nobody is logged in"):
                await account.me()
            await account.login(bot_token=local_dc.bot_token)
            assert [(await account.me()).id for _ in range(3)] == [local_dc.bot.id] * 3

    play(scene)
    assert called(local_dc, "users.getUsers") == 1


@pytest.mark.parametrize("face", FACES)
def test_all_photos_of_a_user_are_iterated_over_with_a_total(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            for name in ("plenty", "dozen", "nobody"):
                user = next(user for user in local_dc.users if user.username == name)
                assert await listed(account, f"t.me/{name}") == ([each.id for each in user.photos], len(user.photos))
            with pytest.raises(WrongReference):
                await listed(account, "two words")

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_book_is_kept_softly_in_batches_and_when_the_account_is_closed(
    face: str, local_dc: LocalDCThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = KeptInMemory()
    soft: list[Any] = []

    def save_soft(record: Any) -> None:
        soft.append(record.peers)
        store.record = store.record.with_soft(record)

    monkeypatch.setattr(store, "save_soft", save_soft)

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            await account.resolve("@dozen")
            await account.resolve("@triple")
            assert soft == []
            known = (account.account if isinstance(account, InThreads) else account)._known
            known.save()  # as the clock does
            known.save()
            assert len(soft) == 1
            await account.resolve("@hundred")

    play(scene)
    assert len(soft) == 2
    names = store.record.peers["names"]
    assert isinstance(names, dict)
    assert {"dozen", "triple", "hundred"} <= set(names)
    assert store.record.user_id == local_dc.bot.id


@pytest.mark.parametrize("face", FACES)
def test_a_peer_that_the_server_does_not_know_any_more_is_asked_for_again(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            await photos_of(account, "@dozen")
            local_dc.refuse("photos.getUserPhotos", 400, "USER_ID_INVALID")
            with pytest.raises(BadRequest, match="USER_ID_INVALID"):
                await photos_of(account, "@dozen")
            for _ in range(2):
                [owner] = (await photos_of(account, "@dozen")).users
                assert owner.username == "dozen"

    play(scene)
    assert called(local_dc, RESOLVE) == 2

"""Requests with references in them: every place that the schema declares is found, and only these."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.flows import PeerAsker, PeerBook, WrongReference, blanks_in, fill
from tests.flows.player import Player, Turn
from tl import api

t: Any = api.types  # what callers write is not what the stubs declare
f: Any = api.functions
USERS = [t.User(id=5, access_hash=55, username="five"), t.User(id=6, access_hash=66, username="six")]
CHANNEL = t.Channel(id=9, access_hash=99, title="c", photo=t.ChatPhotoEmpty(), date=1, username="room")
FIVE, SIX = t.InputUser(user_id=5, access_hash=55), t.InputUser(user_id=6, access_hash=66)
PEER_FIVE = t.InputPeerUser(user_id=5, access_hash=55)
ROOM = t.InputChannel(channel_id=9, access_hash=99)


def photos_of(user: Any) -> Any:
    return f.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=100)


def filled(request: Any, *turns: Turn) -> Any:
    book = PeerBook(api.schema, 1)
    book.learn([*USERS, CHANNEL], 1_000_000.0)
    made = Player(list(turns)).run(fill(PeerAsker(api.schema, 1), book, request))
    made.to_bytes()
    return made


@pytest.mark.parametrize(
    ("request_", "made"),
    [
        (photos_of("@five"), photos_of(FIVE)),
        (photos_of(5), photos_of(FIVE)),
        (photos_of(USERS[0]), photos_of(FIVE)),
        (photos_of(PEER_FIVE), photos_of(FIVE)),
        (photos_of("me"), photos_of(t.InputUserSelf())),
        (f.users.GetUsers(id=["five", SIX, 6]), f.users.GetUsers(id=[FIVE, SIX, SIX])),
        (f.users.GetUsers(id=("five",)), f.users.GetUsers(id=[FIVE])),
        (f.channels.GetChannels(id=["t.me/room", 9]), f.channels.GetChannels(id=[ROOM, ROOM])),
        (
            f.channels.GetParticipant(channel="room", participant="five"),
            f.channels.GetParticipant(channel=ROOM, participant=PEER_FIVE),
        ),
        (
            f.messages.GetPeerDialogs(peers=[t.InputDialogPeer(peer="five")]),
            f.messages.GetPeerDialogs(peers=[t.InputDialogPeer(peer=PEER_FIVE)]),
        ),
        (
            f.InvokeWithLayer(layer=1, query=f.InvokeWithoutUpdates(query=photos_of("six"))),
            f.InvokeWithLayer(layer=1, query=f.InvokeWithoutUpdates(query=photos_of(SIX))),
        ),
        (
            photos_of(t.InputUserFromMessage(peer="room", msg_id=1, user_id=5)),
            photos_of(
                t.InputUserFromMessage(peer=t.InputPeerChannel(channel_id=9, access_hash=99), msg_id=1, user_id=5)
            ),
        ),
        (
            f.messages.SendMessage(peer="five", message="x", random_id=1, send_as=-1000000000009),
            f.messages.SendMessage(
                peer=PEER_FIVE, message="x", random_id=1, send_as=t.InputPeerChannel(channel_id=9, access_hash=99)
            ),
        ),
    ],
    ids=str,
)
def test_references_are_replaced_wherever_the_schema_declares_peers(request_: Any, made: Any) -> None:
    before = repr(request_)
    assert filled(request_) == made
    assert repr(request_) == before  # the caller's own is left alone


@pytest.mark.parametrize(
    "request_",
    [
        photos_of(FIVE),
        photos_of(t.InputUserEmpty()),
        f.messages.GetDialogs(offset_date=0, offset_id=0, offset_peer=t.InputPeerEmpty(), limit=1, hash=0),
        f.help.GetConfig(),
        f.contacts.ResolveUsername(username="five"),
        f.messages.GetMessages(id=[t.InputMessageID(id=5)]),
        f.messages.SendMessage(peer=PEER_FIVE, message="@five", random_id=5),
    ],
    ids=str,
)
def test_a_request_without_references_is_returned_itself(request_: Any) -> None:
    assert filled(request_) is request_


def test_each_name_is_asked_for_once() -> None:
    found = t.contacts.ResolvedPeer(
        peer=t.PeerUser(user_id=8), chats=[], users=[t.User(id=8, access_hash=88, username="eight")]
    )
    made = filled(f.users.GetUsers(id=["eight", "@EIGHT", "eight"]), ("contacts.resolveUsername", found))
    assert made.id == [t.InputUser(user_id=8, access_hash=88)] * 3


def test_a_request_that_holds_nobody_is_refused_before_the_first_call() -> None:
    with pytest.raises(WrongReference, match="'two words'"):
        filled(f.users.GetUsers(id=["eight", "two words"]))


def test_every_place_of_the_schema_is_found() -> None:
    """Every method of the layer with a field of one of the three types is found by its field."""
    kinds = {"InputUser", "InputPeer", "InputChannel"}
    seen = 0
    for name in api.schema:
        declaration = api.schema.declaration(name)
        if declaration is None or not declaration.function:
            continue
        wanted = {
            parameter.name: str(parameter.type)
            for parameter in declaration.parameters
            if str(parameter.type) in kinds or str(parameter.type) in {f"Vector<{kind}>" for kind in kinds}
        }
        if not wanted:
            continue
        cls: Any = api.schema[name]
        request = object.__new__(cls)
        for field in cls.PLAN.fields:
            text = wanted.get(field.name)
            value = None if text is None else ["name"] if text.startswith("Vector") else "name"
            setattr(request, field.attribute, value)
        found = {str(blank.path[0]).rstrip("_"): blank.wanted for blank in blanks_in(request)}
        assert found == {field: text.removeprefix("Vector<").removesuffix(">") for field, text in wanted.items()}, name
        seen += 1
    assert seen > 250

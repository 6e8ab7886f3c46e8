"""Where a file reference is made fresh: the calls that ask for the object again, and what is told if it is gone."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.flows import Flow, NoFreshReference, PeerAsker, PeerBook, fresh_from_message, fresh_user_photo
from tl import api

t, f = api.types, api.functions
ASKER = PeerAsker(api.schema, 1)
PHOTO = t.Photo(id=5, access_hash=6, file_reference=b"new", date=0, sizes=[], dc_id=1)
CHANNEL = t.Channel(id=9, access_hash=8, title="", date=0, photo=t.ChatPhotoEmpty())


def book() -> PeerBook:
    known = PeerBook(api.schema, 1)
    known.learn(t.messages.Messages(messages=[], topics=[], chats=[CHANNEL], users=[]), 0.0)
    return known


def ask(flow: Flow[Any], answer: Any) -> tuple[Any, Any]:
    """Return the one call of a flow, and its result."""
    step: Any = next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(answer)
    return step.request, end.value.value


def message(peer: Any, number: int = 3) -> Any:
    return t.Message(id=number, peer_id=peer, date=0, message="")


def answered(*messages: Any) -> Any:
    return t.messages.Messages(messages=list(messages), topics=[], chats=[], users=[])


def test_a_photo_of_a_user_is_asked_for_alone() -> None:
    flow = fresh_user_photo(ASKER, book(), "me", 5)
    request, found = ask(flow, t.photos.PhotosSlice(count=9, photos=[PHOTO], users=[]))
    assert request == f.photos.GetUserPhotos(user_id=t.InputUserSelf(), offset=-1, max_id=5, limit=1)
    assert found is PHOTO


def test_a_photo_that_is_gone_is_told() -> None:
    flow = fresh_user_photo(ASKER, book(), "me", 4)
    next(flow)
    with pytest.raises(NoFreshReference, match="does not have photo 4"):
        flow.send(t.photos.Photos(photos=[PHOTO, t.PhotoEmpty(id=4)], users=[]))


WANTED = [t.InputMessageID(id=3)]
PLACES = {
    "a private chat": (t.PeerUser(user_id=2), f.messages.GetMessages(id=WANTED)),
    "a group": (t.PeerChat(chat_id=2), f.messages.GetMessages(id=WANTED)),
    "a channel": (
        t.PeerChannel(channel_id=9),
        f.channels.GetMessages(channel=t.InputChannel(channel_id=9, access_hash=8), id=WANTED),
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_message_is_asked_for_where_it_stands(place: str) -> None:
    peer, wanted = PLACES[place]
    old, new = message(peer), message(peer)
    request, found = ask(fresh_from_message(ASKER, book(), old), answered(message(peer, 2), new))
    assert request == wanted
    assert found is new


@pytest.mark.parametrize(
    "answer", [answered(), answered(t.MessageEmpty(id=3)), t.messages.MessagesNotModified(count=1)]
)
def test_a_message_that_is_gone_is_told(answer: Any) -> None:
    flow = fresh_from_message(ASKER, book(), message(t.PeerUser(user_id=2)))
    next(flow)
    with pytest.raises(NoFreshReference, match="message 3 is gone"):
        flow.send(answer)

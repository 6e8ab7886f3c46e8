"""Parts of lists: messages by their numbers, and a page of a history (core.telegram.org/api/offsets)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mtproto.localdc.pushes import SendingSession
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.chats import ChannelMessage, KeptMessage

__all__ = ["PAGE", "found_messages", "origin_of", "page", "page_size"]

M = TypeVar("M", bound="KeptMessage | ChannelMessage")

PAGE = 100
"""Messages, dialogs, chats or events of one answer, at most."""


def page_size(limit: int) -> int:
    """Return how many items an answer has at most, where a client asks for `limit` of them."""
    return min(max(limit, 0), PAGE)


def found_messages(
    call: IncomingCall, find: Callable[[int], M | None], show: Callable[[M], api.boxed.Message]
) -> tuple[list[M], list[api.boxed.Message]]:
    """Return the messages of the numbers that a call asks for, and all as objects: `messageEmpty` where there is none.

    Args:
        call: its `id` holds objects of the type `InputMessage`; what is no number is left out.
        find: returns the message of a number.
        show: makes the object of a message.

    """
    numbers = [each.id for each in call.request.id[:PAGE] if each.NAME == "inputMessageID"]
    found = {number: find(number) for number in numbers}
    objects = [
        api.types.MessageEmpty(id=number) if message is None else show(message) for number, message in found.items()
    ]
    return [message for message in found.values() if message is not None], objects


def origin_of(call: IncomingCall) -> SendingSession:
    """Return the session of a call, which gets no update of what the call changes."""
    return SendingSession(call.key.account.auth_key.id, call.session_id)


def page(messages: Sequence[M], call: IncomingCall) -> list[M]:
    """Return the part of a history, newest first, that a call asks for."""
    request = call.request
    after = sum(
        1
        for message in messages
        if (request.offset_id and message.id >= request.offset_id)
        or (request.offset_date and message.date >= request.offset_date)
    )
    start = max(after + request.add_offset, 0)
    end = after + request.add_offset + page_size(request.limit)
    return [
        message
        for message in messages[start : max(end, 0)]
        if (not request.max_id or message.id < request.max_id) and message.id > request.min_id
    ]

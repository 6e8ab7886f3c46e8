"""What a client does about messages of its own that the server refuses, and about questions that it will not answer.

core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message
"""

from __future__ import annotations

from collections.abc import Iterable

from mtproto.message import msg_id_time
from mtproto.session.bad_messages import MessageRefused, describe
from mtproto.session.client_parts import ClientParts
from mtproto.session.events import QuestionRefused
from mtproto.session.request import Request, RequestState
from mtproto.session.sent_packets import Carried
from mtproto.session.service_messages import MAX_REFUSALS, MessageKind, ServiceMessage
from mtproto.session.time_window import iso

__all__ = ["question_refused", "refused_items", "retry", "retry_service"]

CLOCK_CODES = (16, 17)
"""The codes about a wrong clock. What they teach is used once; a second refusal is an error that names both times."""

LATE = 240.0
"""Seconds after which "msg_id too low" may speak of the delay instead of the clock; servers allow 300."""

_OPEN = (RequestState.SENT, RequestState.UNKNOWN)
# Of a call that was acknowledged, a late copy was refused.


def refused_items(parts: ClientParts, bad_msg_id: int) -> list[Carried]:
    """Return what was refused with this message: the message itself, or all that its container carried."""
    request = parts.outbox.current(bad_msg_id)
    if request is not None:
        return [request] if request.state in _OPEN else []
    carried = parts.sent.refused(bad_msg_id)
    if carried is None:
        question = parts.questions.find(bad_msg_id)
        carried = (question,) if question else ()
    items: list[Carried] = []
    for item in carried:
        if isinstance(item, ServiceMessage):
            parts.questions.close(item)
            items.append(item)
        elif item.packet_id == bad_msg_id and item.state in _OPEN:
            items.append(item)
    return items


def retry(parts: ClientParts, items: Iterable[Carried], code: int, now: float) -> None:
    """Send messages that were refused with this code again under new ids, or end their calls where that can't help."""
    again: list[Request] = []
    for item in items:
        if isinstance(item, ServiceMessage):
            retry_service(parts, item, code, now)
            continue
        late = code == 16 and _is_late(parts, item, now)
        times = item.refused(code)
        allowed = 1 if code in CLOCK_CODES and not late else MAX_REFUSALS
        if times > allowed or not describe(code).retryable:
            parts.calls.lose(item, _refusal(parts, code, item.msg_id, now))
        elif late:
            parts.outbox.doubt(item, now)
        else:
            again.append(item)
    if again:
        parts.calls.requeue(again)


def retry_service(parts: ClientParts, item: ServiceMessage, code: int, now: float) -> None:
    """Send a refused service message again, or do without its answer."""
    item.refused()
    if item.kind is MessageKind.ACKS:
        for msg_id in item.ids:
            parts.inbox.acknowledge(msg_id, now)
    elif item.kind is MessageKind.HTTP_WAIT:
        return
    elif parts.questions.refused_too_often(item):
        question_refused(parts, item, code, describe(code).description, now)
    elif item.kind is MessageKind.STATE:
        parts.outbox.ask_again(item.ids, now)
    else:
        parts.questions.add_again(item)


def question_refused(parts: ClientParts, item: ServiceMessage, code: int, message: str, now: float) -> None:
    """Go on without the answer to a service question, which the server refuses to give; see `QuestionRefused`."""
    parts.events.tell(QuestionRefused(item.kind.value, code, message))
    match item.kind:
        case MessageKind.SALTS:
            parts.salts.refused(now)
        case MessageKind.STATE if item.final:
            if parts.renewal.active:
                parts.renewal.finish()
        case MessageKind.STATE:
            for request in parts.calls.still_sent(item.ids):
                parts.outbox.unanswerable(request, now)
        case MessageKind.RESEND if item.request is not None and item.request.state is RequestState.ACKED:
            parts.outbox.ask(item.request, now)
        case MessageKind.RESEND_ANSWER:
            for request in parts.calls.still_sent(item.ids):
                parts.outbox.ask(request, now)


def _is_late(parts: ClientParts, item: Request, now: float) -> bool:
    """Whether a call was not too old when it was sent: a late copy was refused, the first may have been taken.

    Our clock may have stood still since, while the machine slept. The server's clock tells the age of an id that was
    made when the server's time was known.
    """
    age = parts.key.server_time(now) - msg_id_time(item.msg_id) if item.timed else now - item.sent_at
    return age > LATE


def _refusal(parts: ClientParts, code: int, msg_id: int, now: float) -> MessageRefused:
    if code not in CLOCK_CODES:
        return MessageRefused(code)
    ours, theirs = iso(msg_id_time(msg_id)), iso(parts.key.server_time(now))
    return MessageRefused(code, f"our id says {ours}, the server's own ids say {theirs}")

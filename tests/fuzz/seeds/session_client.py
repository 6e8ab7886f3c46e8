"""What a server sends: every service message, in answer to what the session of the target has under way."""

from __future__ import annotations

from functools import partial

from mtproto.session import wire
from mtproto.session.bad_messages import BAD_MESSAGES
from mtproto.session.service_messages import MessageKind
from tests.fuzz.seeds.script import (
    ANSWER,
    CONTENT,
    FIRST_ID,
    LONG_ANSWER,
    OTHER_SESSION,
    SECOND_PARITY,
    Messages,
    Seeds,
    message,
    plaintext,
    step_number,
    wrapped,
)
from tests.fuzz.targets import session_client
from tests.fuzz.targets.forger import SALT, SECOND, START
from tl import service

__all__ = ["corpora"]

# Setups: calls under way, questions under way.
_ONE_CALL = 1
_THREE_CALLS = 2
_IDEMPOTENT = 4
_CHAIN = 8
_QUESTIONS = 16
_HURRIED = 32
_LOST_CONNECTION = 64
_TIME_KNOWN = 128

_UPDATE = CONTENT | SECOND_PARITY

_step = partial(step_number, session_client._STEPS)


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    messages = {**dict(_messages()), **dict(_answers()), **dict(_odd_messages())}
    return {
        "session-client-packet": {name: plaintext(setup, body, 1) for name, (setup, _, body) in messages.items()},
        "session-client-script": {
            **{name: bytes((setup,)) + message(choices, body) for name, (setup, choices, body) in messages.items()},
            **dict(_scripts()),
        },
    }


def _calls(setup: int) -> list[int]:
    """Return the ids of the calls that are under way."""
    return [request.msg_id for request in session_client.ClientRun(setup).open]


def _messages() -> Messages:
    (call,), calls = _calls(_ONE_CALL), _calls(_THREE_CALLS)
    types = service.types
    yield "update", (0, _UPDATE, ANSWER)
    yield "update-gzip", (0, _UPDATE, wire.write_gzip(LONG_ANSWER))
    yield "update-copy", (0, SECOND_PARITY, wire.write_copy(wire.Message(call + 5, 1, ANSWER)))
    yield "acks", (_THREE_CALLS, 0, wire.write_acks(calls))
    yield "container", (_ONE_CALL, 0, _container(call))
    new = types.NewSessionCreated(first_msg_id=call, unique_id=7, server_salt=SALT)
    yield "new-session", (_ONE_CALL, _UPDATE, new)
    later = types.NewSessionCreated(first_msg_id=call + (1 << 40), unique_id=8, server_salt=SALT + 1)
    yield "new-session-lost", (_THREE_CALLS | _IDEMPOTENT, _UPDATE, later)
    yield "state-question", (_ONE_CALL, 0, types.MsgsStateReq(msg_ids=[call, call + 1]))
    yield "states", (_THREE_CALLS, 0, types.MsgsAllInfo(msg_ids=calls, info=b"\x01\x04\x44"))
    yield "states-not-received", (_THREE_CALLS, 0, types.MsgsAllInfo(msg_ids=calls, info=b"\x02\x03\x05"))
    detailed = types.MsgDetailedInfo(msg_id=call, answer_msg_id=call + 1, bytes=64, status=0)
    yield "announced-answer", (_ONE_CALL, 0, detailed)
    yield "announced-to-nobody", (0, 0, detailed)
    yield "announced-update", (0, 0, types.MsgNewDetailedInfo(answer_msg_id=call + 1, bytes=64, status=0))
    yield "resend", (_THREE_CALLS | _HURRIED, 0, types.MsgResendReq(msg_ids=calls[:2]))
    yield "ping", (0, 0, service.functions.Ping(ping_id=5))
    yield "unexpected", (0, 0, service.functions.GetFutureSalts(num=3))
    yield from _refusals(call)


def _container(call: int) -> bytes:
    result = wire.Message(call + 1, 1, wire.write_rpc_result(call, ANSWER))
    acks = wire.Message(call + 5, 2, wire.write_acks([call]))
    return wire.write_container([result, acks, wire.Message(call + 7, 3, ANSWER)])


def _refusals(call: int) -> Messages:
    """Return refusals of a call, and of a container with calls and questions in it."""
    types = service.types
    setup = _THREE_CALLS | _QUESTIONS | _TIME_KNOWN
    container = next(iter(session_client.ClientRun(setup).client._parts.sent._carriers))
    for name, setup_then, refused in (("", _ONE_CALL | _TIME_KNOWN, call), ("-container", setup, container)):
        salt = types.BadServerSalt(bad_msg_id=refused, bad_msg_seqno=1, error_code=48, new_server_salt=9)
        yield f"bad-salt{name}", (setup_then, 0, salt)
        for code in sorted({*BAD_MESSAGES, 99} - {48}):
            notice = types.BadMsgNotification(bad_msg_id=refused, bad_msg_seqno=1, error_code=code)
            yield f"bad-message-{code}{name}", (setup_then, 0, notice)


def _answers() -> Messages:
    """Return answers to calls and to the client's own questions."""
    (call,), chain = _calls(_ONE_CALL), _calls(_THREE_CALLS | _CHAIN)
    yield "result", (_ONE_CALL, CONTENT, wire.write_rpc_result(call, ANSWER))
    yield "result-gzip", (_ONE_CALL, CONTENT, wire.write_rpc_result(call, wire.write_gzip(LONG_ANSWER)))
    yield "result-error", (_ONE_CALL, CONTENT, wire.write_rpc_result(call, wire.write_rpc_error(420, "FLOOD_WAIT_3")))
    yield "result-unasked", (0, CONTENT, wire.write_rpc_result(call, ANSWER))
    failed = wire.write_rpc_error(400, "MSG_WAIT_FAILED")
    yield "result-too-early", (_THREE_CALLS | _CHAIN, CONTENT, wire.write_rpc_result(chain[1], failed))
    setup, types = _ONE_CALL | _QUESTIONS | _TIME_KNOWN, service.types
    for question in session_client.ClientRun(setup).client._parts.questions._open.values():
        match question.kind:
            case MessageKind.PING:
                pong = types.Pong(msg_id=question.msg_id, ping_id=question.ids[0])
                yield "pong", (setup, 0, pong)
                yield "pong-wrapped", (setup, CONTENT, wire.write_rpc_result(question.msg_id, pong.to_bytes()))
            case MessageKind.SALTS:
                salts = [types.FutureSalt(valid_since=int(START), valid_until=int(START) + 3600, salt=9)]
                answer = types.FutureSalts(req_msg_id=question.msg_id, now=int(START), salts=salts)
                yield "future-salts", (setup, 0, answer)
            case MessageKind.DESTROY_SESSION:
                yield "destroyed", (setup, 0, types.DestroySessionOk(session_id=question.ids[0]))
            case MessageKind.DESTROY_AUTH_KEY:
                yield "key-destroyed", (setup, 0, types.DestroyAuthKeyOk())
            case MessageKind.DROP:
                outcome = types.RpcAnswerDropped(msg_id=1, seq_no=1, bytes=4).to_bytes()
                yield "dropped", (setup, CONTENT, wire.write_rpc_result(question.msg_id, outcome))
    setup = _THREE_CALLS | _LOST_CONNECTION
    for question in session_client.ClientRun(setup).client._parts.questions._open.values():
        for name, info in (("", b"\x04\x44\x02"), ("-unknown", b"\x01\x03\x07")):
            told = types.MsgsStateInfo(req_msg_id=question.msg_id, info=info)
            yield f"states-told{name}", (setup, 0, told)


def _odd_messages() -> Messages:
    """Return what no honest server sends, well encrypted."""
    inside = wire.write_container([wire.Message(FIRST_ID - 3, 0, ANSWER)])
    yield "refused-gzip-in-gzip", (0, _UPDATE, wire.write_gzip(wire.write_gzip(LONG_ANSWER)))
    yield "refused-container-in-gzip", (0, _UPDATE, wire.write_gzip(inside))
    yield "refused-container-in-copy", (0, SECOND_PARITY, wire.write_copy(wire.Message(FIRST_ID - 7, 0, inside)))
    yield "refused-container-of-too-many", (0, 0, inside[:4] + (1025).to_bytes(4, "little") + inside[8:])
    yield from _nested()


def _nested() -> Messages:
    """Return everything that can stand inside something else, deeper than is allowed."""
    (call,), types = _calls(_ONE_CALL), service.types
    ping = _ONE_CALL | _QUESTIONS | _TIME_KNOWN
    asked = next(
        item
        for item in session_client.ClientRun(ping).client._parts.questions._open.values()
        if item.kind is MessageKind.PING
    )
    pong = types.Pong(msg_id=asked.msg_id, ping_id=asked.ids[0]).to_bytes()
    yield "nested-results", (ping, CONTENT, wrapped([asked.msg_id] * 2, pong))
    yield "refused-nested-results", (ping, CONTENT, wrapped([asked.msg_id] * 330, pong))
    yield "nested-results-of-a-call", (_ONE_CALL, CONTENT, wire.write_gzip(wrapped([call, call, call], pong)))
    packed = wire.write_gzip(wire.write_rpc_result(call, wire.write_gzip(LONG_ANSWER)))
    yield "refused-gzip-in-result-in-gzip", (_ONE_CALL, CONTENT, packed)
    update = wire.write_container([wire.Message(FIRST_ID - 3, 1, ANSWER)])
    yield "refused-container-in-result", (ping, CONTENT, wire.write_rpc_result(asked.msg_id, update))
    copy = wire.write_copy(wire.Message(FIRST_ID - 7, 1, wire.write_gzip(wrapped([asked.msg_id], pong))))
    yield "result-in-gzip-in-copy", (ping, SECOND_PARITY, copy)
    yield "refused-copy-in-copy", (ping, SECOND_PARITY, wire.write_copy(wire.Message(FIRST_ID - 11, 1, copy)))
    yield "refused-copy-in-gzip", (ping, _UPDATE, wire.write_gzip(copy))
    copies = [wire.Message(FIRST_ID + 8 * n + 1, 1, copy) for n in range(8)]
    yield "copies-in-container", (ping, 0, wire.write_container(copies))


def _scripts() -> Seeds:
    pull, cut = bytes((_step("pull"), 0)), bytes((_step("reconnect"), 1))
    (call,) = _calls(_ONE_CALL)
    result = message(CONTENT, wire.write_rpc_result(call, ANSWER))
    update = message(_UPDATE, ANSWER)
    minute = bytes((_step("time"),)) + (60 * 16).to_bytes(2, "little")
    types = service.types
    yield "twice", bytes((_ONE_CALL,)) + result + result
    yield "lost-and-found", bytes((_THREE_CALLS,)) + cut + pull + minute + pull + result
    many = message(_UPDATE, ANSWER, step=_step("container"), copies=5)
    yield "many-updates", bytes((0,)) + many + pull + minute + pull
    yield (
        "thousands-of-updates",
        bytes((0,)) + message(_UPDATE, ANSWER, step=_step("container"), copies=255) * 2 + update,
    )
    yield "repeated-update", bytes((0,)) + update + message(CONTENT | 2, ANSWER)
    yield "called-later", bytes((0, _step("send"), 3)) + pull + bytes((_step("cancel"), 0)) + pull
    yield "hurried", bytes((_ONE_CALL | _HURRIED, _step("quick_ack"), 0))
    error = bytes((_step("transport_error"),)) + (-404).to_bytes(4, "little", signed=True)
    yield "transport-error", bytes((_ONE_CALL,)) + error + cut + pull
    foreign = message(OTHER_SESSION, ANSWER)
    yield "foreign", bytes((0,)) + foreign
    yield "refused-foreign", bytes((0,)) + foreign * 16
    stale = message(4 | CONTENT, ANSWER)
    yield "stale", bytes((_TIME_KNOWN,)) + stale + message(7 | CONTENT, ANSWER)
    yield "refused-stale", bytes((_TIME_KNOWN,)) + update + stale * 8
    yield "refused-parity", bytes((0,)) + message(3, ANSWER) + cut + update
    yield "impossible-time", bytes((0,)) + message(_UPDATE, ANSWER, msg_id=(1 << 63) - 1)
    refused = types.BadMsgNotification(bad_msg_id=call, bad_msg_seqno=1, error_code=32)
    yield "renewed", bytes((_THREE_CALLS | _TIME_KNOWN,)) + message(0, refused) + cut + pull + minute + pull
    old = message(CONTENT, wire.write_rpc_result(call, ANSWER), msg_id=int(START - 20) * SECOND + 1)
    yield "older-than-its-question", bytes((_ONE_CALL,)) + old
    sessions = [types.NewSessionCreated(first_msg_id=call, unique_id=unique, server_salt=SALT) for unique in (7, 8, 8)]
    yield "made-anew-twice", bytes((_ONE_CALL,)) + b"".join(message(_UPDATE, news) for news in sessions)
    seen = types.MsgNewDetailedInfo(answer_msg_id=FIRST_ID + 3, bytes=12, status=0)
    yield "announced-afterwards", bytes((0,)) + update + message(0, seen)

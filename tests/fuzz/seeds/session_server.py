"""What a client sends: every service message and calls, where the session of the target has something to do with it."""

from __future__ import annotations

from functools import partial

from mtproto.session import wire
from tests.fuzz.seeds.script import (
    ANSWER,
    CONTENT,
    FIRST_ID,
    LONG_ANSWER,
    OTHER_SALT,
    Messages,
    Seeds,
    message,
    plaintext,
    step_number,
    wrapped,
)
from tests.fuzz.targets import session_server
from tl import service

__all__ = ["corpora"]

# Setups: what happened before.
_QUERIES = 2
_ANSWERED = 4
_UPDATES = 8
_ASKED = 16
_SENT = 32
_NARROW = 128

_QUERY_IDS = [FIRST_ID + 4 * number for number in range(3)]

_step = partial(step_number, session_server._STEPS)


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    messages = {**dict(_messages()), **dict(_answers())}
    return {
        "session-server-packet": {
            name: plaintext(setup, body, 4096, content=choices & CONTENT)
            for name, (setup, choices, body) in messages.items()
        },
        "session-server-script": {
            **{name: bytes((setup,)) + message(choices, body) for name, (setup, choices, body) in messages.items()},
            **dict(_scripts()),
        },
    }


def _messages() -> Messages:
    types, functions = service.types, service.functions
    sent = _QUERIES | _ANSWERED | _SENT
    stored = list(session_server.ServerRun(sent).server._outbox._stored)
    yield "query", (0, CONTENT, ANSWER)
    yield "query-gzip", (0, CONTENT, wire.write_gzip(LONG_ANSWER))
    yield "query-copy", (0, 0, wire.write_copy(wire.Message(FIRST_ID + 400, 1, ANSWER)))
    yield "query-copy-repeated", (_QUERIES, 0, wire.write_copy(wire.Message(FIRST_ID, 1, ANSWER)))
    yield "refused-container-in-gzip", (0, CONTENT, wire.write_gzip(wire.write_container([])))
    yield "acks", (sent, 0, wire.write_acks(stored))
    yield "state-question", (_QUERIES, 0, types.MsgsStateReq(msg_ids=_QUERY_IDS))
    yield "resend", (sent, 0, types.MsgResendReq(msg_ids=stored))
    yield "resend-answer", (_QUERIES | _ANSWERED, 0, types.MsgResendAnsReq(msg_ids=_QUERY_IDS[:1]))
    yield "drop", (_QUERIES, CONTENT, functions.RpcDropAnswer(req_msg_id=FIRST_ID))
    yield "drop-answered", (sent, CONTENT, functions.RpcDropAnswer(req_msg_id=FIRST_ID))
    yield "ping", (0, 0, functions.Ping(ping_id=5))
    yield "ping-delay", (0, 0, functions.PingDelayDisconnect(ping_id=5, disconnect_delay=75))
    yield "future-salts", (0, CONTENT, functions.GetFutureSalts(num=32))
    yield "destroy-session", (0, 0, functions.DestroySession(session_id=5))
    yield "destroy-auth-key", (0, 0, functions.DestroyAuthKey())
    yield "http-wait", (0, 0, types.HttpWait(max_delay=0, wait_after=0, max_wait=25000))
    yield "detailed", (0, 0, types.MsgDetailedInfo(msg_id=1, answer_msg_id=FIRST_ID, bytes=4, status=0))
    yield "unexpected", (0, 0, types.Pong(msg_id=1, ping_id=2))
    yield "refused-container-of-too-many", (0, 0, wire.write_container([])[:4] + (1025).to_bytes(4, "little"))
    question = types.MsgsStateReq(msg_ids=[5]).to_bytes()
    inner = [wire.Message(FIRST_ID - 16, 0, wire.write_acks([5])), wire.Message(FIRST_ID - 12, 0, question)]
    yield "container", (0, 0, wire.write_container(inner))
    yield from _nested()


def _nested() -> Messages:
    """Return everything that can stand inside something else, deeper than is allowed."""
    packed = wire.write_gzip(LONG_ANSWER)
    yield "refused-gzip-in-gzip", (0, CONTENT, wire.write_gzip(packed))
    copy = wire.write_copy(wire.Message(FIRST_ID + 400, 1, packed))
    yield "gzip-in-copy", (0, 0, copy)
    yield "refused-copy-in-copy", (0, 0, wire.write_copy(wire.Message(FIRST_ID + 404, 1, copy)))
    yield "refused-copy-in-gzip", (0, CONTENT, wire.write_gzip(copy))
    yield "nested-results", (0, 0, wrapped([FIRST_ID] * 100, ANSWER))
    copies = [
        wire.Message(FIRST_ID - 16 - 8 * n, 0, wire.write_copy(wire.Message(FIRST_ID - 20 - 8 * n, 1, packed)))
        for n in range(8, 0, -1)
    ]
    yield "copies-in-container", (0, 0, wire.write_container(copies))


def _answers() -> Messages:
    """Return answers to the server's own questions."""
    types = service.types
    pushed = session_server.ServerRun(_UPDATES | _SENT).server._outbox._stored
    yield "states", (_UPDATES | _SENT, 0, types.MsgsAllInfo(msg_ids=list(pushed), info=b"\x02" * len(pushed)))
    setup = _UPDATES | _ASKED | _SENT
    server = session_server.ServerRun(setup).server
    for msg_id, asked in server._questions._asked.items():
        yield "states-told", (setup, 0, types.MsgsStateInfo(req_msg_id=msg_id, info=b"\x04" * len(asked)))
    for msg_id, (ping_id, _) in server._questions._pings.items():
        yield "pong", (setup, 0, types.Pong(msg_id=msg_id, ping_id=ping_id))


def _scripts() -> Seeds:
    pull, cut = bytes((_step("pull"),)), bytes((_step("reconnect"), 1))
    query, again = message(CONTENT, ANSWER), message(CONTENT | 2, ANSWER)
    answer = bytes((_step("answer"), 1))
    minutes = bytes((_step("time"),)) + (600 * 16).to_bytes(2, "little")
    yield "twice", bytes((0,)) + query + again + answer + again + pull + again
    yield "lost-and-found", bytes((0,)) + query + answer + pull + cut + pull + again + minutes + again + pull
    many = message(CONTENT, ANSWER, step=_step("container"), copies=5)
    yield "many-queries", bytes((0,)) + many + answer + answer + pull
    yield "refused-flood", bytes((_NARROW,)) + message(CONTENT, ANSWER, step=_step("container"), copies=120)
    pings = message(0, service.functions.Ping(ping_id=1), step=_step("container"), copies=240)
    yield "many-pings", bytes((_NARROW,)) + pings * 5 + query
    container = [wire.Message(FIRST_ID - 16, 1, ANSWER), wire.Message(FIRST_ID - 12, 3, ANSWER)]
    body = wire.write_container(container)
    yield "container-of-queries", bytes((0,)) + message(0, body, seqno=4) + answer + pull
    repeated = message(0, body, msg_id=FIRST_ID + 40, seqno=4)
    yield "repeated-container", bytes((0,)) + repeated + answer + repeated + pull + repeated
    pushed = bytes((_step("push"), 3, _step("ask"), 0, _step("ask"), 1))
    yield "pushed", bytes((0,)) + pushed + pull + cut + pull
    yield "refused-salt", bytes((0,)) + message(CONTENT | OTHER_SALT, ANSWER)
    wrong = [message(choices, ANSWER) for choices in (4, 5, 3)]
    yield "refused-old", bytes((0,)) + query + b"".join(wrong)
    yield "refused-numbers", bytes((0,)) + query + message(CONTENT | 7, ANSWER) + message(0, ANSWER)
    states = service.types.MsgsStateReq(msg_ids=[FIRST_ID + 8])
    late = message(CONTENT, ANSWER, msg_id=FIRST_ID + 8)
    yield "refused-late-copy", bytes((0,)) + query + message(0, states) + late

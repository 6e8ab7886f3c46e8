"""Every service message, where it means something: in answer to what the session of the target has under way."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from mtproto.session import wire
from mtproto.session.bad_messages import BAD_MESSAGES
from mtproto.session.service_messages import Kind
from tests.fuzz.targets import session_client, session_server
from tests.fuzz.targets.forger import SALT, SECOND, SESSION_ID, START
from tl import TLObject, service

__all__ = ["corpora"]

Seeds = Iterator[tuple[str, bytes]]
Messages = Iterator[tuple[str, tuple[int, int, bytes | TLObject]]]

_HEADER = Struct("<qqqii")
_ANSWER = b"\x0d\x0c\x0b\x0a" * 3
_LONG_ANSWER = b"\x0d\x0c\x0b\x0a" * 100
_CONTENT = 8
_SECOND_PARITY = 1
_NUMBERED = 16
_OTHER_SESSION = 32
_OTHER_SALT = 64

# Setups of the client: calls under way, questions under way.
_ONE_CALL = 1
_THREE_CALLS = 2
_IDEMPOTENT = 4
_QUESTIONS = 16
_HURRIED = 32
_LOST_CONNECTION = 64
_TIME_KNOWN = 128

# Setups of the server.
_QUERIES = 2
_ANSWERED = 4
_UPDATES = 8
_ASKED = 16
_SENT = 32

_QUERY_IDS = [int(START) * SECOND + 4 * number for number in range(3)]


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    to_client, to_server = dict(_to_client()), dict(_to_server())
    return {
        "session-client-packet": {name: _plaintext(setup, body, 1) for name, (setup, _, body) in to_client.items()},
        "session-client-script": {
            **{name: bytes((setup,)) + _step(choices, body) for name, (setup, choices, body) in to_client.items()},
            **dict(_client_scripts()),
        },
        "session-server-packet": {
            name: _plaintext(setup, body, 4096, content=choices & _CONTENT)
            for name, (setup, choices, body) in to_server.items()
        },
        "session-server-script": {
            **{name: bytes((setup,)) + _step(choices, body) for name, (setup, choices, body) in to_server.items()},
            **dict(_server_scripts()),
        },
    }


def _bytes(body: bytes | TLObject) -> bytes:
    return body if isinstance(body, bytes) else body.to_bytes()


def _step(choices: int, body: bytes | TLObject, step: int = 0) -> bytes:
    data = _bytes(body)
    return bytes((step, choices)) + len(data).to_bytes(2, "little") + data


def _plaintext(setup: int, body: bytes | TLObject, low: int, content: int = 0) -> bytes:
    """Return a whole plaintext for the targets of one packet; `low` is the low half of its msg_id."""
    data = _bytes(body)
    header = _HEADER.pack(SALT, SESSION_ID, int(START + 12) * SECOND + low, 1000 + bool(content), len(data))
    return bytes((setup,)) + header + data + bytes(12 + (-(len(data) + 12) & 15))


# What a server sends.


def _to_client() -> Messages:
    """Return messages: a name, the setup that makes them meaningful, the choices of the forger, the body."""
    call = next(iter(session_client.ClientRun(_ONE_CALL).open)).msg_id
    types = service.types
    yield "update", (0, _CONTENT | _SECOND_PARITY, _ANSWER)
    yield "update-gzip", (0, _CONTENT | _SECOND_PARITY, wire.write_gzip(_LONG_ANSWER))
    yield "update-copy", (0, _SECOND_PARITY, wire.write_copy(wire.Message(call + 5, 1, _ANSWER)))
    yield "result", (_ONE_CALL, _CONTENT, wire.write_rpc_result(call, _ANSWER))
    yield "result-gzip", (_ONE_CALL, _CONTENT, wire.write_rpc_result(call, wire.write_gzip(_LONG_ANSWER)))
    yield "result-error", (_ONE_CALL, _CONTENT, wire.write_rpc_result(call, wire.write_rpc_error(420, "FLOOD_WAIT_3")))
    yield "result-unasked", (0, _CONTENT, wire.write_rpc_result(call, _ANSWER))
    yield "acks", (_THREE_CALLS, 0, wire.write_acks([call, call + 4, call + 8]))
    yield "container", (_ONE_CALL, 0, _container(call))
    new = types.NewSessionCreated(first_msg_id=call, unique_id=7, server_salt=SALT)
    yield "new-session", (_ONE_CALL, _CONTENT | _SECOND_PARITY, new)
    later = types.NewSessionCreated(first_msg_id=call + (1 << 40), unique_id=8, server_salt=SALT + 1)
    yield "new-session-lost", (_THREE_CALLS | _IDEMPOTENT, _CONTENT | _SECOND_PARITY, later)
    salt = types.BadServerSalt(bad_msg_id=call, bad_msg_seqno=1, error_code=48, new_server_salt=9)
    yield "bad-salt", (_ONE_CALL, 0, salt)
    for code in sorted({*BAD_MESSAGES, 99} - {48}):
        notice = types.BadMsgNotification(bad_msg_id=call, bad_msg_seqno=1, error_code=code)
        yield f"bad-message-{code}", (_ONE_CALL | _TIME_KNOWN, 0, notice)
    yield "state-question", (_ONE_CALL, 0, types.MsgsStateReq(msg_ids=[call, call + 1]))
    yield "states", (_THREE_CALLS, 0, types.MsgsAllInfo(msg_ids=[call, call + 4, call + 8], info=b"\x01\x04\x44"))
    detailed = types.MsgDetailedInfo(msg_id=call, answer_msg_id=call + 1, bytes=64, status=0)
    yield "announced-answer", (_ONE_CALL, 0, detailed)
    yield "announced-update", (0, 0, types.MsgNewDetailedInfo(answer_msg_id=call + 1, bytes=64, status=0))
    yield "resend", (_THREE_CALLS | _HURRIED, 0, types.MsgResendReq(msg_ids=[call, call + 4]))
    yield "ping", (0, 0, service.functions.Ping(ping_id=5))
    yield "unexpected", (0, 0, service.functions.GetFutureSalts(num=3))
    yield from _to_questions()


def _container(call: int) -> bytes:
    result = wire.Message(call + 1, 1, wire.write_rpc_result(call, _ANSWER))
    acks = wire.Message(call + 5, 2, wire.write_acks([call]))
    return wire.write_container([result, acks, wire.Message(call + 7, 3, _ANSWER)])


def _to_questions() -> Messages:
    """Return answers to the client's own questions."""
    setup = _ONE_CALL | _QUESTIONS | _TIME_KNOWN
    asked = session_client.ClientRun(setup).client._asked.values()
    types = service.types
    for question in asked:
        match question.kind:
            case Kind.PING:
                yield "pong", (setup, 0, types.Pong(msg_id=question.msg_id, ping_id=question.ids[0]))
            case Kind.SALTS:
                salts = [types.FutureSalt(valid_since=int(START), valid_until=int(START) + 3600, salt=9)]
                answer = types.FutureSalts(req_msg_id=question.msg_id, now=int(START), salts=salts)
                yield "future-salts", (setup, 0, answer)
            case Kind.DESTROY_SESSION:
                yield "destroyed", (setup, 0, types.DestroySessionOk(session_id=question.ids[0]))
            case Kind.DESTROY_AUTH_KEY:
                yield "key-destroyed", (setup, 0, types.DestroyAuthKeyOk())
            case Kind.DROP:
                outcome = types.RpcAnswerDropped(msg_id=1, seq_no=1, bytes=4).to_bytes()
                yield "dropped", (setup, _CONTENT, wire.write_rpc_result(question.msg_id, outcome))
    lost = session_client.ClientRun(_ONE_CALL | _LOST_CONNECTION)
    lost.pull()
    for question in lost.client._asked.values():
        info = types.MsgsStateInfo(req_msg_id=question.msg_id, info=b"\x04" * len(question.ids))
        yield "states-told", (_ONE_CALL | _LOST_CONNECTION, 0, info)


def _client_step(step: object) -> int:
    return [each.__name__ for each in session_client._STEPS].index(f"_{step}")


def _client_scripts() -> Seeds:
    pull, cut = bytes((_client_step("pull"), 0)), bytes((_client_step("reconnect"), 1))
    call = next(iter(session_client.ClientRun(_ONE_CALL).open)).msg_id
    result = _step(_CONTENT, wire.write_rpc_result(call, _ANSWER))
    update = _step(_CONTENT | _SECOND_PARITY, _ANSWER)
    minute = bytes((_client_step("time"),)) + (60 * 16).to_bytes(2, "little")
    many = bytes((_client_step("container"), 5)) + update[1:]
    yield "twice", bytes((_ONE_CALL,)) + result + result
    yield "lost-and-found", bytes((_THREE_CALLS,)) + cut + pull + minute + pull + result
    yield "many-updates", bytes((0,)) + many + pull + minute + pull
    yield "repeated-update", bytes((0,)) + update + _step(_CONTENT | 2, _ANSWER)
    yield "called-later", bytes((0, _client_step("send"), 3)) + pull + bytes((_client_step("cancel"), 0)) + pull
    yield "hurried", bytes((_ONE_CALL | _HURRIED, _client_step("quick_ack"), 0))
    error = bytes((_client_step("transport_error"),)) + (-404).to_bytes(4, "little", signed=True)
    yield "transport-error", bytes((_ONE_CALL,)) + error + cut + pull
    yield "foreign", bytes((0,)) + _step(_OTHER_SESSION, _ANSWER)
    yield "stale", bytes((_TIME_KNOWN,)) + _step(4 | _CONTENT, _ANSWER) + _step(7 | _CONTENT, _ANSWER)
    yield "refused-parity", bytes((0,)) + _step(3, _ANSWER) + cut + update
    refused = service.types.BadMsgNotification(bad_msg_id=call, bad_msg_seqno=1, error_code=32)
    yield "renewed", bytes((_ONE_CALL | _TIME_KNOWN,)) + _step(0, refused) + pull + minute + pull


# What a client sends.


def _to_server() -> Messages:
    types, functions = service.types, service.functions
    yield "query", (0, _CONTENT, _ANSWER)
    yield "query-gzip", (0, _CONTENT, wire.write_gzip(_LONG_ANSWER))
    yield "query-copy", (0, 0, wire.write_copy(wire.Message(_QUERY_IDS[0] + 400, 1, _ANSWER)))
    stored = list(session_server.ServerRun(_QUERIES | _ANSWERED | _SENT).server._stored)
    yield "acks", (_QUERIES | _ANSWERED | _SENT, 0, wire.write_acks(stored))
    yield "state-question", (_QUERIES, 0, types.MsgsStateReq(msg_ids=_QUERY_IDS))
    pushed = session_server.ServerRun(_UPDATES | _SENT).server._stored
    yield "states", (_UPDATES | _SENT, 0, types.MsgsAllInfo(msg_ids=list(pushed), info=b"\x02" * len(pushed)))
    yield "resend", (_QUERIES | _ANSWERED | _SENT, 0, types.MsgResendReq(msg_ids=stored))
    yield "resend-answer", (_QUERIES | _ANSWERED, 0, types.MsgResendAnsReq(msg_ids=_QUERY_IDS[:1]))
    yield "drop", (_QUERIES, _CONTENT, functions.RpcDropAnswer(req_msg_id=_QUERY_IDS[0]))
    yield "ping", (0, 0, functions.Ping(ping_id=5))
    yield "ping-delay", (0, 0, functions.PingDelayDisconnect(ping_id=5, disconnect_delay=75))
    yield "future-salts", (0, _CONTENT, functions.GetFutureSalts(num=32))
    yield "destroy-session", (0, 0, functions.DestroySession(session_id=5))
    yield "destroy-auth-key", (0, 0, functions.DestroyAuthKey())
    yield "http-wait", (0, 0, types.HttpWait(max_delay=0, wait_after=0, max_wait=25000))
    yield "detailed", (0, 0, types.MsgDetailedInfo(msg_id=1, answer_msg_id=_QUERY_IDS[0], bytes=4, status=0))
    yield "unexpected", (0, 0, types.Pong(msg_id=1, ping_id=2))
    first = _QUERY_IDS[0] - 16
    question = types.MsgsStateReq(msg_ids=[5]).to_bytes()
    inner = [wire.Message(first, 0, wire.write_acks([5])), wire.Message(first + 4, 0, question)]
    yield "container", (0, 0, wire.write_container(inner))
    run = session_server.ServerRun(_UPDATES | _ASKED | _SENT)
    for msg_id, asked in run.server._asked.items():
        info = types.MsgsStateInfo(req_msg_id=msg_id, info=b"\x04" * len(asked))
        yield "states-told", (_UPDATES | _ASKED | _SENT, 0, info)
    for msg_id, (ping_id, _) in run.server._pings.items():
        yield "pong", (_UPDATES | _ASKED | _SENT, 0, types.Pong(msg_id=msg_id, ping_id=ping_id))


def _server_step(step: object) -> int:
    return [each.__name__ for each in session_server._STEPS].index(f"_{step}")


def _server_scripts() -> Seeds:
    pull, cut = bytes((_server_step("pull"),)), bytes((_server_step("reconnect"), 1))
    query, again = _step(_CONTENT, _ANSWER), _step(_CONTENT | 2, _ANSWER)
    answer = bytes((_server_step("answer"), 1))
    minutes = bytes((_server_step("time"),)) + (600 * 16).to_bytes(2, "little")
    yield "twice", bytes((0,)) + query + again + answer + again + pull + again
    yield "lost-and-found", bytes((0,)) + query + answer + pull + cut + pull + again + minutes + again + pull
    yield "many-queries", bytes((0, _server_step("container"), 5)) + query[1:] + answer + answer + pull
    first = _QUERY_IDS[0] - 16
    container = wire.write_container([wire.Message(first, 1, _ANSWER), wire.Message(first + 4, 3, _ANSWER)])
    numbered = bytes((0, _NUMBERED)) + (4).to_bytes(4, "little") + _step(0, container)[2:]
    yield "container-of-queries", bytes((0,)) + numbered + answer + pull
    pushed = bytes((_server_step("push"), 3, _server_step("ask"), 0, _server_step("ask"), 1))
    yield "pushed", bytes((0,)) + pushed + pull + cut + pull
    yield "refused-salt", bytes((0,)) + _step(_CONTENT | _OTHER_SALT, _ANSWER)
    yield "refused-old", bytes((0,)) + query + _step(4, _ANSWER) + _step(5, _ANSWER) + _step(3, _ANSWER)
    yield "refused-numbers", bytes((0,)) + query + _step(_CONTENT | 7, _ANSWER) + _step(0, _ANSWER)

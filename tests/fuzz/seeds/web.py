"""Requests and answers of HTTP, and frames of WebSockets."""

from __future__ import annotations

from collections.abc import Iterator

from tl import service

__all__ = ["corpora"]

Seeds = Iterator[tuple[str, bytes]]

_RAW, _GREEDY, _CUT_OFF, _ACCEPTED = 1, 2, 4, 8
_CLOSE, _CHUNKED = 64, 128
_CONTENT = 8
_PACKET, _PLAIN, _BODY, _BYTES, _TIME, _ANSWER, _UPGRADE, _FRAME, _INSIDE = 0, 2, 3, 4, 5, 6, 7, 8, 9
_BINARY, _TEXT, _PART, _END, _PING, _PONG, _GOODBYE = 0x82, 0x81, 0x02, 0x80, 0x89, 0x8A, 0x88
_API, _WEBSOCKET, _ELSEWHERE = 0, 3, 4
_CALL = b"\x0d\x0c\x0b\x0a" * 3
_ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x6c\xfe\xff\xff"


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    return {
        "http-client": dict(_to_http_client()),
        "websocket-client": dict(_to_websocket_client()),
        "web-server": dict(_to_server()),
    }


def _block(data: bytes) -> bytes:
    return len(data).to_bytes(2, "little") + data


def _to_http_client() -> Seeds:
    yield "answers", b"\0\x02\x04\x09" + b"".join(bytes((kind,)) + _block(_CALL) for kind in (0, 1, _CHUNKED, 0))
    yield "refused-cut-off", bytes((_CUT_OFF, 0, 0)) + _block(_CALL)
    yield "last-one", bytes((0, 0, _CLOSE)) + _block(_CALL)
    yield "raw", bytes((_RAW, 0)) + _ANSWERED * 2
    yield "in-between", bytes((_RAW, 0)) + b"HTTP/1.1 100 Continue\r\n\r\n" + _ANSWERED
    yield "refused-raw", bytes((_RAW, 0)) + b"SSH-2.0-server\r\n\r\n"
    yield "refused-size", bytes((0, 0, 0)) + _block(bytes(2100))


def _to_websocket_client() -> Seeds:
    talk = b"".join(
        bytes((kind,)) + _block(content)
        for kind, content in ((_BINARY, _CALL), (_PING, b"ping"), (_PART, _CALL), (_PONG, b""), (_END, bytes(200)))
    )
    yield "talk", bytes((_ACCEPTED, 2, 4, 9)) + talk
    yield "both-talk", bytes((_ACCEPTED | _GREEDY, 0)) + talk
    yield "raw", bytes((_ACCEPTED | _RAW, 0)) + b"\x82\x04body"
    yield "refused-goodbye", bytes((_ACCEPTED, 0)) + talk + bytes((_GOODBYE,)) + _block(b"\x03\xe8404   ")
    yield "refused-text", bytes((_ACCEPTED, 0, _TEXT)) + _block(b"text")
    yield "refused-status", bytes((_RAW, 0)) + b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    yield "refused-cut-off", bytes((_ACCEPTED | _CUT_OFF, 0)) + talk


def _to_server() -> Seeds:
    call = bytes((_CONTENT,)) + _block(_CALL)
    wait = service.types.HttpWait(max_delay=0, wait_after=0, max_wait=5000).to_bytes()
    request = bytes((_PACKET, _API)) + call
    answered = request + bytes((_ANSWER,))
    yield "requests", bytes((2, 4, 30)) + answered * 2
    yield "long-poll", b"\0" + bytes((_PACKET, _API, 0)) + _block(wait) + bytes((_TIME, 30)) + request
    yield "chunked", b"\0" + bytes((_PACKET, _CHUNKED)) + call + bytes((_ANSWER,))
    yield "refused-last", b"\0" + bytes((_PACKET, _CLOSE)) + call + bytes((_ANSWER,))
    yield "pipelined", b"\0" + request * 3 + bytes((_ANSWER, _TIME, 40))
    yield "plain", b"\0" + bytes((_PLAIN, _API)) + _block(b"\xf1\x8e\x7e\xbe" + bytes(16))
    yield "refused-elsewhere", b"\0" + bytes((_PACKET, _ELSEWHERE)) + call
    yield "refused-size", b"\0" + bytes((_BODY, _API)) + _block(b"") + b"\xff\xff"
    yield "half", b"\0" + bytes((_BODY, _API)) + _block(_CALL) + b"\xff\0"
    yield "refused-raw", b"\0" + bytes((_BYTES,)) + _block(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    inside = bytes((_INSIDE,)) + call
    frames = b"".join(bytes((_FRAME, kind)) + _block(b"") for kind in (_PING, _PONG, _PART, _END))
    yield "websocket", b"\x02\x04\x1e" + bytes((_UPGRADE,)) + inside * 2 + frames + bytes((_ANSWER,)) + inside
    yield "refused-frame", b"\0" + bytes((_UPGRADE, _FRAME, _TEXT)) + _block(b"text")
    yield "refused-goodbye", b"\0" + bytes((_UPGRADE,)) + inside + bytes((_FRAME, _GOODBYE)) + _block(b"\x03\xe8")

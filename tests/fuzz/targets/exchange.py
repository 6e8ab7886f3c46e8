"""Each plain message of the key exchange, at the half that receives it, and the data encrypted inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest import mock

from mtproto.crypto import dh
from mtproto.errors import ExchangeFailed, LocalProtocolError
from mtproto.exchange import ClientExchange, ExchangeRejected, ServerExchange
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation
from tests.fuzz.targets.exchange_support import NOW, body_of, fork, states, with_inner
from tests.fuzz.targets.words import service_words

__all__ = ["TARGETS"]

_RES_PQ, _DH_PARAMS, _DH_GEN = range(3)
_REQ_PQ, _REQ_DH, _SET_DH = range(3)
_NEXT = {"req_DH_params", "set_client_DH_params"}


class _Reached(Exception):
    """The test of a new prime was reached: 20 ms for each modular power, and nothing of it is read."""


@contextmanager
def _no_new_primes() -> Iterator[None]:
    def stop(*_: int) -> int:
        raise _Reached

    with mock.patch.object(dh, "pow", stop, create=True):
        yield


def _client_takes(client: ClientExchange, payload: bytes) -> Verdict:
    client = fork(client)
    try:
        with _no_new_primes():
            request = client.receive(payload, NOW)
    except _Reached:
        return Verdict(True, "a prime to be tested")
    except LocalProtocolError as error:
        raise Violation("a client that waits says that it does not") from error
    if request is None:
        if client.done != (client.result is not None):
            raise Violation("done without a result, or the other way round")
        return Verdict(True, "done" if client.done else "ignored")
    name = body_of(request).NAME
    if name not in _NEXT or client.repeat() != request:
        raise Violation(f"{name} follows")
    return Verdict(True, f"answered by {name}")


def _server_takes(server: ServerExchange, payload: bytes) -> Verdict:
    server = fork(server)
    another = server.begins_another(payload)
    answer = server.receive(payload, NOW)
    if another:
        raise Violation("what begins another exchange was answered in this one")
    if fork(server).receive(payload, NOW) != answer and server.result is None:
        raise Violation("a repeated query has another answer")
    return Verdict(True, f"answered by {body_of(answer).NAME}")


def _client(state: int, data: bytes) -> Verdict:
    return _client_takes(states()[0][state][0], data)


def _server(state: int, data: bytes) -> Verdict:
    return _server_takes(states()[1][state][0], data)


def _server_done(data: bytes) -> Verdict:
    """Take anything when the exchange is over: only what was answered is answered, as it was."""
    server = fork(states()[1][_SET_DH][0])
    last = states()[1][_SET_DH][1]
    answer = server.receive(last, NOW)
    again = server.receive(data, NOW)
    if data == last and again != answer:
        raise Violation("a repeated query has another answer")
    return Verdict(True, f"repeated {body_of(again).NAME}")


def _dh_inner(data: bytes) -> Verdict:
    """Take any bytes as server_DH_inner_data: encrypted by the server's key, with the right hash."""
    client, answer = states()[0][_DH_PARAMS]
    return _client_takes(client, with_inner(body_of(answer), data, client._aes))


def _pq_inner(data: bytes) -> Verdict:
    """Take any bytes as p_q_inner_data, under either padding of RSA."""
    server, query = states()[1][_REQ_DH]
    tape = Tape(data)
    old_padding = bool(tape.number() & 1)
    return _server_takes(server, with_inner(body_of(query), tape.rest(), server._aes, old_padding=old_padding))


def _client_dh_inner(data: bytes) -> Verdict:
    """Take any bytes as client_DH_inner_data: encrypted by the client's key, with the right hash."""
    server, query = states()[1][_SET_DH]
    return _server_takes(server, with_inner(body_of(query), data, server._aes))


def _target(name: str, run: Callable[[bytes], Verdict], refusal: type[ExchangeFailed]) -> Target:
    return Target(f"exchange-{name}", "exchange", run, (refusal,), service_words, longest=1024)


TARGETS = (
    _target("res-pq", partial(_client, _RES_PQ), ExchangeFailed),
    _target("dh-params", partial(_client, _DH_PARAMS), ExchangeFailed),
    _target("dh-inner", _dh_inner, ExchangeFailed),
    _target("dh-gen", partial(_client, _DH_GEN), ExchangeFailed),
    _target("req-pq", partial(_server, _REQ_PQ), ExchangeRejected),
    _target("req-dh-params", partial(_server, _REQ_DH), ExchangeRejected),
    _target("pq-inner", _pq_inner, ExchangeRejected),
    _target("set-client-dh", partial(_server, _SET_DH), ExchangeRejected),
    _target("client-dh-inner", _client_dh_inner, ExchangeRejected),
    _target("server-done", _server_done, ExchangeRejected),
)

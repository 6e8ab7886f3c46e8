"""The error that ends a call names the last cause, in words of the caller's own input, and chains it: in both faces."""

from __future__ import annotations

import asyncio
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import (
    ConnectionLost,
    DeadlineExceeded,
    ExchangeFailed,
    LocalProtocolError,
    MTProtoError,
    OptionError,
    RemoteProtocolError,
    RpcError,
    TransportError,
)
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection, ask_plain
from mtproto.net.shells import pump
from mtproto.session.wire import write_rpc_error
from tests.net.certificate import contexts
from tests.net.support import IMPATIENT, QUERY, SOON, ListenerThread, introduced, rsa_key

if TYPE_CHECKING:
    from collections.abc import Callable

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.6p1\r\n"
ALERT = bytes.fromhex("15030300020246")
NOBODY = bytes(range(256))


def open_with_asyncio(address: Any, keys: Any, timeout: float, options: dict[str, Any]) -> None:
    async def main() -> None:
        client = Connection(address, keys, backoff=IMPATIENT, **options)
        try:
            await client.open(timeout=timeout)
            await client.call(QUERY, timeout=timeout)
        finally:
            await client.close()

    asyncio.run(main())


def open_without_asyncio(address: Any, keys: Any, timeout: float, options: dict[str, Any]) -> None:
    client = BlockingConnection(address, keys, backoff=IMPATIENT, **options)
    try:
        client.open(timeout=timeout)
        client.call(QUERY, timeout=timeout)
    finally:
        client.close()


FACES = pytest.mark.parametrize("face", [open_with_asyncio, open_without_asyncio], ids=["asyncio", "blocking"])


def ended(face: Callable[..., None], address: Any, *, keys: Any = None, timeout: float = SOON, **options: Any) -> Any:
    """Return the error with which opening and one call end; its traceback shows no context."""
    with pytest.raises(MTProtoError) as caught:
        face(address, [rsa_key().public] if keys is None else keys, timeout, options)
    return caught.value


class Foreigner:
    """A server of another kind: says its piece to everybody who has said something, and closes or stays."""

    def __init__(self, piece: bytes, *, stays: bool = False) -> None:
        self.piece = piece
        self.stays = stays
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.address: tuple[str, int] = self.listening.getsockname()
        self.visitors: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self.listening.accept()
            except OSError:
                return
            with visitor.dup() as talking:
                if talking.recv(4096):
                    talking.sendall(self.piece)
            if self.stays:
                self.visitors.append(visitor)
            else:
                visitor.close()

    def __enter__(self) -> Foreigner:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.thread.join(SOON)
        for each in (self.listening, *self.visitors):
            each.close()


@pytest.fixture
def impatient_pumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let carriers that do not come about be given up at once."""
    monkeypatch.setattr(pump, "CONNECT_TIME", 0.5)


@FACES
@pytest.mark.parametrize("transport", ["intermediate", "abridged", "padded", "full", "obfuscated-abridged"])
@pytest.mark.parametrize(("piece", "name"), [(HTTP, "HTTP"), (SSH, "SSH"), (ALERT, "TLS")], ids=["HTTP", "SSH", "TLS"])
def test_a_peer_that_speaks_something_else_is_named(
    face: Callable[..., None], transport: str, piece: bytes, name: str
) -> None:
    with Foreigner(piece, stays=True) as peer:
        error = ended(face, peer.address, transport=transport)
    assert isinstance(error, ConnectionLost)
    for word in (f"the peer speaks {name}", f"127.0.0.1:{peer.address[1]}, transport {transport}", "5 connections"):
        assert word in str(error)
    assert isinstance(error.__cause__, RemoteProtocolError)
    assert f"the peer speaks {name}" in str(error.__cause__)


@FACES
@pytest.mark.parametrize("transport", ["http", "websocket", "websocket-tls"])
def test_a_peer_that_speaks_no_web_is_named(face: Callable[..., None], transport: str) -> None:
    with Foreigner(SSH, stays=True) as peer:
        error = ended(face, peer.address, transport=transport)
    assert isinstance(error, ConnectionLost)
    assert "the peer speaks SSH" in str(error)
    assert "the peer speaks SSH" in str(error.__cause__)
    assert f"transport {transport}" in str(error)


def test_probing_names_the_peer_too() -> None:
    with Foreigner(SSH, stays=True) as peer, pytest.raises(RemoteProtocolError, match="the peer speaks SSH"):
        asyncio.run(ask_plain(peer.address, bytes(20) + b"\4\0\0\0abcd", transport="abridged", timeout=SOON))


@FACES
@pytest.mark.parametrize("state", [None, KeyState(auth_key=AuthKey(NOBODY), dc_id=2)], ids=["no key", "a key"])
def test_a_peer_that_closes_without_a_word_is_the_cause(face: Callable[..., None], state: KeyState | None) -> None:
    with Foreigner(b"") as peer:
        error = ended(face, peer.address, state=state, timeout=SOON if state is None else 0.5)
    assert "the server closed the connection without a word" in str(error)
    assert "the server closed the connection without a word" in str(error.__cause__)
    assert isinstance(error, ConnectionLost if state is None else DeadlineExceeded)


@FACES
def test_a_port_that_speaks_no_tls_is_named(face: Callable[..., None]) -> None:
    with ListenerThread() as server:
        error = ended(face, server.listener.address, transport="websocket-tls", tls=contexts()[1])
    assert isinstance(error, ConnectionLost)
    assert "TLS handshake" in str(error)
    assert "TLS handshake" in str(error.__cause__)
    with Foreigner(HTTP) as peer:
        error = ended(face, peer.address, transport="websocket-tls", tls=contexts()[1])
    assert "the peer speaks HTTP" in str(error)


@FACES
@pytest.mark.parametrize(
    ("transport", "stage"), [("websocket", "WebSocket is not answered"), ("websocket-tls", "TLS handshake is not")]
)
def test_a_carrier_that_waits_in_vain_tells_what_for(
    face: Callable[..., None], transport: str, stage: str, impatient_pumps: None
) -> None:
    with Foreigner(b"", stays=True) as peer:
        error = ended(
            face, peer.address, transport=transport, tls=contexts()[1] if transport == "websocket-tls" else None
        )
    assert "no answer in time" in str(error)
    assert stage in str(error)
    assert stage in str(error.__cause__)


@FACES
def test_a_web_server_that_refuses_tells_its_status(face: Callable[..., None]) -> None:
    with Foreigner(HTTP) as peer:
        error = ended(face, peer.address, transport="websocket")
        assert "refused with HTTP status 400" in str(error)
        error = ended(face, peer.address, transport="http")
    assert isinstance(error, TransportError)
    assert (error.code, "HTTP status 400" in str(error)) == (-400, True)


@FACES
def test_keys_that_are_not_the_servers_are_told_with_those_that_are(face: Callable[..., None]) -> None:
    stranger = RSAPrivateKey.generate().public
    with ListenerThread() as server:
        error = ended(face, server.listener.address, keys=[stranger])
    assert isinstance(error, ExchangeFailed)
    assert (error.step, error.check) == ("resPQ", "server_public_key_fingerprints")
    for key in (stranger, rsa_key().public):
        assert f"{key.fingerprint & (1 << 64) - 1:016x}" in str(error)
    assert isinstance(error.__cause__, ExchangeFailed)


@FACES
@pytest.mark.parametrize("options", [{}, {"pfs": True}], ids=["permanent", "temporary"])
def test_no_keys_and_bad_numbers_are_refused_at_once(face: Callable[..., None], options: dict[str, Any]) -> None:
    for error in (
        ended(face, "127.0.0.1:1", keys=[], **options),
        ended(face, "127.0.0.1:1", dc_id=1 << 40, **options),
    ):
        assert isinstance(error, OptionError)
        assert "keys is empty" in str(error) or "32 bits" in str(error)


@pytest.mark.parametrize("wrong", ["-----BEGIN", b"-----BEGIN", ["-----BEGIN"], [b"-----BEGIN"]])
def test_keys_that_are_none_are_refused_at_once_and_not_repeated(wrong: Any) -> None:
    for keys in (wrong, cast("Any", rsa_key().public)):
        for shell in (Connection, BlockingConnection):
            with pytest.raises(LocalProtocolError, match="list of RSAPublicKey") as caught:
                shell("127.0.0.1:1", keys)  # as callers without a type checker do
            assert "BEGIN" not in str(caught.value)


def test_a_state_needs_no_keys_unless_temporary_ones_are_made() -> None:
    state = KeyState(auth_key=AuthKey(NOBODY), dc_id=2)
    for shell in (Connection, BlockingConnection):
        shell("127.0.0.1:1", [], state=state)
        with pytest.raises(LocalProtocolError, match="keys is empty"):
            shell("127.0.0.1:1", [], state=state, pfs=True)
        with pytest.raises(LocalProtocolError, match="can't live for 0 seconds"):
            shell("127.0.0.1:1", [rsa_key().public], pfs=True, expires_in=0)


@FACES
def test_a_data_centre_that_is_not_there_is_named(face: Callable[..., None]) -> None:
    with ListenerThread() as server:
        error = ended(face, server.listener.address, dc_id=7)
    assert isinstance(error, TransportError)
    assert (error.code, "DC 7" in str(error)) == (-444, True)


@FACES
@pytest.mark.parametrize("scheme", ["socks5", "socks4", "http"])
def test_the_proxy_is_named_without_its_login(face: Callable[..., None], scheme: str) -> None:
    with Foreigner(b"nonsense\r\n\r\n") as peer:
        proxy = f"{scheme}://hidden:hidden@127.0.0.1:{peer.address[1]}"
        error = ended(face, "192.0.2.1:443", proxy=proxy)
    assert isinstance(error, ConnectionLost)
    assert f"192.0.2.1:443, transport intermediate, through the proxy {scheme}://127.0.0.1:" in str(error)
    assert "hidden" not in str(error)
    assert isinstance(error.__cause__, OSError)


@FACES
@pytest.mark.parametrize("begin", ["", "dd"])
def test_a_proxy_that_closes_is_told_with_what_it_may_mean(face: Callable[..., None], begin: str) -> None:
    secret = "ab" * 16
    with Foreigner(b"") as peer:
        link = f"tg://proxy?server=127.0.0.1&port={peer.address[1]}&secret={begin}{secret}"
        error = ended(face, "192.0.2.1:443", proxy=link)
    assert "perhaps the secret is wrong" in str(error)
    assert f"the proxy 127.0.0.1:{peer.address[1]}" in str(error)
    assert secret not in str(error)


@FACES
def test_a_binding_that_is_refused_again_and_again_is_the_cause_of_the_deadline(face: Callable[..., None]) -> None:
    for code, name, kind, timeout in (
        (500, "INTERNAL", DeadlineExceeded, 2.0),
        (400, "METHOD_INVALID", RpcError, SOON),
    ):
        with ListenerThread(partial(refuse, write_rpc_error(code, name))) as server:
            state = server.do(partial(introduced, server.listener))
            error = ended(face, server.listener.address, state=state, pfs=True, timeout=timeout)
        assert isinstance(error, kind)
        assert name in str(error)
        assert isinstance(error.__cause__, RpcError)
        assert error.__cause__.message == name


def refuse(answer: bytes, _query: object) -> bytes:
    return answer


@FACES
def test_a_deadline_over_a_connection_that_stands_has_no_cause(face: Callable[..., None]) -> None:
    async def never(_query: object) -> bytes:
        await asyncio.Event().wait()
        return b""

    with ListenerThread(never) as server:
        state = server.do(partial(introduced, server.listener))
        error = ended(face, server.listener.address, state=state, timeout=0.5)
    assert isinstance(error, DeadlineExceeded)
    assert error.__cause__ is None

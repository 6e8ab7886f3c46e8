"""Fake TLS at both ends, the proxy that looks behind it, and the texts of proxy secrets and links."""

from __future__ import annotations

import hmac
from functools import cache

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.proxy.link import ProxyLink
from mtproto.proxy.state import ProxyState
from mtproto.transport import Framing, Obfuscated, PaddedIntermediate, Role, detect, obfuscate
from mtproto.transport.faketls import FakeTLS, _AnswerReader
from mtproto.transport.secret import MTProxy, Secret, SecretKind
from mtproto.transport.tls_greeting import answer_hello, hello_time, read_hello, sign_hello
from mtproto.transport.tls_hello import RANDOM_END, RANDOM_START
from mtproto.transport.tls_records import CHANGE_CIPHER_SPEC, LONGEST_CIPHERTEXT, RecordReader, cut_records
from tests.fuzz.tape import Tape, pieces
from tests.fuzz.target import Target, Verdict, Violation, never_refuses, outline
from tests.fuzz.targets.forger import START
from tests.fuzz.targets.framing import SECRET, feed, source, verdict_of

__all__ = ["FAKE_TLS", "TARGETS", "honest_hello"]

FAKE_TLS = Secret(SECRET, SecretKind.FAKE_TLS, "www.example.com")
"""The secret of the targets."""

_SIZES = 4
_WORDS = (b"\x16\x03\x01", b"\x16\x03\x03", b"\x17\x03\x03", CHANGE_CIPHER_SPEC, b"\x00\x10", b"\x40\x00", b"\x40\x01")
_PARTS = (b"tg://proxy?", b"https://t.me/proxy?", b"server=", b"&port=443", b"&secret=", b"dd", b"ee", b"%", b"[", b"]")
_SIGNED, _ENCRYPTED, _HONEST, _IN_RECORDS = 1, 2, 4, 8


@cache
def honest_hello() -> bytes:
    """Return the hello that the client of the targets sends."""
    return _new_client()[0].opening()


def _new_client() -> tuple[FakeTLS, Obfuscated]:
    """Return a client of fake TLS, and the server's end of the transport inside."""
    inside = obfuscate(Framing(PaddedIntermediate, Role.CLIENT, source()), source(5), dc_id=2, secret=SECRET)
    found = detect(inside.opening(), source(), secrets=(SECRET,))
    if found is None or not isinstance(found.transport, Obfuscated):
        raise Violation("an honest header was not understood")
    return FakeTLS(inside, FAKE_TLS, source(6), START), found.transport


def _client(data: bytes) -> Verdict:
    """Take any answer of a proxy, signed or not, and any records behind it."""
    tape = Tape(data)
    choice = tape.number()
    sizes = tape.take(tape.number() % _SIZES)
    stream = _answer(choice, tape) + _records(choice, tape, _new_client()[1])
    seen = []
    for cut in ([stream], pieces(stream, sizes or b"\x3f\0")):
        client, _ = _new_client()
        client._answer = _AnswerReader(
            SECRET, honest_hello()[RANDOM_START:RANDOM_END]
        )  # as `opening` makes it, at length
        seen.append((feed(client, cut), client.ready))
    if seen.count(seen[0]) != len(seen):
        raise Violation("the pieces change what is read")
    verdict = verdict_of(seen[0][0])
    return Verdict(verdict.parsed, f"{'ready' if seen[0][1] else 'waits'} {verdict.trace}")


def _answer(choice: int, tape: Tape) -> bytes:
    hello = read_hello(honest_hello())
    if hello is None:
        raise Violation("an honest hello was not understood")
    if choice & _HONEST:
        return answer_hello(hello, SECRET, source(7))
    answer = tape.block()
    if not choice & _SIGNED or len(answer) < RANDOM_END:
        return answer
    unsigned = answer[:RANDOM_START] + bytes(RANDOM_END - RANDOM_START) + answer[RANDOM_END:]
    digest = hmac.digest(SECRET, hello.random + unsigned, "sha256")
    return answer[:RANDOM_START] + digest + answer[RANDOM_END:]


def _records(choice: int, tape: Tape, server: Obfuscated) -> bytes:
    """Return what follows the answer: as it stands on the tape, or well encrypted in well made records."""
    if not choice & _IN_RECORDS:
        return tape.rest()
    made = []
    while tape:
        longest = 1 + tape.number(2) % LONGEST_CIPHERTEXT
        content = tape.block()
        made.append(cut_records(server._encrypt.update(content) if choice & _ENCRYPTED else content, longest))
    return b"".join(made)


def _records_alone(data: bytes) -> Verdict:
    """Read any stream as records; well made ones, of any sizes, give back what was put into them."""
    tape = Tape(data)
    choice = tape.number()
    sizes = tape.take(tape.number() % _SIZES)
    put_in: bytes | None = None
    stream = tape.rest()
    if choice & _IN_RECORDS:
        tape, put_in, stream = Tape(stream), b"", CHANGE_CIPHER_SPEC if choice & _HONEST else b""
        while tape:
            longest, content = 1 + tape.number(2) % LONGEST_CIPHERTEXT, tape.block()
            put_in += content
            stream += cut_records(content, longest)
    seen = {_read_records(cut) for cut in ([stream], pieces(stream, sizes), pieces(stream, b"\0"))}
    if len(seen) != 1:
        raise Violation("the pieces change what is read")
    ((content, refusal),) = seen
    if put_in is not None and (content, refusal) != (put_in, None):
        raise Violation("what was put into records does not come out")
    if len(content) > len(stream):
        raise Violation("more comes out than was put in")
    return Verdict(refusal is None, refusal or f"{min(len(content), 9)}")


def _read_records(cut: list[bytes]) -> tuple[bytes, str | None]:
    reader, content = RecordReader(), b""
    try:
        for piece in cut:
            content += reader.receive(piece)
    except RemoteProtocolError as error:
        return content + b"".join(error.events), outline(error.detail)
    return content, None


def _hello(data: bytes) -> Verdict:
    """Take any first bytes of a visitor, signed or not."""
    tape = Tape(data)
    choice = tape.number()
    stream = tape.rest()
    if choice & _SIGNED and len(stream) >= RANDOM_END:
        stream = sign_hello(stream[:RANDOM_START] + bytes(32) + stream[RANDOM_END:], SECRET, START)
    hello = read_hello(stream)
    for size in range(0, len(stream), 1 + choice):
        if read_hello(stream[:size]) not in (None, hello):
            raise Violation("more bytes change the hello")
    if hello is None:
        return Verdict(True, "waits")
    if not stream.startswith(hello.record):
        raise Violation("the record was not there")
    made_at = hello_time(hello, SECRET)
    if choice & _SIGNED and len(hello.record) == len(stream) and made_at != int(START):
        raise Violation(f"a signed hello was made at {made_at}")
    return Verdict(True, "a stranger's" if made_at is None else "signed")


def _visitor(data: bytes) -> Verdict:
    """Take whatever a visitor of the proxy sends: nothing is raised for it, however it is cut."""
    tape = Tape(data)
    choice = tape.number()
    sizes = tape.take(tape.number() % _SIZES)
    stream = b""
    if choice & _HONEST:
        stream = honest_hello() + CHANGE_CIPHER_SPEC
    if choice & _ENCRYPTED:
        content = _header() + tape.block()
        stream += cut_records(content, 2878) if choice & _IN_RECORDS else content
    while tape:
        content = tape.block()
        stream += cut_records(content, 2878) if choice & _IN_RECORDS else content
    told = {_visit(choice, cut) for cut in ([stream], pieces(stream, sizes or b"\x3f\0"))}
    if len(told) != 1:
        raise Violation("the pieces change what the proxy does")
    (outcome,) = told
    return Verdict(outcome[1] is None, f"{outcome[0]} {outcome[1] and outcome[1][:24]}")


@cache
def _header() -> bytes:
    """Return the header of a client that knows the secret and wants DC 2."""
    return obfuscate(Framing(PaddedIntermediate, Role.CLIENT, source()), source(5), dc_id=2, secret=SECRET).opening()


Outcome = tuple[str, str | None, bytes, bytes, int | None, bool]


def _visit(choice: int, cut: list[bytes]) -> Outcome:
    secrets = (FAKE_TLS, Secret(SECRET)) if choice & 16 else (FAKE_TLS,) if choice & 32 else (Secret(SECRET),)
    state = ProxyState(secrets, {2: ("dc", 443)}, fallback=("fallback", 443) if choice & 64 else None)
    link = ProxyLink(state, source(8), START)
    up = down = b""
    with never_refuses("a proxy's link"):
        for piece in cut:
            link.received(piece, START + 1)
            up += link.data_for_upstream()
            down += link.data_for_visitor()
        link.upstream_received(b"answer", START + 1)
        down += link.data_for_visitor()
        link.tick(START + 60)
    return f"{link.upstream}", link.refusal, up, down, link.dc_id, link.closing


def _secret_text(data: bytes) -> Verdict:
    secret = Secret.parse(data.decode(errors="replace"))
    if Secret.from_bytes(secret.to_bytes()) != secret:
        raise Violation("a secret is not what it says")
    return Verdict(True, secret.kind.value)


def _link_text(data: bytes) -> Verdict:
    proxy = MTProxy.parse(data.decode(errors="replace"))
    if MTProxy.parse(proxy.link) != proxy:
        raise Violation("a link leads elsewhere")
    return Verdict(True, proxy.secret.kind.value)


TARGETS = (
    Target("faketls-client", "framing", _client, words=lambda: _WORDS, longest=1024),
    Target("faketls-records", "framing", _records_alone, words=lambda: _WORDS, longest=1024),
    Target("faketls-hello", "framing", _hello, (RemoteProtocolError,), lambda: _WORDS, longest=2048),
    Target("proxy-visitor", "framing", _visitor, words=lambda: _WORDS, longest=1024),
    Target(
        "proxy-secret",
        "framing",
        _secret_text,
        (LocalProtocolError,),
        lambda: (b"ee", b"dd", b"7e", b"=="),
        longest=128,
    ),
    Target("proxy-link", "framing", _link_text, (LocalProtocolError,), lambda: _PARTS, longest=256),
)

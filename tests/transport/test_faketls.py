"""Fake TLS: greeting and answer prove the secret to one another, and the records between them are one byte stream."""

from __future__ import annotations

import contextlib
import hmac
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.transport import (
    FakeTLS,
    Framing,
    MTProxy,
    Obfuscated,
    PaddedIntermediate,
    Payload,
    Role,
    Secret,
    SecretKind,
    client_transport,
)
from mtproto.transport.obfuscated import OBFUSCATED_HEADER, read_header
from mtproto.transport.tls_greeting import (
    ClientHello,
    answer_hello,
    hello_time,
    read_hello,
    sign_hello,
    verify_answer,
)
from mtproto.transport.tls_hello import client_hello
from mtproto.transport.tls_records import CHANGE_CIPHER_SPEC, LONGEST_CIPHERTEXT, RecordReader, cut_records
from tests.transport.support import comparable, encrypted, feed, payloads, plain, seeded_random
from tests.transport.tls_parser import ExtensionType, GroupName, parse_server_hello

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

Vector = dict[str, Any]

NOW = 1_800_000_000.5
SECRET = Secret(b"sixteen bytes it", SecretKind.FAKE_TLS, "www.example.org")


def run_server_hello(vector: Vector) -> None:
    """Run a vector of the kind "faketls-server-hello"."""
    answer, key, random = (bytes.fromhex(vector[name]) for name in ("server_response", "secret", "client_random"))
    verify_answer(answer, key, random)
    for broken in ((answer, bytes(16), random), (answer, key, bytes(32)), (answer[:-1], key, random)):
        with pytest.raises(RemoteProtocolError):
            verify_answer(*broken)


RUNNERS: dict[str, Callable[[Vector], None]] = {"faketls-server-hello": run_server_hello}


def client() -> FakeTLS:
    transport = client_transport("padded", seeded_random(), dc_id=2, secret=SECRET, now=NOW)
    assert isinstance(transport, FakeTLS)
    return transport


def greeted() -> tuple[FakeTLS, ClientHello]:
    """Return a client that has sent its hello, and the hello as a proxy reads it."""
    transport = client()
    hello = read_hello(transport.opening())
    assert hello is not None
    return transport, hello


def answer_to(hello: ClientHello) -> bytes:
    return answer_hello(hello, SECRET.key, seeded_random())


def ready_client() -> FakeTLS:
    transport, hello = greeted()
    assert transport.receive(answer_to(hello)) == []
    assert transport.ready
    return transport


def server_of(stream: bytes) -> tuple[Obfuscated, bytes]:
    """Return the transport that the client's first 64 bytes of the stream stand for, and what follows them."""
    header = read_header(stream[:OBFUSCATED_HEADER], SECRET.key)
    assert (header.tag, header.dc_id) == (b"\xdd" * 4, 2)
    framing = Framing(PaddedIntermediate, Role.SERVER, seeded_random())
    return Obfuscated(framing, header.encrypt, header.decrypt), stream[OBFUSCATED_HEADER:]


# The greeting --------------------------------------------------------------------------------------------------------


def test_recorded_answers_are_verified(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text(encoding="utf-8"))["vectors"]
    chosen = [vector for vector in vectors if vector["kind"] == "faketls-server-hello"]
    assert chosen
    for vector in chosen:
        run_server_hello(vector)


def test_the_hello_says_when_it_was_made_to_who_knows_the_secret() -> None:
    _, hello = greeted()
    assert hello_time(hello, SECRET.key) == int(NOW)
    assert hello_time(hello, bytes(16)) is None


def test_every_byte_of_the_hello_is_signed_but_the_time() -> None:
    _, hello = greeted()
    for place in range(len(hello.record)):
        changed = bytearray(hello.record)
        changed[place] ^= 1
        random = bytes(changed[11:43])
        time = hello_time(ClientHello(bytes(changed), random, hello.session_id), SECRET.key)
        if 39 <= place < 43:
            assert time not in (None, int(NOW))  # why a proxy remembers the other 28 bytes
        else:
            assert time is None


def test_what_is_signed_has_zeros_in_place_of_the_digest() -> None:
    record = client_hello("a.example", seeded_random())
    assert record[11:43] == bytes(32)
    signed = sign_hello(record, SECRET.key, 0)
    assert signed[11:43] == hmac.new(SECRET.key, record, "sha256").digest()
    assert signed[:11] + signed[43:] == record[:11] + record[43:]


def test_a_hello_is_read_once_it_is_whole_and_what_follows_is_left() -> None:
    _, hello = greeted()
    assert all(read_hello(hello.record[:end]) is None for end in range(len(hello.record)))
    assert read_hello(hello.record + b"more") == hello


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x03",
        b"\x17\x03\x01",
        bytes.fromhex("1603010010"),  # a record too small for a hello
        bytes.fromhex("1603014001"),  # a record larger than there are: refused by its header
        bytes.fromhex("1603010060 0200005c 0303") + bytes(90),  # a ServerHello
        bytes.fromhex("1603010060 0100005c 0303") + bytes(90),  # no session id
    ],
)
def test_what_is_no_hello_is_refused(head: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="hello"):
        read_hello(head)


def test_the_answer_makes_the_client_ready_however_it_comes() -> None:
    for size in (1, 2, 5, 64, 1460, 100_000):
        transport, hello = greeted()
        answer = answer_to(hello)
        for start in range(0, len(answer), size):
            assert not transport.ready
            assert transport.receive(answer[start : start + size]) == []
        assert transport.ready


def test_a_parser_reads_the_server_hello_in_the_answer() -> None:
    _, hello = greeted()
    answer = answer_to(hello)
    read = parse_server_hello(answer[: answer.index(CHANGE_CIPHER_SPEC)])
    assert bytes(read.session_id) == hello.session_id
    assert bytes(read.random) == answer[11:43]
    assert read.getExtension(ExtensionType.supported_versions).version == (3, 4)
    share = read.getExtension(ExtensionType.key_share).server_share
    assert (share.group, len(share.key_exchange)) == (GroupName.x25519, 32)


def test_more_handshake_records_may_come_before_the_end_of_the_answer() -> None:
    transport, hello = greeted()
    answer = answer_to(hello)
    split = answer.index(CHANGE_CIPHER_SPEC)
    longer = answer[:split] + bytes.fromhex("16030300040e000000") + answer[split:]
    digest = hmac.new(SECRET.key, hello.random + longer[:11] + bytes(32) + longer[43:], "sha256").digest()
    assert transport.receive(longer[:11] + digest + longer[43:]) == []
    assert transport.ready


def test_an_answer_without_the_secret_is_refused_at_every_byte_that_differs() -> None:
    _, hello = greeted()
    answer = answer_to(hello)
    for place in itertools.chain(range(160), range(160, len(answer), 97)):
        changed = bytearray(answer)
        changed[place] ^= 0x10
        transport, _ = greeted()
        result = feed(transport, bytes(changed), ())
        assert not transport.ready
        assert result == [] or result[0][:2] == ("failed", "greeting")  # a longer length: it waits for the rest


def test_a_hello_whose_two_lengths_differ_is_refused() -> None:
    record = bytearray(greeted()[1].record)
    record[8] ^= 1
    with pytest.raises(RemoteProtocolError, match="hello"):
        read_hello(bytes(record))


@pytest.mark.parametrize(
    "head",
    [
        b"\x15\x03\x03\x00\x02\x02\x28",  # a web server's alert
        b"HTTP/1.1 400 Bad Request",
        bytes.fromhex("140303000101170303"),  # no ServerHello before it
        bytes.fromhex("1603030010"),  # too short to hold a digest
        bytes.fromhex("1603034001"),  # larger than a record may be: refused by its header
    ],
)
def test_what_is_no_answer_is_refused_at_once_and_for_good(head: bytes) -> None:
    transport, hello = greeted()
    for data in (head, b"", answer_to(hello)):
        with pytest.raises(RemoteProtocolError, match="greeting"):
            transport.receive(data)
    assert not transport.ready


def test_an_answer_without_end_is_refused() -> None:
    transport, _ = greeted()
    record = bytes.fromhex("1603033000") + bytes(0x3000)
    for _ in range(5):
        assert transport.receive(record) == []
    with pytest.raises(RemoteProtocolError, match="greeting"):
        transport.receive(record[:5])


# What follows it -----------------------------------------------------------------------------------------------------


def test_nothing_is_packed_before_the_proxy_has_answered() -> None:
    transport, _ = greeted()
    with pytest.raises(LocalProtocolError):
        transport.pack(encrypted(40))
    with pytest.raises(LocalProtocolError):
        client().receive(b"")


def test_the_clients_first_records_are_a_change_of_ciphers_and_the_obfuscated_stream() -> None:
    transport = ready_client()
    first, second = transport.pack(plain(40)), transport.pack(encrypted(40))
    assert first.startswith(CHANGE_CIPHER_SPEC + b"\x17\x03\x03")
    assert second.startswith(b"\x17\x03\x03")
    stream = RecordReader().receive(first + second)
    server, rest = server_of(stream)
    assert server.receive(rest) == [Payload(plain(40)), Payload(encrypted(40))]


def test_the_clients_records_have_at_most_2878_bytes() -> None:
    wire = ready_client().pack(encrypted(24 + 16 * 1000))
    position, sizes = len(CHANGE_CIPHER_SPEC), []
    while position < len(wire):
        assert wire[position : position + 3] == b"\x17\x03\x03"
        sizes.append(int.from_bytes(wire[position + 3 : position + 5], "big"))
        position += 5 + sizes[-1]
    assert position == len(wire)
    assert sizes[:-1] == [2878] * (len(sizes) - 1)
    assert sizes[-1] <= 2878


def downstream(sizes: Iterable[int], sent: list[bytes]) -> tuple[FakeTLS, bytes]:
    """Return a client that is ready, and the records that bring it payloads, cut into those sizes."""
    transport = ready_client()
    server, rest = server_of(RecordReader().receive(transport.pack(plain(40))))
    server.receive(rest)
    stream = b"".join(server.pack(payload) for payload in sent)
    pieces, position = [], 0
    for size in itertools.chain(sizes, itertools.repeat(LONGEST_CIPHERTEXT)):
        if position >= len(stream):
            break
        pieces.append(cut_records(stream[position : position + size], size))
        position += size
    return transport, b"".join(pieces)


record_sizes = st.lists(st.integers(1, 400), max_size=30)


@given(record_sizes, st.lists(payloads, min_size=1, max_size=4), st.lists(st.integers(1, 500), max_size=40))
@example([1] * 90, [encrypted(40)], [1] * 600)
def test_packets_come_out_however_records_and_pieces_are_cut(
    sizes: list[int], sent: list[bytes], pieces: list[int]
) -> None:
    transport, wire = downstream(sizes, sent)
    assert feed(transport, wire, pieces) == [("payload", payload, False) for payload in sent]


@given(record_sizes, st.lists(payloads, min_size=1, max_size=2), st.data())
def test_a_broken_stream_gives_the_same_in_one_piece_and_byte_by_byte(
    sizes: list[int], sent: list[bytes], data: st.DataObject
) -> None:
    whole, wire = downstream(sizes, sent)
    bytewise, _ = downstream(sizes, sent)
    changed = bytearray(wire)
    for _ in range(data.draw(st.integers(0, 3))):
        changed[data.draw(st.integers(0, len(wire) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    assert feed(whole, cut, ()) == feed(bytewise, cut, itertools.repeat(1, len(cut)))


def test_what_came_before_a_broken_record_is_handed_up() -> None:
    transport, wire = downstream((), [encrypted(40)])
    with pytest.raises(RemoteProtocolError) as caught:
        transport.receive(wire + b"\x15\x03\x03\x00\x02\x01\x00")
    assert comparable(caught.value.events) == [("payload", encrypted(40), False)]


# Records alone -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=2000), st.integers(1, 700), st.integers(1, 50), st.booleans())
@example(bytes(40_000), LONGEST_CIPHERTEXT, 50, True)
def test_records_give_back_the_stream(data: bytes, longest: int, piece: int, changed: bool) -> None:
    wire = (CHANGE_CIPHER_SPEC if changed else b"") + cut_records(data, longest)
    assert RecordReader().receive(wire) == data
    reader = RecordReader()
    assert b"".join(reader.receive(wire[at : at + piece]) for at in range(0, len(wire), piece)) == data


@given(st.lists(st.integers(0, LONGEST_CIPHERTEXT), min_size=1, max_size=4), st.integers(1, 20_000))
@example([16384 + 24], 1)
@example([16384 + 256, 0, 16384], 1460)
def test_records_of_every_size_that_tls_allows_are_read(sizes: list[int], piece: int) -> None:
    stream = [bytes([number]) * size for number, size in enumerate(sizes)]
    wire = b"".join(b"\x17\x03\x03" + len(data).to_bytes(2, "big") + data for data in stream)
    reader = RecordReader()
    assert b"".join(reader.receive(wire[at : at + piece]) for at in range(0, len(wire), piece)) == b"".join(stream)


@given(st.integers(16384 + 257, 0xFFFF))
def test_a_record_longer_than_tls_allows_is_refused_by_its_header(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"{size} bytes announced, at most 16640"):
        RecordReader().receive(b"\x17\x03\x03" + size.to_bytes(2, "big"))


@pytest.mark.parametrize("size", [1, 1024, 16384 + 24, 16384 + 256])
def test_the_certificate_in_the_answer_may_have_every_size_of_an_encrypted_record(size: int) -> None:
    transport, hello = greeted()
    answer = answer_to(hello)
    end = answer.index(CHANGE_CIPHER_SPEC) + len(CHANGE_CIPHER_SPEC)
    answer = answer[:end] + b"\x17\x03\x03" + size.to_bytes(2, "big") + bytes(size)
    digest = hmac.new(SECRET.key, hello.random + answer[:11] + bytes(32) + answer[43:], "sha256").digest()
    assert transport.receive(answer[:11] + digest + answer[43:]) == []
    assert transport.ready


def test_a_record_that_is_not_whole_is_read_as_far_as_it_goes() -> None:
    reader = RecordReader()
    assert reader.receive(b"\x17\x03\x03\x40\x00abc") == b"abc"
    assert reader.receive(b"def") == b"def"


@pytest.mark.parametrize(
    "wire",
    [
        b"\x17\x03\x03\x41\x01",  # one byte too many: refused before any of it
        b"\x17\x03\x01\x00\x01a",
        b"\x16\x03\x03\x00\x01a",
        b"\x14\x03\x03\x00\x01\x02",
        b"\x14\x03\x03\x00\x02\x01\x01",
        cut_records(b"a", 1) + CHANGE_CIPHER_SPEC,  # after the first data it has no place
    ],
)
def test_other_records_are_refused_for_good(wire: bytes) -> None:
    reader = RecordReader()
    with pytest.raises(RemoteProtocolError, match="record"):
        reader.receive(wire)
    with pytest.raises(RemoteProtocolError, match="record"):
        reader.receive(cut_records(b"a", 1))


@given(st.binary(max_size=80))
def test_any_bytes_raise_nothing_but_errors_of_ours(data: bytes) -> None:
    for receive in (RecordReader().receive, greeted()[0].receive, ready_client().receive, read_hello):
        with contextlib.suppress(RemoteProtocolError):
            receive(data)


# What a secret asks for ----------------------------------------------------------------------------------------------


def test_the_secret_decides_what_is_spoken() -> None:
    plain_secret, padded = Secret(SECRET.key), Secret(SECRET.key, SecretKind.PADDED)
    for name, tag in (("abridged", b"\xef" * 4), ("intermediate", b"\xee" * 4), ("obfuscated-padded", b"\xdd" * 4)):
        for secret, expected in ((plain_secret, tag), (padded, b"\xdd" * 4)):
            transport = client_transport(name, seeded_random(), dc_id=-2, secret=secret)
            header = read_header(transport.opening(), SECRET.key)
            assert (header.tag, header.dc_id) == (expected, -2)
    with pytest.raises(LocalProtocolError, match="full"):
        client_transport("full", seeded_random(), secret=plain_secret)
    with pytest.raises(LocalProtocolError, match="time"):
        client_transport("padded", seeded_random(), secret=SECRET)
    with pytest.raises(LocalProtocolError, match="fake TLS"):
        FakeTLS(client(), padded, seeded_random(), NOW)


def test_the_greeting_comes_from_the_given_randomness_and_time_alone() -> None:
    assert client().opening() == client().opening()
    later = client_transport("padded", seeded_random(), dc_id=2, secret=SECRET, now=NOW + 1)
    assert later.opening() != client().opening()


def test_a_link_is_all_that_a_client_needs() -> None:
    proxy = MTProxy.parse(MTProxy(("proxy.example", 443), SECRET).link)
    transport = client_transport("intermediate", seeded_random(), dc_id=2, secret=proxy.secret, now=NOW)
    hello = read_hello(transport.opening())
    assert hello is not None
    assert hello_time(hello, SECRET.key) == int(NOW)
    assert b"www.example.org" in hello.record


# Time ----------------------------------------------------------------------------------------------------------------


def test_both_digests_of_the_greeting_are_compared_in_constant_time_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    _, hello = greeted()
    answer = answer_to(hello)
    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert hello_time(hello, SECRET.key) == int(NOW)
    verify_answer(answer, SECRET.key, hello.random)
    assert compared == [(28, 28), (32, 32)]  # the other four bytes of the hello carry the time

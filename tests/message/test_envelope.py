"""Packets of MTProto 2.0: every legal one survives, and every other one is refused in the prescribed way."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.crypto.aes import LOADERS, BackendName
from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.message import envelope
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sealed, Sender, Unsealed, payload_key_id, seal, unseal
from tests.vectors import independent
from tests.vectors.generate import KEYS, random_from

KEY = AuthKey(KEYS["ordinary"])

longs = st.integers(-(2**63), 2**63 - 1)
ints = st.integers(-(2**31), 2**31 - 1)
senders = st.sampled_from(Sender)
bodies = st.integers(0, 600).map(lambda words: independent.stream("body", 4 * words))


def paddings_for(body: bytes) -> st.SearchStrategy[int]:
    least = 12 + -(len(body) + 12) % 16
    return st.integers(0, (1024 - least) // 16).map(lambda blocks: least + 16 * blocks)


def sealed(body: bytes, sender: Sender = Sender.CLIENT, key: AuthKey = KEY, padding: int | None = None) -> Sealed:
    return seal(key, sender, salt=1, session_id=2, msg_id=3, seqno=4, body=body, random=os.urandom, padding=padding)


def refusal(payload: bytes, sender: Sender = Sender.CLIENT, key: AuthKey = KEY) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        unseal(key, sender, payload)
    return caught.value


@given(
    key=st.sampled_from(sorted(KEYS)),
    sender=senders,
    numbers=st.tuples(longs, longs, longs, ints),
    body_and_padding=bodies.flatmap(lambda body: st.tuples(st.just(body), paddings_for(body))),
)
def test_what_was_sealed_opens_and_is_as_specified(
    key: str, sender: Sender, numbers: tuple[int, int, int, int], body_and_padding: tuple[bytes, int]
) -> None:
    (salt, session_id, msg_id, seqno), (body, count) = numbers, body_and_padding
    padding = independent.stream("padding", count)
    auth_key = AuthKey(KEYS[key])
    payload, token = seal(
        auth_key,
        sender,
        salt=salt,
        session_id=session_id,
        msg_id=msg_id,
        seqno=seqno,
        body=body,
        random=random_from(padding),
        padding=count,
    )
    plaintext = independent.header(*numbers, len(body)) + body + padding
    assert (payload, token) == independent.packet_v2(auth_key.data, sender, plaintext)
    assert unseal(auth_key, sender, payload) == Unsealed(salt, session_id, msg_id, seqno, body, token)
    assert payload_key_id(payload) == auth_key.id
    assert token >> 31 == 1


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("size", [0, 4, 100, 16384, 16388])
def test_every_backend_makes_and_opens_the_same_packets(
    name: BackendName, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        implementation = LOADERS[name]()
    except ImportError:
        pytest.skip(f"{name} is not installed")
    monkeypatch.setattr(envelope, "ige", lambda: implementation)
    body, padding = independent.stream("body", size), bytes(12 + -(size + 12) % 16)
    packet = seal(KEY, Sender.SERVER, salt=1, session_id=2, msg_id=3, seqno=4, body=body, random=random_from(padding))
    expected = independent.packet_v2(KEY.data, 8, independent.header(1, 2, 3, 4, size) + body + padding)
    assert packet == expected
    assert unseal(KEY, Sender.SERVER, packet.payload).body == body


def test_by_default_the_padding_is_the_least_that_is_allowed() -> None:
    for size in range(0, 260, 4):
        drawn: list[int] = []

        def random(count: int, drawn: list[int] = drawn) -> bytes:
            drawn.append(count)
            return os.urandom(count)

        packet = seal(KEY, Sender.CLIENT, salt=0, session_id=0, msg_id=0, seqno=0, body=bytes(size), random=random)
        (padding,) = drawn
        assert 12 <= padding < 28
        assert len(packet.payload) == 24 + 32 + size + padding
        assert (32 + size + padding) % 16 == 0


def test_two_packets_of_one_message_differ() -> None:
    assert sealed(b"body").payload != sealed(b"body").payload


@pytest.mark.parametrize("size", [0, 100])
@pytest.mark.parametrize("sender", Sender)
def test_every_flipped_bit_is_refused_with_one_text(size: int, sender: Sender) -> None:
    payload = sealed(bytes(size), sender).payload
    number = int.from_bytes(payload, "little")
    for bit in range(8 * len(payload)):
        error = refusal((number ^ 1 << bit).to_bytes(len(payload), "little"), sender)
        assert (str(error), error.check, error.detail, error.events) == ("packet", "packet", "", ())
    unseal(KEY, sender, payload)


def test_every_other_length_is_refused_with_the_same_text() -> None:
    payload = sealed(bytes(100)).payload
    for size in range(len(payload)):
        assert str(refusal(payload[:size])) == "packet"
    for size in range(1, 40):
        assert str(refusal(payload + bytes(size))) == "packet"


def test_another_key_and_the_other_direction_are_refused_with_the_same_text() -> None:
    payload = sealed(bytes(100)).payload
    other = AuthKey(KEYS["all ones"])
    assert str(refusal(payload, key=other)) == "packet"
    assert str(refusal(other.id_bytes + payload[8:], key=other)) == "packet"
    assert str(refusal(payload, Sender.SERVER)) == "packet"
    assert str(refusal(sealed(b"", Sender.SERVER).payload, Sender.CLIENT)) == "packet"


@pytest.mark.parametrize("sender", Sender)
@pytest.mark.parametrize(
    ("length", "rest", "check"),
    [
        (-1, 48, "length"),
        (-4, 48, "length"),
        (-(2**31), 48, "length"),
        (2**31 - 4, 48, "length"),
        (1, 48, "length"),
        (2, 48, "length"),
        (3, 48, "length"),
        (52, 48, "length"),
        (48, 48, "padding"),
        (40, 48, "padding"),
        (36, 48, None),
        (0, 1024, None),
        (0, 1040, "padding"),
        (12, 1040, "padding"),
        (16, 1040, None),
        (0, 16, None),
        (8, 16, "padding"),
    ],
)
def test_length_and_padding_are_checked_after_the_msg_key(
    sender: Sender, length: int, rest: int, check: str | None
) -> None:
    plaintext = independent.header(1, 2, 3, 4, length) + independent.stream("rest", rest)
    payload, _ = independent.packet_v2(KEY.data, sender, plaintext)
    if check is None:
        assert unseal(KEY, sender, payload).body == plaintext[32 : 32 + length]
    else:
        assert refusal(payload, sender).check == check


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_right_msg_key_over_less_than_a_header_is_refused(blocks: int) -> None:
    payload, _ = independent.packet_v2(KEY.data, 0, bytes(16 * blocks))
    assert str(refusal(payload)) == "packet"


@pytest.mark.parametrize(
    ("size", "padding"),
    [(1, None), (2, None), (3, 13), (100, 11), (100, 0), (100, -4), (100, 13), (100, 16), (100, 1036), (0, 1040)],
)
def test_bodies_and_paddings_that_are_not_allowed_are_not_sealed(size: int, padding: int | None) -> None:
    with pytest.raises(LocalProtocolError):
        sealed(bytes(size), padding=padding)


@pytest.mark.parametrize("field", ["salt", "session_id", "msg_id", "seqno"])
def test_numbers_that_do_not_fit_are_not_sealed(field: str) -> None:
    numbers = {"salt": 0, "session_id": 0, "msg_id": 0, "seqno": 0, field: 1 << 63}
    with pytest.raises(LocalProtocolError):
        seal(KEY, Sender.CLIENT, **numbers, body=b"", random=os.urandom)


def test_a_repr_shows_neither_salt_nor_body() -> None:
    message = unseal(KEY, Sender.CLIENT, sealed(b"secret12").payload)
    assert repr(message) == "Unsealed(msg_id=3, seqno=4, 8 bytes)"


def test_a_payload_without_a_key_id_is_refused() -> None:
    for size in range(8):
        with pytest.raises(RemoteProtocolError, match=r"^packet$"):
            payload_key_id(bytes(size))
    assert payload_key_id(b"\xff" * 8) == -1

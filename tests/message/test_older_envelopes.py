"""Plain messages of the key exchange, and MTProto 1.0, which binds temporary keys."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import (
    PlainMessage,
    Sender,
    Unsealed,
    pack_plain,
    payload_key_id,
    seal_v1,
    unpack_plain,
    unseal_v1,
)
from tests.vectors import independent
from tests.vectors.generate import KEYS, random_from

KEY = AuthKey(KEYS["ordinary"])

longs = st.integers(-(2**63), 2**63 - 1)


@given(msg_id=longs, body=st.binary(max_size=300))
def test_plain_messages_survive(msg_id: int, body: bytes) -> None:
    payload = pack_plain(msg_id, body)
    assert payload == independent.plain_message(msg_id, body)
    assert unpack_plain(payload) == PlainMessage(msg_id, body)
    assert payload_key_id(payload) == 0


def test_a_plain_message_is_exactly_as_long_as_it_says() -> None:
    payload = pack_plain(4, bytes(40))
    for size in range(len(payload)):
        with pytest.raises(RemoteProtocolError):
            unpack_plain(payload[:size])
    with pytest.raises(RemoteProtocolError, match="length"):
        unpack_plain(payload + b"\0")
    for length in (-1, -40, 2**31 - 1):
        with pytest.raises(RemoteProtocolError, match="length"):
            unpack_plain(payload[:16] + length.to_bytes(4, "little", signed=True) + payload[20:])


def test_an_encrypted_packet_is_not_a_plain_message() -> None:
    with pytest.raises(RemoteProtocolError, match="packet"):
        unpack_plain(b"\1" + pack_plain(4, b"body")[1:])


def test_an_id_that_does_not_fit_is_not_packed() -> None:
    with pytest.raises(LocalProtocolError):
        pack_plain(1 << 63, b"")


@given(
    sender=st.sampled_from(Sender),
    numbers=st.tuples(longs, longs, longs, st.integers(-(2**31), 2**31 - 1)),
    body=st.integers(0, 300).map(lambda words: independent.stream("body", 4 * words)),
)
def test_packets_of_mtproto_1_survive(sender: Sender, numbers: tuple[int, int, int, int], body: bytes) -> None:
    salt, session_id, msg_id, seqno = numbers
    padding = independent.stream("padding", -(32 + len(body)) % 16)
    payload, token = seal_v1(
        KEY,
        sender,
        salt=salt,
        session_id=session_id,
        msg_id=msg_id,
        seqno=seqno,
        body=body,
        random=random_from(padding),
    )
    plaintext = independent.header(*numbers, len(body)) + body
    assert (payload, token) == independent.packet_v1(KEY.data, sender, plaintext, padding)
    assert unseal_v1(KEY, sender, payload) == Unsealed(*numbers, body, token)


def test_every_flipped_bit_of_mtproto_1_is_refused_but_another_padding_is_not() -> None:
    body, padding = bytes(40), b"\x5a" * 8
    fields = {"salt": 1, "session_id": 2, "msg_id": 3, "seqno": 4}
    payload = seal_v1(KEY, Sender.CLIENT, **fields, body=body, random=random_from(padding)).payload
    number = int.from_bytes(payload, "little")
    for bit in range(8 * len(payload)):
        changed = (number ^ 1 << bit).to_bytes(len(payload), "little")
        with pytest.raises(RemoteProtocolError, match=r"^packet$"):
            unseal_v1(KEY, Sender.CLIENT, changed)
    plaintext = independent.header(1, 2, 3, 4, 40) + body
    other, _ = independent.packet_v1(KEY.data, 0, plaintext, b"\xa5" * 8)
    assert unseal_v1(KEY, Sender.CLIENT, other).body == body


@pytest.mark.parametrize(
    ("length", "rest", "hashed", "check"),
    [
        (40, 48, 40, None),
        (48, 48, 48, None),
        (36, 48, 36, None),
        (32, 48, 32, "packet"),  # 16 bytes of padding
        (52, 48, 48, "packet"),
        (-4, 48, 48, "packet"),
        (-4, 0, 0, "packet"),
        (-4, 0, -4, "packet"),
        (41, 48, 41, "length"),
    ],
)
def test_lengths_of_mtproto_1(length: int, rest: int, hashed: int, check: str | None) -> None:
    plaintext = independent.header(1, 2, 3, 4, length) + independent.stream("rest", rest)
    payload, _ = independent.packet_v1(KEY.data, 0, plaintext[: 32 + hashed], plaintext[32 + hashed :])
    if check is None:
        assert unseal_v1(KEY, Sender.CLIENT, payload).body == plaintext[32 : 32 + length]
    else:
        with pytest.raises(RemoteProtocolError, match=f"^{check}$"):
            unseal_v1(KEY, Sender.CLIENT, payload)


def test_other_lengths_and_keys_are_refused_by_mtproto_1() -> None:
    fields = {"salt": 1, "session_id": 2, "msg_id": 3, "seqno": 4}
    payload = seal_v1(KEY, Sender.CLIENT, **fields, body=bytes(40), random=os.urandom).payload
    for size in range(len(payload)):
        with pytest.raises(RemoteProtocolError, match=r"^packet$"):
            unseal_v1(KEY, Sender.CLIENT, payload[:size])
    for key, sender in ((KEY, Sender.SERVER), (AuthKey(KEYS["all ones"]), Sender.CLIENT)):
        with pytest.raises(RemoteProtocolError, match=r"^packet$"):
            unseal_v1(key, sender, payload)


def test_what_mtproto_1_does_not_seal() -> None:
    fields = {"salt": 1, "session_id": 2, "msg_id": 3, "seqno": 4}
    with pytest.raises(LocalProtocolError):
        seal_v1(KEY, Sender.CLIENT, **fields, body=bytes(3), random=os.urandom)
    with pytest.raises(LocalProtocolError):
        seal_v1(KEY, Sender.CLIENT, **{**fields, "salt": 1 << 63}, body=b"", random=os.urandom)

"""The call that binds a temporary key, and what the server demands of it (core.telegram.org/api/pfs)."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.link.binding import BindRequest, bind_request, read_bind_request
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, seal_v1, unseal_v1
from mtproto.session import SendContext
from tests.link.support import seeded
from tl import api, service

if TYPE_CHECKING:
    from pathlib import Path

PERMANENT = AuthKey(seeded(1)(256))
OTHER = AuthKey(seeded(2)(256))
TEMPORARY_ID = -77
EXPIRES_AT = 1_750_086_400
CONTEXT = SendContext(msg_id=7_516_192_768_000_000_004, session_id=-5, server_time=1_750_000_000.0)
EXPECTED: dict[str, int] = {
    "temp_auth_key_id": TEMPORARY_ID,
    "temp_session_id": CONTEXT.session_id,
    "msg_id": CONTEXT.msg_id,
}


def made() -> BindRequest:
    request = read_bind_request(bind_request(PERMANENT, TEMPORARY_ID, EXPIRES_AT, seeded())(CONTEXT))
    assert request is not None
    return request


def test_the_public_vector_is_reproduced(shared: Path) -> None:
    vectors: list[dict[str, Any]] = json.loads((shared / "vectors" / "vectors.json").read_text())["vectors"]
    [vector] = [vector for vector in vectors if vector["kind"] == "bind-temp-auth-key"]
    tape = vector["nonce"].to_bytes(8, "little") + bytes.fromhex(vector["random_prefix"] + vector["padding"])
    key = AuthKey(bytes.fromhex(vector["perm_auth_key"]))
    body = bind_request(key, vector["temp_auth_key_id"], vector["expires_at"], io.BytesIO(tape).read)(
        SendContext(int(vector["msg_id"], 16), vector["temp_session_id"], 0.0)
    )
    request = read_bind_request(body)
    assert request is not None
    assert request.encrypted_message.hex() == vector["encrypted_message"]
    assert (request.perm_auth_key_id, request.nonce, request.expires_at) == (
        key.id,
        vector["nonce"],
        vector["expires_at"],
    )


def test_the_call_is_the_one_that_the_schema_of_the_api_declares() -> None:
    request = made()
    call = api.functions.auth.BindTempAuthKey(
        perm_auth_key_id=request.perm_auth_key_id,
        nonce=request.nonce,
        expires_at=request.expires_at,
        encrypted_message=request.encrypted_message,
    )
    assert call.to_bytes() == request.to_bytes()


def test_the_inner_message_is_that_of_the_documentation() -> None:
    request = made()
    message = unseal_v1(PERMANENT, Sender.CLIENT, request.encrypted_message)
    assert (message.msg_id, message.seqno, len(message.body)) == (CONTEXT.msg_id, 0, 40)
    inner = service.decode(message.body)
    assert inner.to_dict() == {
        "_": "bind_auth_key_inner",
        "nonce": request.nonce,
        "temp_auth_key_id": TEMPORARY_ID,
        "perm_auth_key_id": PERMANENT.id,
        "temp_session_id": CONTEXT.session_id,
        "expires_at": EXPIRES_AT,
    }


def test_each_sealing_has_the_id_of_its_own_message_inside() -> None:
    body = bind_request(PERMANENT, TEMPORARY_ID, EXPIRES_AT, seeded())
    for msg_id in (4, 8):
        request = read_bind_request(body(CONTEXT._replace(msg_id=msg_id)))
        assert request is not None
        request.verify(PERMANENT, **{**EXPECTED, "msg_id": msg_id})


def test_what_is_genuine_is_accepted() -> None:
    made().verify(PERMANENT, **EXPECTED)


@pytest.mark.parametrize("name", list(EXPECTED))
def test_a_binding_of_another_key_session_or_message_is_refused(name: str) -> None:
    with pytest.raises(RemoteProtocolError, match="binding"):
        made().verify(PERMANENT, **{**EXPECTED, name: EXPECTED[name] + 4})


@pytest.mark.parametrize("name", ["nonce", "expires_at", "perm_auth_key_id"])
def test_inside_and_outside_have_to_agree(name: str) -> None:
    request = made()
    fields = {field: getattr(request, field) for field in ("perm_auth_key_id", "nonce", "expires_at")}
    fields[name] += 1
    with pytest.raises(RemoteProtocolError, match="binding"):
        BindRequest(**fields, encrypted_message=request.encrypted_message).verify(PERMANENT, **EXPECTED)


def test_another_permanent_key_does_not_open_it() -> None:
    with pytest.raises(RemoteProtocolError, match="binding"):
        made().verify(OTHER, **EXPECTED)


def test_a_longer_body_is_refused_even_if_it_begins_well() -> None:
    request = made()
    inner = unseal_v1(PERMANENT, Sender.CLIENT, request.encrypted_message).body
    fields = {"salt": 1, "session_id": 2, "msg_id": CONTEXT.msg_id, "seqno": 0}
    sealed = seal_v1(PERMANENT, Sender.CLIENT, **fields, body=inner + bytes(4), random=seeded()).payload
    with pytest.raises(RemoteProtocolError, match="binding"):
        BindRequest(PERMANENT.id, request.nonce, EXPIRES_AT, sealed).verify(PERMANENT, **EXPECTED)


@given(bit=st.integers(0, 104 * 8 - 1))
def test_every_flipped_bit_is_refused(bit: int) -> None:
    request = made()
    sealed = bytearray(request.encrypted_message)
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RemoteProtocolError, match="binding"):
        BindRequest(request.perm_auth_key_id, request.nonce, request.expires_at, bytes(sealed)).verify(
            PERMANENT, **EXPECTED
        )


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_is_no_such_call(data: bytes) -> None:
    assert read_bind_request(data) is None
    with pytest.raises(RemoteProtocolError, match="binding"):
        BindRequest(PERMANENT.id, 1, EXPIRES_AT, data).verify(PERMANENT, **EXPECTED)


def test_only_the_whole_call_is_read_as_one() -> None:
    body = made().to_bytes()
    assert read_bind_request(body) == made()
    assert read_bind_request(body[:-4]) is None
    assert read_bind_request(body + bytes(4)) is None
    assert read_bind_request(b"\x06" + body[1:]) is None
    assert read_bind_request(body[:24] + b"\x67" + body[25:]) is None


def test_a_sealed_object_of_another_length_is_not_written() -> None:
    with pytest.raises(LocalProtocolError, match="104"):
        BindRequest(1, 2, 3, bytes(88)).to_bytes()


def test_what_is_sealed_is_not_shown() -> None:
    assert "encrypted_message" not in repr(made())

"""Binding a temporary key to a permanent one (core.telegram.org/api/pfs): the one call of the API that links know.

    auth.bindTempAuthKey#cdd42a05 perm_auth_key_id:long nonce:long expires_at:int encrypted_message:bytes = Bool;
    bind_auth_key_inner#75a3f765 nonce:long temp_auth_key_id:long perm_auth_key_id:long temp_session_id:long
        expires_at:int = BindAuthKeyInner;

The inner object is sealed under the permanent key with MTProto 1.0, as a message that has the msg_id of the call which
carries it; the call itself travels under the temporary key like any other. The first declaration belongs to the schema
of the API, which this floor does not have, so it is written and read by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from struct import error as struct_error
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.message import Sender, random_long, seal_v1, unseal_v1
from tl import TLError, service

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.message import AuthKey
    from mtproto.session import SendContext

__all__ = ["BindRequest", "bind_request", "read_bind_request"]

SEALED_LENGTH = 104
"""Bytes of `encrypted_message`: key id 8, msg_key 16, and 72 bytes with 8 of padding."""

_CALL = Struct(f"<Iqqi B{SEALED_LENGTH}s3x")  # a string below 254 bytes: its length, itself, zeros up to a whole word
_CALL_ID = 0xCDD42A05


@dataclass(frozen=True, slots=True)
class BindRequest:
    """The arguments of `auth.bindTempAuthKey`.

    Attributes:
        perm_auth_key_id: the id of the permanent key, signed 64 bits.
        nonce: signed 64 bits, the same as inside.
        expires_at: when the temporary key ends, Unix seconds by the server's clock, the same as inside.
        encrypted_message: the sealed inner object.

    """

    perm_auth_key_id: int
    nonce: int
    expires_at: int
    encrypted_message: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the serialized call.

        Raises:
            LocalProtocolError: the sealed object has not the one length that it can have.

        """
        sealed = self.encrypted_message
        if len(sealed) != SEALED_LENGTH:
            raise LocalProtocolError(f"a sealed binding has {SEALED_LENGTH} bytes, not {len(sealed)}")
        return _CALL.pack(_CALL_ID, self.perm_auth_key_id, self.nonce, self.expires_at, len(sealed), sealed)

    def verify(self, permanent: AuthKey, *, temp_auth_key_id: int, temp_session_id: int, msg_id: int) -> None:
        """Check, for the server, that whoever sent it holds the permanent key and means this temporary one.

        Args:
            permanent: the key that `perm_auth_key_id` names.
            temp_auth_key_id: the key that the call came under.
            temp_session_id: the session that it came in.
            msg_id: its own id.

        Raises:
            RemoteProtocolError: the check `binding`; every failure looks the same (`ENCRYPTED_MESSAGE_INVALID`).

        """
        try:
            message = unseal_v1(permanent, Sender.CLIENT, self.encrypted_message)
            inner = service.decode(message.body)
        except (RemoteProtocolError, TLError):
            raise RemoteProtocolError("binding") from None
        expected = service.types.BindAuthKeyInner(
            nonce=self.nonce,
            temp_auth_key_id=temp_auth_key_id,
            perm_auth_key_id=self.perm_auth_key_id,
            temp_session_id=temp_session_id,
            expires_at=self.expires_at,
        )
        if message.msg_id != msg_id or inner != expected:  # which was read to its end, so it has 40 bytes
            raise RemoteProtocolError("binding")


def bind_request(
    permanent: AuthKey, temp_auth_key_id: int, expires_at: int, random: Callable[[int], bytes]
) -> Callable[[SendContext], bytes]:
    """Return the body of a call that binds a temporary key: to be made anew each time it is sealed under another id.

    Args:
        permanent: the key to bind to.
        temp_auth_key_id: the key to bind, under which the call will travel.
        expires_at: when that one ends, Unix seconds by the server's clock.
        random: source of random bytes.

    """

    def body(context: SendContext) -> bytes:
        def number() -> int:
            return random_long(random)

        nonce = number()
        inner = service.types.BindAuthKeyInner(
            nonce=nonce,
            temp_auth_key_id=temp_auth_key_id,
            perm_auth_key_id=permanent.id,
            temp_session_id=context.session_id,
            expires_at=expires_at,
        )
        sealed = seal_v1(
            permanent,
            Sender.CLIENT,
            salt=number(),
            session_id=number(),
            msg_id=context.msg_id,
            seqno=0,
            body=inner.to_bytes(),
            random=random,
        )
        return BindRequest(permanent.id, nonce, expires_at, sealed.payload).to_bytes()

    return body


def read_bind_request(body: bytes) -> BindRequest | None:
    """Return the call in a body if it is this one and whole, else None."""
    try:
        constructor, key_id, nonce, expires_at, length, sealed = _CALL.unpack(body)
    except struct_error:
        return None
    if constructor != _CALL_ID or length != SEALED_LENGTH:
        return None
    return BindRequest(key_id, nonce, expires_at, sealed)

"""What the libraries are given: the answer of 100 photos, the user asked for, an auth key, a sealed packet."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

__all__ = ["USER", "language", "sealed"]

USER = {"user_id": 5_000_000_001, "access_hash": -0x123456789ABCDEF}
"""The argument of the request: ids that need all of their 64 bits."""

_AUTH_KEY = b"".join(hashlib.sha256(b"benchmark auth key %d" % part).digest() for part in range(8))
_SESSION_ID = 0x0123456789ABCDEF
_REQUEST_ID = 0x6000_0000_0000_0000
_RPC_RESULT = 0xF35C6D01


def language() -> dict[str, Any]:
    """For the measurements of TL: `slice` (hexadecimal) and `user`."""
    return {"slice": _slice().hex(), "user": USER}


def sealed() -> dict[str, Any]:
    """For the receiving path: a packet as a server seals it now, and what opens it."""
    from mtproto.message.auth_key import AuthKey
    from mtproto.message.envelope import Sender, seal
    from mtproto.message.message_ids import server_msg_id

    packet = seal(
        AuthKey(_AUTH_KEY),
        Sender.SERVER,
        salt=1,
        session_id=_SESSION_ID,
        msg_id=server_msg_id(time.time(), 0, reply=True),
        seqno=1,
        body=_RPC_RESULT.to_bytes(4, "little") + _REQUEST_ID.to_bytes(8, "little") + _slice(),
        random=os.urandom,
    )
    return {"auth_key": _AUTH_KEY.hex(), "session_id": _SESSION_ID, "packet": packet.payload.hex()}


def _slice() -> bytes:
    """The encoded photos.photosSlice."""
    from benchmarks.fixtures import photos_slice

    return photos_slice().to_bytes()

"""What the key exchange and the session share: envelopes, message ids, the authorization key and its state.

`envelope` (plain, MTProto 2.0 and 1.0, to bytes and back), `message_ids`, `auth_key` (`AuthKey`), `key_state`
(`KeyState`, `Salt`, `ExchangeResult`).
"""

from __future__ import annotations

from mtproto.message.auth_key import AUTH_KEY_LENGTH, AuthKey
from mtproto.message.envelope import (
    OUTER,
    SMALLEST_V1,
    PlainMessage,
    Sealed,
    Sender,
    Unsealed,
    pack_plain,
    payload_key_id,
    seal,
    seal_v1,
    unpack_plain,
    unseal,
    unseal_v1,
)
from mtproto.message.key_state import (
    KEY_STATE_MAGIC,
    MAX_SALTS,
    SALT_OVERLAP,
    ExchangeResult,
    KeyState,
    KeyStateDamaged,
    Salt,
)
from mtproto.message.message_ids import (
    LATEST_TIME,
    MAX_TIME,
    check_server_clock,
    client_msg_id,
    is_possible_time,
    least_msg_id,
    msg_id_time,
    possible_time,
    server_msg_id,
)
from mtproto.message.random_long import random_long

__all__ = [
    "AUTH_KEY_LENGTH",
    "KEY_STATE_MAGIC",
    "LATEST_TIME",
    "MAX_SALTS",
    "MAX_TIME",
    "OUTER",
    "SALT_OVERLAP",
    "SMALLEST_V1",
    "AuthKey",
    "ExchangeResult",
    "KeyState",
    "KeyStateDamaged",
    "PlainMessage",
    "Salt",
    "Sealed",
    "Sender",
    "Unsealed",
    "check_server_clock",
    "client_msg_id",
    "is_possible_time",
    "least_msg_id",
    "msg_id_time",
    "pack_plain",
    "payload_key_id",
    "possible_time",
    "random_long",
    "seal",
    "seal_v1",
    "server_msg_id",
    "unpack_plain",
    "unseal",
    "unseal_v1",
]

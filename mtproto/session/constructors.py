"""The constructor ids of the service messages, unsigned 32 bits, as the schema gives them.

core.telegram.org/mtproto/service_messages and core.telegram.org/mtproto/service_messages_about_messages. The ids stand
here as numbers so that choosing a handler costs one look-up and importing this room compiles no class; a test compares
the numbers with the packaged service schema.

A new service message needs a line in the first part. A message that has a line and no handler is reported, and never
taken for a call or an update.
"""

from __future__ import annotations

RPC_RESULT = 0xF35C6D01
RPC_ERROR = 0x2144CA19
RPC_DROP_ANSWER = 0x58E4A740
RPC_ANSWER_UNKNOWN = 0x5E2AD36E
RPC_ANSWER_DROPPED_RUNNING = 0xCD78E586
RPC_ANSWER_DROPPED = 0xA43AD8B7
GET_FUTURE_SALTS = 0xB921BD04
FUTURE_SALTS = 0xAE500895
PING = 0x7ABE77EC
PING_DELAY_DISCONNECT = 0xF3427B8C
PONG = 0x347773C5
DESTROY_SESSION = 0xE7512126
DESTROY_SESSION_OK = 0xE22045FC
DESTROY_SESSION_NONE = 0x62D350C9
NEW_SESSION_CREATED = 0x9EC20908
MSG_CONTAINER = 0x73F1F8DC
MESSAGE = 0x5BB8E511
MSG_COPY = 0xE06046B2
GZIP_PACKED = 0x3072CFA1
HTTP_WAIT = 0x9299359F
MSGS_ACK = 0x62D6B459
BAD_MSG_NOTIFICATION = 0xA7EFF811
BAD_SERVER_SALT = 0xEDAB447B
MSGS_STATE_REQ = 0xDA69FB52
MSGS_STATE_INFO = 0x04DEB57D
MSGS_ALL_INFO = 0x8CC0D131
MSG_DETAILED_INFO = 0x276D3EC6
MSG_NEW_DETAILED_INFO = 0x809DB6DF
MSG_RESEND_REQ = 0x7D861A08
MSG_RESEND_ANS_REQ = 0x8610BAEB
DESTROY_AUTH_KEY = 0xD1435160
DESTROY_AUTH_KEY_OK = 0xF660E1D4
DESTROY_AUTH_KEY_NONE = 0x0A9F2259
DESTROY_AUTH_KEY_FAIL = 0xEA109B13

SERVICE_MESSAGES = frozenset(value for name, value in tuple(globals().items()) if name.isupper())
"""All of the above: each constant in capital letters that this module has defined up to here."""

CARRIERS = frozenset({RPC_RESULT, MSG_CONTAINER, MESSAGE, MSG_COPY, GZIP_PACKED})
"""Service messages that carry other messages or objects, and so may be long."""

SHORT = SERVICE_MESSAGES - CARRIERS
"""Service messages that carry no other message: honest ones are short."""

INVOKE_AFTER_MSG = 0xCB9F372D
"""Together with the next one, all that this room knows of the API: both name msg_ids, which no room above gives out."""

INVOKE_AFTER_MSGS = 0x3DC4B4F0

VECTOR = 0x1CB5C415


def is_call(constructor: int) -> bool:
    """Whether a message that begins with this id is a call of the API, and so has to be content-related."""
    return constructor not in SERVICE_MESSAGES

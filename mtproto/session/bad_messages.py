"""The codes of `bad_msg_notification` and `bad_server_salt`, and what a client does about each.

core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message. The server did not execute a
message that it refused, whatever the code, with one exception: code 20 says that the server can't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from mtproto.errors import LocalProtocolError

__all__ = ["BAD_MESSAGES", "BadMessageCode", "MessageRefused", "describe"]


class BadMessageCode(NamedTuple):
    """One code.

    Attributes:
        description: what is wrong with the message, in the specification's words.
        retryable: the same call may be sent again, since it was certainly not executed and may pass next time.
        fatal: sending the message again can't help, since the sender has a bug.
        new_session: the ids or numbers given out so far are of no more use, so that a new session has to begin.

    """

    description: str
    retryable: bool
    fatal: bool
    new_session: bool = False


BAD_MESSAGES: Mapping[int, BadMessageCode] = MappingProxyType(
    {
        16: BadMessageCode("msg_id too low: the sender's clock is behind", retryable=True, fatal=False),
        17: BadMessageCode("msg_id too high: the sender's clock is ahead", True, False, new_session=True),
        18: BadMessageCode("msg_id is not a multiple of 4", False, True, new_session=True),
        19: BadMessageCode("the container's msg_id is that of an earlier message", True, False, new_session=True),
        20: BadMessageCode("msg_id too old: it can't be known whether it was received", retryable=False, fatal=False),
        32: BadMessageCode("seqno too low: a lower msg_id has a higher one", True, False, new_session=True),
        33: BadMessageCode("seqno too high: a higher msg_id has a lower one", True, False, new_session=True),
        34: BadMessageCode("an even seqno is expected: the message is not content-related", False, True),
        35: BadMessageCode("an odd seqno is expected: the message is content-related", False, True),
        48: BadMessageCode("the server salt is wrong", retryable=True, fatal=False),
        64: BadMessageCode("the container is invalid", retryable=True, fatal=False),
    }
)
"""The documented codes. 64 is retryable because the messages of the container are sent again one by one."""

UNKNOWN_CODE = BadMessageCode("a code that the specification does not name", retryable=False, fatal=True)


class MessageRefused(LocalProtocolError):
    """The server refused the message of a call and did not execute the call. Sending it again can't help, or did not.

    Attributes:
        code: the code of the notification.

    """

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(f"refused with code {code}, {describe(code).description}{detail and ': '}{detail}")
        self.code = code


def describe(code: int) -> BadMessageCode:
    """Return the entry of `BAD_MESSAGES` for `code`; for any other code an entry that says so."""
    return BAD_MESSAGES.get(code, UNKNOWN_CODE)

"""The fields of the service messages that come in, typed, each under its declaration in the service schema.

`service.decode` makes the objects; these protocols say what a handler may read of them. Both halves use them.
core.telegram.org/mtproto/service_messages and core.telegram.org/mtproto/service_messages_about_messages, in the order
of these pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = [
    "AllInfoFields",
    "AnnouncementFields",
    "DestroySessionFields",
    "DropAnswerFields",
    "GetSaltsFields",
    "HttpWaitFields",
    "PingDelayFields",
    "PingFields",
    "PongFields",
    "StateInfoFields",
]


class DropAnswerFields(Protocol):
    """rpc_drop_answer#58e4a740 req_msg_id:long = RpcDropAnswer;"""

    req_msg_id: int


class GetSaltsFields(Protocol):
    """get_future_salts#b921bd04 num:int = FutureSalts;"""

    num: int


class PingFields(Protocol):
    """ping#7abe77ec ping_id:long = Pong;"""

    ping_id: int


class PingDelayFields(Protocol):
    """ping_delay_disconnect#f3427b8c ping_id:long disconnect_delay:int = Pong;"""

    ping_id: int
    disconnect_delay: int


class PongFields(Protocol):
    """pong#347773c5 msg_id:long ping_id:long = Pong;"""

    msg_id: int
    ping_id: int


class DestroySessionFields(Protocol):
    """destroy_session#e7512126 session_id:long = DestroySessionRes;"""

    session_id: int


class HttpWaitFields(Protocol):
    """http_wait#9299359f max_delay:int wait_after:int max_wait:int = HttpWait;"""

    max_delay: int
    wait_after: int
    max_wait: int


class StateInfoFields(Protocol):
    """msgs_state_info#04deb57d req_msg_id:long info:bytes = MsgsStateInfo;"""

    req_msg_id: int
    info: bytes


class AllInfoFields(Protocol):
    """msgs_all_info#8cc0d131 msg_ids:Vector long info:bytes = MsgsAllInfo;"""

    msg_ids: Sequence[int]
    info: bytes


class AnnouncementFields(Protocol):
    """Both of msg_detailed_info and msg_new_detailed_info.

    msg_detailed_info#276d3ec6 msg_id:long answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
    msg_new_detailed_info#809db6df answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
    """

    answer_msg_id: int

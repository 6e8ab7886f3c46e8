"""The fields of the service messages that a session handles, for type checkers.

The classes of service messages are made from the packaged schema when they are first needed, so that no type checker
knows their fields. A handler says with one of these protocols which message it takes. A test holds each protocol
against its declaration. This module is imported for type checking only.

Pages: core.telegram.org/mtproto/service_messages, core.telegram.org/mtproto/service_messages_about_messages.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeAlias

__all__ = [
    "BadMsgNotificationFields",
    "BadServerSaltFields",
    "DestroyAuthKeyFailFields",
    "DestroyAuthKeyNoneFields",
    "DestroyAuthKeyOkFields",
    "DestroyAuthKeyResFields",
    "DestroySessionFields",
    "DestroySessionNoneFields",
    "DestroySessionOkFields",
    "DestroySessionResFields",
    "FutureSaltFields",
    "FutureSaltsFields",
    "GetFutureSaltsFields",
    "HttpWaitFields",
    "MsgDetailedInfoFields",
    "MsgNewDetailedInfoFields",
    "MsgsAllInfoFields",
    "MsgsStateInfoFields",
    "NewSessionCreatedFields",
    "PingDelayDisconnectFields",
    "PingFields",
    "PongFields",
    "RpcAnswerDroppedFields",
    "RpcAnswerDroppedRunningFields",
    "RpcAnswerUnknownFields",
    "RpcDropAnswerFields",
    "RpcDropAnswerResFields",
    "RpcErrorFields",
]


class RpcErrorFields(Protocol):
    """rpc_error#2144ca19 error_code:int error_message:string = RpcError;"""

    NAME: ClassVar[str]
    error_code: int
    error_message: str


class RpcDropAnswerFields(Protocol):
    """rpc_drop_answer#58e4a740 req_msg_id:long = RpcDropAnswer;"""

    NAME: ClassVar[str]
    req_msg_id: int


class RpcAnswerUnknownFields(Protocol):
    """rpc_answer_unknown#5e2ad36e = RpcDropAnswer;"""

    NAME: ClassVar[str]


class RpcAnswerDroppedRunningFields(Protocol):
    """rpc_answer_dropped_running#cd78e586 = RpcDropAnswer;"""

    NAME: ClassVar[str]


class RpcAnswerDroppedFields(Protocol):
    """rpc_answer_dropped#a43ad8b7 msg_id:long seq_no:int bytes:int = RpcDropAnswer;"""

    NAME: ClassVar[str]
    msg_id: int
    seq_no: int
    bytes: int


class GetFutureSaltsFields(Protocol):
    """get_future_salts#b921bd04 num:int = FutureSalts;"""

    NAME: ClassVar[str]
    num: int


class FutureSaltFields(Protocol):
    """future_salt#0949d9dc valid_since:int valid_until:int salt:long = FutureSalt;"""

    NAME: ClassVar[str]
    valid_since: int
    valid_until: int
    salt: int


class FutureSaltsFields(Protocol):
    """future_salts#ae500895 req_msg_id:long now:int salts:vector<future_salt> = FutureSalts;"""

    NAME: ClassVar[str]
    req_msg_id: int
    now: int
    salts: list[FutureSaltFields]


class PingFields(Protocol):
    """ping#7abe77ec ping_id:long = Pong;"""

    NAME: ClassVar[str]
    ping_id: int


class PingDelayDisconnectFields(Protocol):
    """ping_delay_disconnect#f3427b8c ping_id:long disconnect_delay:int = Pong;"""

    NAME: ClassVar[str]
    ping_id: int
    disconnect_delay: int


class PongFields(Protocol):
    """pong#347773c5 msg_id:long ping_id:long = Pong;"""

    NAME: ClassVar[str]
    msg_id: int
    ping_id: int


class DestroySessionFields(Protocol):
    """destroy_session#e7512126 session_id:long = DestroySessionRes;"""

    NAME: ClassVar[str]
    session_id: int


class DestroySessionOkFields(Protocol):
    """destroy_session_ok#e22045fc session_id:long = DestroySessionRes;"""

    NAME: ClassVar[str]
    session_id: int


class DestroySessionNoneFields(Protocol):
    """destroy_session_none#62d350c9 session_id:long = DestroySessionRes;"""

    NAME: ClassVar[str]
    session_id: int


class NewSessionCreatedFields(Protocol):
    """new_session_created#9ec20908 first_msg_id:long unique_id:long server_salt:long = NewSession;"""

    NAME: ClassVar[str]
    first_msg_id: int
    unique_id: int
    server_salt: int


class HttpWaitFields(Protocol):
    """http_wait#9299359f max_delay:int wait_after:int max_wait:int = HttpWait;"""

    NAME: ClassVar[str]
    max_delay: int
    wait_after: int
    max_wait: int


class BadMsgNotificationFields(Protocol):
    """bad_msg_notification#a7eff811 bad_msg_id:long bad_msg_seqno:int error_code:int = BadMsgNotification;"""

    NAME: ClassVar[str]
    bad_msg_id: int
    bad_msg_seqno: int
    error_code: int


class BadServerSaltFields(Protocol):
    """bad_server_salt#edab447b bad_msg_id:long bad_msg_seqno:int error_code:int new_server_salt:long
    = BadMsgNotification;
    """

    NAME: ClassVar[str]
    bad_msg_id: int
    bad_msg_seqno: int
    error_code: int
    new_server_salt: int


class MsgsStateInfoFields(Protocol):
    """msgs_state_info#04deb57d req_msg_id:long info:bytes = MsgsStateInfo;"""

    NAME: ClassVar[str]
    req_msg_id: int
    info: bytes


class MsgsAllInfoFields(Protocol):
    """msgs_all_info#8cc0d131 msg_ids:Vector<long> info:bytes = MsgsAllInfo;"""

    NAME: ClassVar[str]
    msg_ids: list[int]
    info: bytes


class MsgDetailedInfoFields(Protocol):
    """msg_detailed_info#276d3ec6 msg_id:long answer_msg_id:long bytes:int status:int = MsgDetailedInfo;"""

    NAME: ClassVar[str]
    msg_id: int
    answer_msg_id: int
    bytes: int
    status: int


class MsgNewDetailedInfoFields(Protocol):
    """msg_new_detailed_info#809db6df answer_msg_id:long bytes:int status:int = MsgDetailedInfo;"""

    NAME: ClassVar[str]
    answer_msg_id: int
    bytes: int
    status: int


class DestroyAuthKeyOkFields(Protocol):
    """destroy_auth_key_ok#f660e1d4 = DestroyAuthKeyRes;"""

    NAME: ClassVar[str]


class DestroyAuthKeyNoneFields(Protocol):
    """destroy_auth_key_none#0a9f2259 = DestroyAuthKeyRes;"""

    NAME: ClassVar[str]


class DestroyAuthKeyFailFields(Protocol):
    """destroy_auth_key_fail#ea109b13 = DestroyAuthKeyRes;"""

    NAME: ClassVar[str]


RpcDropAnswerResFields: TypeAlias = RpcAnswerUnknownFields | RpcAnswerDroppedRunningFields | RpcAnswerDroppedFields
"""The answers to `rpc_drop_answer`."""

DestroySessionResFields: TypeAlias = DestroySessionOkFields | DestroySessionNoneFields
"""The answers to `destroy_session`."""

DestroyAuthKeyResFields: TypeAlias = DestroyAuthKeyOkFields | DestroyAuthKeyNoneFields | DestroyAuthKeyFailFields
"""The answers to `destroy_auth_key`."""

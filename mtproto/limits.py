"""How much this library sends and accepts: one frozen dataclass, handed down as an argument.

Each default says where it comes from. "Documented" means core.telegram.org/mtproto/service_messages; the others are
the practice of clients that have run against Telegram for years, or a bound of our own where nobody states one.
"""

from __future__ import annotations

from dataclasses import dataclass

from mtproto._options import named_fields

__all__ = ["DEFAULT_LIMITS", "SERVER_LIMITS", "Limits"]


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one peer. All sizes are in bytes, all others are counts."""

    container_messages_sent: int = 1020
    """Messages we put into one container: the documented 1024, less room for the acks that are added last."""

    container_messages_accepted: int = 1024
    """Documented; a server answers more with transport error -429."""

    frame_sent_soft: int = 32 * 1024
    """Queries are not added to a container beyond this size: what other clients do, so that answers start early."""

    frame_sent: int = 1_044_448
    """The largest body that clients in the field send; a single query may use all of it."""

    frame_accepted: int = 16 * 1024 * 1024
    """An answer to `upload.getFile` exceeds 1 MiB; three bytes of length (full words) end at 64 MiB."""

    inflated: int = 16 * 1024 * 1024
    """The gzip_packed objects of one packet may not grow beyond this together: no honest answers do."""

    gzip_nesting: int = 1
    """gzip_packed inside gzip_packed serves only bombs; counted over all that stands inside one another in a packet."""

    result_nesting: int = 1
    """rpc_result inside rpc_result: no honest server sends it, and each level costs a call."""

    message_ids_accepted: int = 8192
    """Ids in msgs_ack, msgs_state_req and msg_resend_req: documented."""

    ids_accepted: int = 16_384
    """Ids that all service messages of one packet name together: twice what one of them may."""

    acks_sent: int = 8192
    """Ids in one msgs_ack of ours: documented."""

    acks_pending: int = 16
    """More acks than this waiting are sent alone: documented."""

    elements: int = 65_536
    """TL objects and elements of vectors that are made of one answer or update, or of all calls of one packet: see
    `tl.Elements`. The largest honest answers, lists of ten thousand contacts, stay below."""

    unanswered_requests: int = 4096
    """Calls that may wait at once; a bound of our own, so that memory has one."""

    remembered_message_ids: int = 1000
    """Received ids kept against replay: TDLib's number."""

    queued_updates: int = 16_384
    """Updates that wait for a slow reader; beyond it the oldest go, and an event says how many.

    One read of a socket brings up to 14,131 of them (256 KiB, behind a container that was there but for its end), so
    that a reader who is there loses none.
    """

    queued_update_bytes: int = 16 * 1024 * 1024
    """What the updates that wait at a client may hold together, unpacked; beyond it the oldest go likewise.

    The newest one stays whatever its size, which `frame_accepted` and `inflated` bound.
    """

    foreign_sessions: int = 16
    """Messages of another session in a row before the connection is closed."""


DEFAULT_LIMITS = Limits()

SERVER_LIMITS = Limits(frame_accepted=2 * 1024 * 1024, inflated=2 * 1024 * 1024, elements=16_384, queued_updates=1000)
"""What our servers accept: twice what clients send at most, so that a stranger's packet costs little to refuse.

Updates wait in each of a key's sessions, and `LocalDC.push` waits where one has no room.
"""

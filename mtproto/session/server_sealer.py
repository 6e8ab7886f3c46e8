"""How a server gives ids and numbers to its messages and seals packets.

core.telegram.org/mtproto/description#message-identifier-msg-id, #message-sequence-number-msg-seqno, and containers in
core.telegram.org/mtproto/service_messages#containers. A message keeps its id when it is sent again; then it travels in
a container that has a fresh id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtproto.message import AuthKey, Sender, seal, server_msg_id
from mtproto.session import wire
from mtproto.session.salts import ServerSalts
from mtproto.session.server_records import Outgoing
from mtproto.session.wire import Message
from tl import service

__all__ = ["ServerSealer"]


class ServerSealer:
    """Seals the packets of one session, and knows the last msg_id and the last seqno. Owned by the session.

    Attributes:
        last_msg_id: the highest id that was given out, 0 before the first.

    """

    __slots__ = ("_content_count", "_key", "_random", "_salts", "_session_id", "last_msg_id")

    def __init__(
        self, key: AuthKey, session_id: int, salts: ServerSalts, random: Callable[[int], bytes], last_msg_id: int
    ) -> None:
        """Begin with the seqno 0 and ids above `last_msg_id`."""
        self._key = key
        self._session_id = session_id
        self._salts = salts
        self._random = random
        self._content_count = 0
        self.last_msg_id = last_msg_id

    def seal(self, messages: Sequence[Outgoing], now: float) -> tuple[bytes, list[Outgoing]]:
        """Give ids and numbers to messages that have none yet, and seal all of them in one packet.

        Args:
            messages: one or more; of an announced message the announcement travels.
            now: the server's time.

        Returns:
            the payload, and the messages that got their ids now.

        """
        fresh: list[Outgoing] = []
        numbered: list[Message] = []
        for message in messages:
            if not message.msg_id:
                count = self._content_count
                message.number(self._next_msg_id(now, reply=message.reply), 2 * count + message.content, now)
                self._content_count = count + message.content
                fresh.append(message)
            if message.announced:
                numbered.append(self._announce(message, now))
            else:
                numbered.append(Message(message.msg_id, message.seqno, message.body))
        if len(numbered) == 1 and fresh:
            msg_id, seqno, body = numbered[0]
        else:
            msg_id = self._next_msg_id(now, reply=any(message.reply for message in messages))
            seqno, body = 2 * self._content_count, wire.write_container(numbered)
        return self.craft(body, now, msg_id=msg_id, seqno=seqno), fresh

    def craft(
        self,
        body: bytes,
        now: float,
        *,
        msg_id: int | None = None,
        seqno: int | None = None,
        session_id: int | None = None,
        reply: bool = True,
    ) -> bytes:
        """Seal any message; see `ServerSession.craft`."""
        return seal(
            self._key,
            Sender.SERVER,
            salt=self._salts.current(now),
            session_id=self._session_id if session_id is None else session_id,
            msg_id=self._next_msg_id(now, reply=reply) if msg_id is None else msg_id,
            seqno=2 * self._content_count if seqno is None else seqno,
            body=body,
            random=self._random,
        ).payload

    def _announce(self, message: Outgoing, now: float) -> Message:
        """Return the announcement of a message, which has an id of its own."""
        return Message(self._next_msg_id(now, reply=False), 2 * self._content_count, _announcement(message))

    def _next_msg_id(self, now: float, *, reply: bool) -> int:
        self.last_msg_id = server_msg_id(now, self.last_msg_id, reply=reply)
        return self.last_msg_id


def _announcement(message: Outgoing) -> bytes:
    """Return the service message that announces a message.

    msg_detailed_info#276d3ec6 msg_id:long answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
    msg_new_detailed_info#809db6df answer_msg_id:long bytes:int status:int = MsgDetailedInfo;
    """
    size = len(message.body)
    info: service.boxed.MsgDetailedInfo
    if message.query:
        info = service.types.MsgDetailedInfo(msg_id=message.query, answer_msg_id=message.msg_id, bytes=size, status=0)
    else:
        info = service.types.MsgNewDetailedInfo(answer_msg_id=message.msg_id, bytes=size, status=0)
    return info.to_bytes()

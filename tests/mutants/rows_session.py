"""Mutants of envelopes and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["ROWS"]

_ENVELOPE = (
    "tests/message/test_msg_key.py tests/message tests/session/test_security_checklist.py tests/link/test_binding.py"
)
_SESSION = "tests/session/test_security_checklist.py tests/session/test_matched_answers.py tests/session"
_READER = "tests/session/test_packet_reader.py tests/session/test_nesting.py tests/session/test_bounded_work.py"
_BAD_CODE = 'parts.events.tell(Anomaly(msg_id, f"bad_msg_notification {code} for {notice.bad_msg_id}, not open"))'

ROWS: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("mtproto/message/envelope.py", _ENVELOPE): (
        ("if not compare_digest(expected, msg_key):", "if not compare_digest(expected[:8], msg_key[:8]):"),
        ("if not compare_digest(expected, msg_key):", "if expected != msg_key:"),
        ("if not compare_digest(expected, msg_key):", "if False:"),
        ("if len(payload) < SMALLEST or (len(payload) - OUTER)", "if (len(payload) - OUTER)"),
        ("if len(payload) < SMALLEST or (len(payload) - OUTER) & 15 or", "if len(payload) < SMALLEST or"),
        ("SMALLEST or (len(payload) - OUTER) & 15 or payload[:8] != key.id_bytes:", "SMALLEST:"),
        ("if not 0 <= length <= rest or length & 3:", "if not 0 <= length <= rest:"),
        ("if not 0 <= length <= rest or length & 3:", "if length > rest or length & 3:"),
        ("if not 0 <= length <= rest or length & 3:", "if length < 0 or length & 3:"),
        ("if not MIN_PADDING <= rest - length <= MAX_PADDING:", "if rest - length > MAX_PADDING:"),
        ("if not MIN_PADDING <= rest - length <= MAX_PADDING:", "if rest - length < MIN_PADDING:"),
        ("    if key_id:\n", "    if False:\n"),
        ("if length != len(payload) - _PLAIN.size:", "if length > len(payload) - _PLAIN.size:"),
        ("if not compare_digest(digest[4:], msg_key) or", "if not compare_digest(digest[4:12], msg_key[:8]) or"),
        ("if not compare_digest(digest[4:], msg_key) or", "if digest[4:] != msg_key or"),
        ("if not compare_digest(digest[4:], msg_key) or not legal:", "if not legal:"),
        ("legal = length >= 0 and 0 <= padding < BLOCK", "legal = length >= 0 and 0 <= padding"),
    ),
    ("mtproto/session/client.py", _SESSION): (
        ("if packet.session_id != parts.sealer.session_id:", "if False:"),
        ("if not msg_id & 1:", "if False:"),
        ("if seen is not Seen.NEW:", "if False:"),
        ("if not parts.time.accepts(msg_id, now):", "if False:"),
        ("inbox.remember(msg_id)", "pass"),
        ("if self._foreign_in_a_row >= self._limits.foreign_sessions:", "if False:"),
    ),
    ("mtproto/session/server_time.py", _SESSION): (
        ("if not is_possible_time(sent_at):", "if False:"),
        ("if self._stale_in_a_row >= STALE_IN_A_ROW:", "if False:"),
        ("if not state.time_known or sent_at - now > state.time_offset:", "if True:"),
    ),
    ("mtproto/session/client_handlers.py", _SESSION): (
        ("if not inner_id & 1:", "if False:"),
        ("if seen is Seen.BEFORE:", "if False:"),
        ("inbox.remember(inner_id)", "pass"),
        ("if seen is Seen.TOO_OLD and not answers_open_call(parts, inner.body):", "if False:"),
        ("if question is None or question.kind is not MessageKind.SALTS:", "if question is None:"),
        (
            "question = parts.questions.find(wire.read_req_msg_id(body))\n",
            "question = next(iter(parts.questions.open_of(MessageKind.SALTS)), None)\n",
        ),
        ("if question is None or question.ids != (pong.ping_id,):", "if question is None:"),
        ("if question.ids == (answer.session_id,):", "if True:"),
        ("if not parts.notices.note(news.unique_id, news.first_msg_id):", "if False:"),
    ),
    ("mtproto/session/client_message_handlers.py", _SESSION): (
        (_BAD_CODE, "parts.time.learn_anew(now)"),
        (
            'parts.events.tell(Anomaly(msg_id, f"bad_server_salt for {notice.bad_msg_id}, which is not open"))',
            "parts.salts.named(notice.new_server_salt, now)",
        ),
        ("if code == 17 and not parts.time.lowered_since(notice.bad_msg_id, items[0].sent_at):", "if code == 17:"),
        ("if len(answer.info) != len(question.ids):", "if False:"),
        ("if len(news.info) != len(news.msg_ids):", "if False:"),
        ("question.kind not in (MessageKind.STATE, MessageKind.RESEND, MessageKind.RESEND_ANSWER)", "False"),
    ),
    ("mtproto/session/questions.py", _SESSION): (("if len(self._waiting) < most or kind", "if True or kind"),),
    ("mtproto/session/packet_reader.py", _SESSION): (
        ("MSG_CONTAINER: frozenset({_PACKET}),", "MSG_CONTAINER: frozenset({_PACKET, MSG_COPY}),"),
        ("MSG_CONTAINER: frozenset({_PACKET}),", "MSG_CONTAINER: frozenset({_PACKET, GZIP_PACKED}),"),
        ("self._set_left(Cost.INFLATED, room - len(unpacked))", "self._set_left(Cost.INFLATED, room)"),
        ("if count > self._limits.message_ids_accepted:", "if False:"),
        ('self.spend(Cost.IDS, count, "msg_ids")', "pass"),
        ("range(self._limits.gzip_nesting - self._path.count(GZIP_PACKED))", "range(9)"),
    ),
    ("mtproto/session/packet_reader.py", _READER): (
        ("MSG_COPY: frozenset({_PACKET, MSG_CONTAINER}),", "MSG_COPY: frozenset({_PACKET, MSG_CONTAINER, MSG_COPY}),"),
        ('self.spend(Cost.MESSAGES, 1, "msg_copy")', "pass"),
        ("if self._path.count(RPC_RESULT) > self._limits.result_nesting:", "if False:"),
        ("max(0, room - wire.INFLATED_MOST * len(body))", "room"),
    ),
    ("mtproto/session/session_notices.py", "tests/session/test_client_sessions.py"): (
        ("pair = (unique_id, first_msg_id)", "pair = (unique_id, 0)"),
    ),
    ("mtproto/session/inbox.py", _SESSION): (
        ("self._floor = ids.pop(0)", "ids.pop(0)"),
        ("if ids[bisect_left(ids, msg_id)] == msg_id:", "if False:"),
        ("if len(self.acks) < ACKS_QUEUED:", "if True:"),
    ),
    ("mtproto/session/server_checks.py", _SESSION): (
        ("if msg_id & 3 or msg_id < 0:", "if msg_id < 0:"),
        ("if register.denied(msg_id):", "if False:"),
        ("if age > OLDEST:", "if False:"),
        ("if age < -NEWEST:", "if False:"),
        ("if register.look_up(msg_id) is Seen.TOO_OLD:", "if False:"),
        ("if not parts.salts.accepts(message.salt, now):", "if False:"),
        ("return code, bool(code) and (counted or strict)", "return code, False"),
        ("return 34 if constructor in NEVER_CONTENT else 0", "return 0"),
        ("if any(inner.msg_id & 3 or not 0 <= inner.msg_id < message.msg_id for inner in new):", "if False:"),
        ("if len(parts.outbox) > QUEUED_AT_MOST:", "if False:"),
    ),
    ("mtproto/session/server_receiver.py", _SESSION): (
        (
            "parts.register.remember(Received(message.msg_id, message.seqno, container=True, counted=parts.strict))",
            "pass",
        ),
    ),
    ("mtproto/session/server.py", "tests/link/test_replayed_packets.py"): (
        ("for msg_id in denied:", "for msg_id in ():"),
    ),
    ("mtproto/session/salts.py", _SESSION): (
        ("return salt == self._salt(number) or", "return True or"),
        (" or (number > 0 and salt == self._salt(number - 1))", ""),
    ),
    ("mtproto/session/wire.py", _SESSION): (
        (
            'if count > limit:\n        raise TooMany("msg_container"',
            'if False:\n        raise TooMany("msg_container"',
        ),
        ("if len(unpacked) > limit:", "if False:"),
        ("    if not unpacker.eof:", "    if False:"),
        ("if behind:", "if False:"),
        ("if _WORD.unpack_from(body, start)[0] == MSG_CONTAINER:", "if False:"),
        ("if offset != end:", "if False:"),
        ("unpacker.decompress(feed, min(_PIECE, limit + 1 - gathered.tell()))", "unpacker.decompress(feed)"),
        ("min(limit, INFLATED_MOST * len(data), _announced_size(data))", "_announced_size(data)"),
    ),
}
"""From a file and the tests of it to pairs: the text, and what takes its place."""

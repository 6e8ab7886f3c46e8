"""Mutants of transports, links, the proxy, and the data centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["ROWS"]

_LINK = "tests/link/test_security_checklist.py tests/link/test_server_link.py tests/link"
_GREETING = "tests/transport/test_faketls.py tests/proxy"
_WEB = "tests/net/test_web_bounds.py tests/net/test_http.py tests/net/test_websocket.py"

ROWS: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("mtproto/transport/tls_greeting.py", _GREETING): (
        ("if not hmac.compare_digest(_answer_digest(answer, key, client_random), answer[_DIGEST]):", "if False:"),
        (
            "not hmac.compare_digest(_answer_digest(answer, key, client_random), answer[_DIGEST])",
            "_answer_digest(answer, key, client_random) != answer[_DIGEST]",
        ),
        ("if not hmac.compare_digest(digest[:_PLAIN_DIGEST], hello.random[:_PLAIN_DIGEST]):", "if False:"),
        (
            "not hmac.compare_digest(digest[:_PLAIN_DIGEST], hello.random[:_PLAIN_DIGEST])",
            "digest[:_PLAIN_DIGEST] != hello.random[:_PLAIN_DIGEST]",
        ),
        (
            "hmac.compare_digest(digest[:_PLAIN_DIGEST], hello.random[:_PLAIN_DIGEST])",
            "hmac.compare_digest(digest[:8], hello.random[:8])",
        ),
    ),
    ("mtproto/transport/faketls.py", "tests/transport/test_faketls.py"): (
        ("if size > longest or end > LONGEST_ANSWER or", "if size > longest or"),
        ("LONGEST_PLAINTEXT if known is _HANDSHAKE else LONGEST_CIPHERTEXT", "LONGEST_CIPHERTEXT"),
    ),
    ("mtproto/transport/tls_records.py", "tests/transport/test_faketls.py"): (
        ("if self._left > LONGEST_CIPHERTEXT:", "if False:"),
    ),
    ("mtproto/transport/layout.py", "tests/transport"): (
        ("if size > largest:", "if False:"),
        ("if code > 0:", "if False:"),
    ),
    ("mtproto/transport/full.py", "tests/transport"): (
        ("if sequence != self._received:", "if False:"),
        ("if zlib.crc32(payload, zlib.crc32(head)) != int.from_bytes(checksum", "if False and int.from_bytes(checksum"),
        ("if size < 0:", "if False:"),
    ),
    ("mtproto/transport/padded.py", "tests/transport"): (("if not smallest <= size <= largest:", "if False:"),),
    ("mtproto/transport/detect.py", "tests/transport tests/proxy"): (
        ("secrets or (None,), limits", "(*secrets, None), limits"),
    ),
    ("mtproto/net/servers/websocket_server.py", "tests/net/test_websocket.py"): (
        ("if name is not None and not name.startswith(_OBFUSCATED):", "if False:"),
    ),
    ("mtproto/net/carriers/websocket.py", "tests/net/test_websocket.py"): (
        ("if subprotocol != SUBPROTOCOL:", "if False:"),
    ),
    ("mtproto/net/servers/web_server.py", _WEB): (
        ("if len(self._body) > self._limits.frame_accepted:", "if False:"),
        ("if self._behind > PIPELINED:", "if False:"),
        (", max_incomplete_event_size=HEAD_SIZE", ""),
        ("if self._websocket is None and self._poll is None and now >= self._deadline:", "if False:"),
    ),
    ("mtproto/net/servers/listener.py", "tests/net/test_connection.py tests/net/test_web_bounds.py"): (
        ("or len(self._pumps) >= self._max_connections", ""),
    ),
    ("mtproto/link/server_intake.py", _LINK): (
        ("if message.session_id == 0:", "if False:"),
        ("isinstance(event, NotAccepted) and event.msg_id == message.msg_id", "False"),
        ("elif slot not in self._carriage.carried:", "elif False:"),
        ("if self._turned_away > TURNED_AWAY_AT_MOST and not self.standing.closing:", "if False:"),
        ("existed = session_id != slot.session_id and", "existed ="),
        ("DestroyAuthKey(msg_id) if slot.key.expires_at is not None", "DestroyAuthKey(msg_id) if False"),
        ("if self._deadline is not None and now >= self._deadline:", "if False:"),
    ),
    ("mtproto/link/server_exchanging.py", _LINK): (
        ("if result is not None and result.auth_key.id not in self._sessions:", "if result is not None:"),
    ),
    ("mtproto/link/server_sessions.py", _LINK): (
        ("and len(key.sessions) >= SESSIONS_OF_A_KEY:", "and False:"),
        ("if not other.connected)", "if True)"),
        ("last_msg_id=key.last_notice", "last_msg_id=0"),
        ("and key.expires_at <= now:", "and False:"),
        ("key.forget(slot)", "pass"),
        ("forgotten_below=key.forgotten_below(session_id)", "forgotten_below=0"),
        ("denied=key.denied(session_id)", "denied=()"),
    ),
    ("mtproto/link/server_keys.py", _LINK): (("if slot.session.denied != self.denied(slot.session_id):", "if False:"),),
    ("mtproto/link/binding.py", "tests/link/test_binding.py"): (
        ("if message.msg_id != msg_id or inner != expected:", "if inner != expected:"),
        ("if message.msg_id != msg_id or inner != expected:", "if message.msg_id != msg_id:"),
        ("temp_session_id=temp_session_id,", "temp_session_id=inner.temp_session_id,"),
        ("expires_at=self.expires_at,", "expires_at=inner.expires_at,"),
        ("nonce=self.nonce,", "nonce=inner.nonce,"),
        ("message = unseal_v1(permanent, Sender.CLIENT,", "message = unseal_v1(permanent, Sender.SERVER,"),
    ),
    ("mtproto/link/client.py", _LINK): (
        ("credible = self._reconnection.refused(error.code) or fits", "credible = True"),
    ),
    ("mtproto/link/temporary_key.py", "tests/link/test_pfs.py tests/link/test_security_checklist.py"): (
        ("final = credible and not self._permanent.proven", "final = credible"),
        ("Action.BREAK if self._permanent.proven else Action.GIVE_UP", "Action.GIVE_UP"),
    ),
    ("mtproto/errors.py", "tests/test_errors.py"): (
        ("min(max(self.arguments[0], 1), self.LONGEST)", "max(self.arguments[0], 1)"),
    ),
    ("mtproto/proxy/state.py", "tests/proxy"): (
        ("if not -MOST_AHEAD <= now - time <= OLDEST_HELLO:", "if False:"),
        ("if not _is_first(self._hellos, hello.random[_SIGNED]):", "if False:"),
        ("if not _is_first(self._headers, header[_KEY_MATERIAL]):", "if False:"),
        ("TAGGED if secret.kind is SecretKind.PLAIN else (PaddedIntermediate.tag,)", "TAGGED"),
    ),
    ("mtproto/localdc/handlers/auth.py", "tests/localdc/test_login_and_users.py"): (
        ("not hmac.compare_digest(token, world.bot_token.encode()):", "False:"),
    ),
    ("mtproto/localdc/entry.py", "tests/localdc/test_login_and_users.py tests/localdc/test_passwords.py"): (
        ("if (request.api_id, request.api_hash) != (world.api_id, world.api_hash):", "if False:"),
        ("if account.two_step.is_set:", "if False:"),
    ),
    ("mtproto/localdc/handlers/temp_keys.py", "tests/localdc/test_temporary_keys.py"): (
        ("if key.permanent not in (None, permanent):", "if False:"),
        ("if abs(request.expires_at - key.expires_at) > CLOCKS_APART:", "if False:"),
        ("if permanent is None or permanent.expires_at is not None:", "if permanent is None:"),
    ),
    ("mtproto/localdc/handlers/passwords.py", "tests/localdc/test_passwords.py"): (
        ("attempt is None or attempt.user_id != account.user.id:", "attempt is None:"),
        ("if attempt.version != account.two_step.version:", "if False:"),
        ("if not account.two_step.is_proven(attempt, proof.A, proof.M1):", "if False:"),
        ("if not two_step.is_new_algo(new):", "if False:"),
    ),
    ("mtproto/localdc/handlers/auth_transfer.py", "tests/localdc/test_network_logins.py"): (
        ("export is None or export.dc_id != call.dc.dc_id:", "export is None:"),
        ("if export.id != request.id or user is None:", "if user is None:"),
    ),
}
"""From a file and the tests of it to pairs: the text, and what takes its place."""

"""Mutants of the flows: what a server may not decide, what is bounded, and what nobody may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["ROWS"]

_PASSWORD = "tests/flows/test_password.py"
_ROOM = "tests/flows/test_room.py"

ROWS: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("mtproto/flows/password.py", _PASSWORD): (
        ("if name_of(algo) != KNOWN_ALGO:", "if False:"),
        ("if state.srp_B is None or state.srp_id is None:", "if False:"),
        ("if error.name in _STALE and not renewed:", "if error.name in _STALE:"),
        ("if error.name in _STALE and not renewed:", "if False:"),
        ("elif error.name == _WRONG and given is None:", "elif error.name == _WRONG:"),
        ("            if not may_be_empty:", "            if False:"),
        (
            "a, m1 = yield Compute(prove_password, (as_bytes(password), algo, state.srp_B, random))",
            "a, m1 = prove_password(as_bytes(password), algo, state.srp_B, random)",
        ),
        ("    with suppress(UnicodeEncodeError):", "    if True:"),
        ('printable(text_of(state, "hint"))', 'text_of(state, "hint")'),
        ("if answer is RECOVER and not question.has_recovery:", "if False:"),
    ),
    ("mtproto/flows/password_settings.py", _PASSWORD): (
        ("read_algo(state.new_algo)", "read_algo(state.current_algo or state.new_algo)"),
        ("if state.has_secure_values and not lose_passport:", "if False:"),
        ("    if not new:\n        raise", "    if False:\n        raise"),
        ("if answer is not True:", "if False:"),
        ("salt1=algo.salt1, salt2", 'salt1=b"", salt2'),
    ),
    ("mtproto/flows/login.py", "tests/flows/test_bot.py tests/flows/test_qr.py tests/flows/test_phone.py"): (
        ("if dc not in settings.dcs:", "if False:"),
        ("for turn in range(LOGIN_RESTARTS + 1):", "for turn in range(1000):"),
        ("if error.name not in _LOGIN_MIGRATIONS:", "if False:"),
        ("    yield MoveTo(dc)", '    yield Tell(Telling("moved"))'),
        ('expect(authorization, method, "auth.authorization")', "pass"),
        ('if name_of(user) != "user" or user.id <= 0:', 'if name_of(user) != "user":'),
        ('if name_of(user) != "user" or user.id <= 0:', "if user.id <= 0:"),
        ("if token and len(token) <= LONGEST_TOKEN:", "if token:"),
        ("api_hash: str = field(repr=False)", "api_hash: str"),
    ),
    ("mtproto/flows/qr.py", "tests/flows/test_qr.py"): (
        ('yield from go_to(settings, answer.dc_id, "auth.loginTokenMigrateTo")', "pass"),
        (
            "            authorization = yield from check_password(settings.schema, random)\n            return",
            "            raise\n            return",
        ),
        ("for _ in range(_MOVES):", "for _ in range(1000):"),
        ("for _ in range(codes):", "for _ in range(1000):"),
        ("if not 0 < len(login_token.token) <= LONGEST_LOGIN_TOKEN:", "if not 0 < len(login_token.token):"),
        ("if not 0 < len(login_token.token) <= LONGEST_LOGIN_TOKEN:", "if len(login_token.token) > 512:"),
        ("min(max(login_token.expires - now, SHORTEST_SHOW), LONGEST_SHOW)", "30.0"),
        ("    yield NextUpdate(_may_be_scanned, seconds)", "    yield NextUpdate(_may_be_scanned, 1e9)"),
        ("return name_of(update) in _SCANNED", "return True"),
        ('.rstrip(b"=")', ""),
        ("except_ids=list(except_ids)", "except_ids=[]"),
    ),
    ("mtproto/flows/questions.py", f"{_ROOM} tests/flows/test_qr.py"): (
        ("text: str = field(repr=False)\n    seconds", "text: str\n    seconds"),
        ("first: str = field(repr=False)", "first: str"),
        ('if sign == "\\n" or sign.isprintable() else "\\ufffd"', ""),
        ("text[:LONGEST_TEXT]", "text"),
    ),
    ("mtproto/flows/steps.py", f"{_ROOM} {_PASSWORD} tests/flows/test_qr.py"): (
        ("args: tuple[Any, ...] = field(default=(), repr=False)", "args: tuple[Any, ...] = ()"),
        ('return f"<Call {self.request.NAME} to {where}, lane {self.lane}>"', "return repr(self.request)"),
    ),
    ("mtproto/flows/changes.py", f"{_ROOM} tests/flows/test_phone.py"): (
        ("token: bytes = field(repr=False)", "token: bytes"),
        ("[-FUTURE_TOKENS_KEPT:]", ""),
        (" if kept != token", ""),
    ),
    ("mtproto/flows/phone.py", "tests/flows/test_phone.py tests/flows/test_password.py"): (
        ("tuple(tokens)[-FUTURE_TOKENS_KEPT:]", "tuple(tokens)"),
        ("if self.settings.test and self._test_phone", "if self._test_phone"),
        ("if self.settings.test and self._test_phone", "if self.settings.test"),
        (
            "        for _ in range(ANSWERS_TAKEN):\n            if not isinstance",
            "        for _ in range(1000):\n            if not isinstance",
        ),
        ("if sent.next_kind is None or not self._may_resend:", "if not self._may_resend:"),
        ('raise refuse_way("payment")', "return read_sent_code(answer)"),
        ("left = min(left, float(sent.timeout or 0))", "left = left + 0"),
    ),
    ("mtproto/flows/foreign.py", "tests/flows/test_foreign.py"): (
        ("or user_id not in {None, answer.user.id}", ""),
        ("    if not authorized:\n", "    if True:\n"),
        ("if not authorization_lost(error):", "if False:"),
        ("    yield Save(NotAuthorized(dc))", "    pass"),
        ("yield Call(request, dc=dc)", "yield Call(request)"),
    ),
    ("mtproto/flows/logging_out.py", "tests/flows/test_log_out.py"): (
        ("if not ends_login(error):", "if False:"),
        ("return name_of(service.decode(answer)) in _GONE", "return True"),
        ("    yield Save(LoggedOutChange(reason=None))", "    pass"),
    ),
    ("mtproto/flows/refusals.py", "tests/flows/test_foreign.py tests/flows/test_patience.py"): (
        (
            '_OF_ONE_CALL = frozenset({"FILE_MIGRATE_X", "STATS_MIGRATE_X"})',
            '_OF_ONE_CALL = frozenset({"FILE_MIGRATE_X"})',
        ),
        ('(error.name == "USER_MIGRATE_X" and _BUSINESS in method_names(request))', "False"),
        ("and _BUSINESS in method_names(request))", ")"),
        ('    "AUTH_KEY_DUPLICATED": True,\n', ""),
        (
            "isinstance(error, Unauthorized | NotAcceptable) and error.name in KEY_DIES",
            "isinstance(error, Unauthorized)",
        ),
    ),
    ("mtproto/flows/codes.py", "tests/flows/test_phone.py"): (
        ('_SentType(CodeKind.WORD, "beginning")', "_SentType(CodeKind.SMS)"),
        ("timeout=self.timeout if next_kind is not None else None", "timeout=None"),
        ("_SentType(CodeKind.FIREBASE)", "_SentType(CodeKind.SMS)"),
    ),
    ("mtproto/flows/sign_up.py", "tests/flows/test_phone.py"): (
        ("if not first or max(len(first), len(last)) > LONGEST_NAME:", "if False:"),
        ('"help.acceptTermsOfService", id=terms.id', '"help.getNearestDc"'),
    ),
    ("mtproto/flows/authorizations.py", "tests/flows/test_log_out.py"): (
        ("    if not session_hash:\n", "    if False:\n"),
        ("    if answer is not True:", "    if False:"),
    ),
    ("mtproto/flows/patience.py", "tests/flows/test_patience.py"): (
        ("if waited > policy.longest_wait or", "if flood.seconds > policy.longest_wait or"),
        ("return harmless and error.code in _FAILED_FOR_NOW", "return error.code in _FAILED_FOR_NOW"),
        ("return harmless and error.code in _FAILED_FOR_NOW and not", "return harmless and not"),
        ("or retries >= policy.retries or", "or"),
        ("if error.name not in _OF_ONE_METHOD:", "if False:"),
        ("if len(self._until) > METHODS_REMEMBERED:", "if False:"),
        ("flood = floods.refusal(method, call.dc, now)", "flood = None"),
        ("method = method_names(call.request)[-1]", "method = method_names(call.request)[0]"),
        ("if not (logged_in and ends_login(error)):", "if not ends_login(error):"),
        ("                yield Save(logged_out(error))\n", ""),
    ),
}

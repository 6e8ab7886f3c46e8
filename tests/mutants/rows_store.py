"""Mutants of the stores: what is kept of an account, and who may read, change and use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["ROWS"]

_STORES = "tests/store/test_stores.py tests/store/test_sqlite.py"
_FILES = "tests/store/test_files.py tests/store/test_drafts.py tests/store/test_stores.py"

ROWS: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("mtproto/store/record.py", "tests/store/test_record.py"): (
        ("if abs(key_state.dc_id) not in own:", "if False:"),
        ("{0, dc_id, dc_id + TEST_DC_OFFSET} if test else {0, dc_id}", "{0, dc_id, dc_id + TEST_DC_OFFSET}"),
        ("if key_state.expires_at is not None:", "if key_state.expires_at:"),
        ("authorized = self.authorized if same else self.authorized - {dc_id}", "authorized = self.authorized"),
        ("authorized=self.authorized - {dc_id})", "authorized=self.authorized)"),
        ("len(tokens) > FUTURE_TOKENS", "False"),
    ),
    ("mtproto/store/record_json.py", "tests/store/test_record_json.py"): (
        ('if content.integer("version", 0, 1 << 31) != VERSION:', "if False:"),
        ("if dc_id in keys:", "if False:"),
        ("raise content.damaged(str(error)) from None", "raise"),
        ("allow_nan=False", "allow_nan=True"),
    ),
    ("mtproto/store/session_string.py", "tests/store/test_session_string.py"): (
        ("if not hmac.compare_digest(data[1 : 1 + _CHECKSUM], _checksum(content)):", "if False:"),
        ("if data[:1] != bytes([_VERSION]):", "if False:"),
        ("if len(text) > LONGEST_STRING:", "if False:"),
        ("return _FOREIGN.fullmatch(joined) is not None and", "return False and"),
    ),
    (
        "mtproto/store/wrapping.py",
        "tests/store/test_wrapping.py tests/store/test_stores.py tests/store/test_sqlite.py",
    ): (
        ("[VERSION, what, self.log_n, self.r, self.p, self.salt.hex()]", '[VERSION, "", self.log_n, self.r, self.p]'),
        ("[VERSION, what, self.log_n, self.r, self.p, self.salt.hex()]", "[VERSION, what]"),
        ("if 128 * r << log_n > SCRYPT_MEMORY:", "if False:"),
        ('if not content.has("cipher"):', "if False:"),
        ("raise PassphraseNeeded(path)", "return data"),
        ("raise PassphraseWrong(path) from None", "raise"),
        ("nonce = os.urandom(_NONCE_SIZE)", "nonce = bytes(_NONCE_SIZE)"),
        ("LOG_N, _R, _P, os.urandom(_SALT_SIZE)", "LOG_N, _R, _P, bytes(_SALT_SIZE)"),
    ),
    ("mtproto/store/drafts.py", _FILES): (
        ("PRIVATE = 0o600", "PRIVATE = 0o644"),
        ("os.fchmod(handle, mode)", "pass"),
    ),
    ("mtproto/store/account_file.py", "tests/store/test_stores.py tests/store/test_record_json.py"): (
        ("self._load()\n            self._write(record)", "self._write(record)"),
        ("self._file.check_room(ROOM)", "pass"),
        ("self._write(self._load().with_soft(record))", "self._write(record)"),
    ),
    ("mtproto/store/sqlite.py", _STORES): (
        ("self._load()\n            self._write(record)", "self._write(record)"),
        ("refuse_foreign(path, target.with_name(target.name + end))", "pass"),
        ("refuse_foreign(path, folder)", "pass"),
        ("if not stat.S_ISDIR(folder.lstat().st_mode):", "if False:"),
        ("target.chmod(PRIVATE)", "pass"),
        ("os.mkdir(folder, 0o700)", "os.mkdir(folder)"),
        ("elif application != _APPLICATION:", "elif False:"),
        ("elif version != _VERSION:", "elif False:"),
        ('"synchronous = EXTRA"', '"synchronous = FULL"'),
        ('"secure_delete = ON"', '"secure_delete = OFF"'),
        ('return f"{part} of {self._name}"', "return part"),
        ("hashlib.sha256(name.encode()).hexdigest()[:32]", '"one"'),
        ("undo.callback(self._holding.close)", "pass"),
        ("check_room(target, ROOM)", "pass"),
        ("if not isinstance(content, bytes):", "if False:"),
    ),
    ("mtproto/store/locks.py", _FILES): (
        ("refuse_foreign(self._path, lock_path)", "pass"),
        ("lock_path.parent.stat()", "pass"),
    ),
    ("mtproto/store/reading.py", _FILES): (
        ("if not stat.S_ISREG(os.fstat(handle).st_mode):", "if False:"),
        ("if len(data) > limit:", "if False:"),
        ("if folder.st_mode & stat.S_IWOTH and owner not in (os.geteuid(), folder.st_uid):", "if False:"),
    ),
}
"""From a file and the tests of it to pairs: the text, and what takes its place."""

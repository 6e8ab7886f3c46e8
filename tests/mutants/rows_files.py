"""Mutants of the transfers of files: what is checked before it is given out, and what a server or a CDN may not do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["ROWS"]

_CHECKS = "tests/flows/test_file_checks.py"
_DOWNLOAD = "tests/flows/test_download.py tests/flows/test_file_checks.py"

ROWS: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("mtproto/flows/file_checks.py", _CHECKS): (
        ("if sha256(data).digest() != known.digest:", "if False:"),
        ("            if not block.is_checked_only:\n", "            if True:\n"),
        ("if size is not None and each.offset >= size:", "if False:"),
        ("and len(each.hash) == _SHA256", ""),
        ("0 < each.limit <= LARGEST_PART", "0 < each.limit"),
    ),
    ("mtproto/flows/cdn.py", _CHECKS): (
        ("if len(key) != _KEY or len(iv) != _IV:", "if False:"),
        ("self.iv[:_FIXED] + (offset // _BLOCK)", "self.iv[:_FIXED] + offset"),
        (".public_keys[:CDN_KEYS_READ]", ".public_keys"),
    ),
    ("mtproto/flows/download.py", _DOWNLOAD): (
        ("is_checked_only=self._verify or call.cdn is not None", "is_checked_only=self._verify"),
        ("is_checked_only=self._verify or call.cdn is not None", "is_checked_only=call.cdn is not None"),
        ("if each.start in self._wrong:", "if False:"),
        ("if wrong and self._cdn is not None:", "if False:"),
        ("        self._checked.drop_unchecked()\n", ""),
        ("        self._may_redirect = False\n", ""),
        ("if len(data) > call.limit:", "if False:"),
        ("if self._size is not None and len(data) > call.length:", "if False:"),
        ("if self._moves > self._limits.moves:", "if False:"),
        ("elif self._refreshes > self._limits.refreshes:", "elif False:"),
        ("if self._uploads > _UPLOADS:", "if False:"),
        ("if shorts > _SHORTS:", "if False:"),
        ("if self._calls and self.bytes_in_flight + limit > self._limits.window:", "if False:"),
        ("self._hashes_end is not None and self._checked.holds_behind(self._hashes_end)", "False"),
        ("if call.generation != self._reference or self._stale is not None:", "if self._stale is not None:"),
        ("        if call.dc != self._dc:\n", "        if False:\n"),
    ),
    ("mtproto/flows/setbacks.py", "tests/flows/test_setbacks.py tests/flows/test_download.py"): (
        ("if self._waited + added > self._wait:", "if False:"),
        ("del self._told[:-_NOTICES_KEPT]", "pass"),
        ("if failures >= (self._tries if tries is None else tries):", "if False:"),
        ("_LONGEST_PAUSE)", "3600.0)"),
    ),
    ("mtproto/flows/upload.py", "tests/flows/test_upload.py"): (
        ("if len(data) != length:", "if False:"),
        ("if answer is True:", "if True:"),
        ("        self._calls.forget(lambda call: True)\n", "        self._calls = CallsInFlight(30.0)\n"),
        ("if part == self._digested and not self._is_big:", "if not self._is_big:"),
    ),
}

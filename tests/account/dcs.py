"""Two data centres over one login: what they answer, and what they count."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mtproto.crypto import RSAPrivateKey
from mtproto.localdc import LocalDCThread, Refused
from tl import api

HOME, OTHER = 1, 2


class TwoDCs:
    """A login that starts at DC 2 and belongs to DC 1; the login is exported and imported by a token.

    Attributes:
        dcs: the data centres by number.
        calls: how often each method was called at each DC.
        refusals: by DC and method, the refusals that the next calls get.

    """

    def __init__(self, home: LocalDCThread, other: LocalDCThread) -> None:
        self.dcs = {HOME: home, OTHER: other}
        self.home, self.other = home, other
        self.calls: Counter[tuple[int, str]] = Counter()
        self.refusals: dict[tuple[int, str], list[tuple[int, str]]] = {}
        self._tokens: dict[int, tuple[int, int]] = {}
        self._ids = itertools.count(1)
        for dc in (home, other):
            dc.handler(api.functions.auth.ImportBotAuthorization)(self._bot)
            dc.handler(api.functions.auth.ExportAuthorization)(self._export)
            dc.handler(api.functions.auth.ImportAuthorization, login=False)(self._import)
            dc.handler(api.functions.help.GetNearestDc)(self._plain)
            dc.handler(api.functions.users.GetUsers)(self._plain)

    def refuse(self, dc: int, method: Any, code: int, name: str, times: int = 1) -> None:
        """Let the next calls of a method be refused."""
        self.refusals.setdefault((dc, method.NAME), []).extend([(code, name)] * times)

    def keys(self, dc: int) -> int:
        """Return how many permanent keys a DC has made."""
        return sum(record.expires_at is None for record in self.dcs[dc]._centre.keys.records.values())

    def log_out_all(self, dc: int) -> None:
        """Let a DC forget who is logged in with which key."""
        for record in list(self.dcs[dc]._centre.keys.records.values()):
            record.log_out()

    def _plain(self, call: Any) -> Any:
        place = (call.dc.dc_id, call.request.NAME)
        self.calls[place] += 1
        if self.refusals.get(place):
            raise Refused(*self.refusals[place].pop(0))
        return call.default()

    def _bot(self, call: Any) -> Any:
        if call.dc.dc_id != HOME:
            self.calls[call.dc.dc_id, call.request.NAME] += 1
            raise Refused(303, f"USER_MIGRATE_{HOME}")
        return self._plain(call)

    def _export(self, call: Any) -> Any:
        self.calls[call.dc.dc_id, call.request.NAME] += 1
        number = next(self._ids)
        self._tokens[number] = (call.request.dc_id, call.me.id)
        return api.types.auth.ExportedAuthorization(id=number, bytes=b"token")

    def _import(self, call: Any) -> Any:
        self.calls[call.dc.dc_id, call.request.NAME] += 1
        dc, user_id = self._tokens.pop(call.request.id, (0, 0))
        if dc != call.dc.dc_id or call.request.bytes != b"token":
            raise Refused(400, "AUTH_BYTES_INVALID")
        call.key.account.log_in(user_id)
        user = api.types.User(id=user_id, first_name="Bot", bot=True, bot_info_version=1)
        return api.types.auth.Authorization(user=user)


@contextmanager
def two_dcs(key: RSAPrivateKey) -> Iterator[TwoDCs]:
    """Run two data centres with one RSA key."""
    with LocalDCThread(key=key, dc_id=HOME) as home, LocalDCThread(key=key, dc_id=OTHER) as other:
        yield TwoDCs(home, other)

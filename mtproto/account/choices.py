"""What both faces of an account choose alike: the store, the way to log in, the wrapper of calls without updates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.errors import LocalProtocolError, OptionError
from mtproto.flows import LoginSettings, NotSupported, log_in_as_bot, log_in_by_phone, log_in_by_qr
from mtproto.store import store_of
from tl import TLObject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    from mtproto.flows import Flow, Random
    from mtproto.store import Store
    from tl import Schema, TLFunction

__all__ = ["LoginWay", "Who", "opened_store", "wrapped"]

Who: TypeAlias = str | int | TLObject
"""What a caller may write for a user or a chat, beside the objects that the schema declares."""

_WITHOUT_UPDATES = "invokeWithoutUpdates"


@dataclass(frozen=True, slots=True)
class LoginWay:
    """The way to log in that a caller has chosen. Made by `of`."""

    bot_token: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    except_ids: tuple[int, ...]

    @classmethod
    def of(cls, bot_token: str | None, phone: str | None, *, qr: bool, except_ids: Sequence[int]) -> Self:
        """Return the way; the arguments are those of `Account.login`.

        Raises:
            LocalProtocolError: none is chosen, or several are.

        """
        if (bot_token is not None) + (phone is not None) + bool(qr) != 1:
            raise LocalProtocolError("login() takes one of bot_token=, phone= and qr=True")
        return cls(bot_token, phone, tuple(except_ids))

    def flow(self, settings: LoginSettings, random: Random, tokens: Sequence[bytes]) -> Flow[Any]:
        """Return the flow that goes the way; its result is the `user`."""
        if self.bot_token is not None:
            return log_in_as_bot(settings, self.bot_token)
        if self.phone is not None:
            return log_in_by_phone(settings, random, self.phone or None, tokens=tokens)
        return log_in_by_qr(settings, random, except_ids=self.except_ids)


def wrapped(request: TLFunction[Any], schema: Schema) -> TLFunction[Any]:
    """Return a call under `invokeWithoutUpdates` (core.telegram.org/api/invoking).

    Raises:
        NotSupported: the layer does not have the wrapper.

    """
    if _WITHOUT_UPDATES not in schema:
        raise NotSupported(_WITHOUT_UPDATES, f"layer {schema.layer} does not declare it")
    wrapper: Any = schema[_WITHOUT_UPDATES]
    result: TLFunction[Any] = wrapper(query=request)
    return result


def opened_store(store: Store | str | Path) -> Store:
    """Return the store that a caller means: itself, the one of a file, or the account of a session string in memory.

    Raises:
        OptionError: it is none of these.
        StoreError: the session string is damaged, or another program's.

    """
    found = store_of(store)
    if not hasattr(found, "load"):
        wanted = "a path, a session string or a Store"
        raise OptionError(f"the option store takes {wanted}, not {type(store).__name__}", "store")
    return found

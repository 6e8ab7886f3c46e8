"""The options of accounts: those of `connect` for every lane, and a few of an account's own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mtproto.client import ClientKeywords
from mtproto.errors import OptionError
from mtproto.flows import CallPolicy, LoginSettings
from mtproto.limits import DEFAULT_LIMITS
from mtproto.net import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mtproto.crypto import RSAPublicKey
    from mtproto.limits import Limits
    from tl import Schema

__all__ = ["AccountKeywords", "AccountOptions", "account_options"]

IDLE_AFTER = 60.0
"""Seconds without a call after which a lane is closed; the home DC's main lane, which receives updates, never is."""

_PER_DC = ("state", "dc_id")


class AccountKeywords(ClientKeywords, total=False):
    """The options of `Account` beside those that it names: all of `connect`'s, and these."""

    updates: bool
    flood_wait: float
    retries: int
    idle_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOptions:
    """What an account was told.

    Attributes:
        api_id: the application's number.
        api_hash: its secret half.
        keys: the RSA keys that are trusted.
        client: the options of every lane's client, by name.
        schema: the API schema of the calls.
        updates: whether the server is to send updates; otherwise each call goes out under `invokeWithoutUpdates`.
        policy: what is waited for, and how often a call is made again.
        idle_after: seconds without a call after which a lane is closed.
        pfs: whether calls travel under temporary keys.
        limits: bound what is kept of what comes.
        clock: gives Unix seconds and never steps.
        random: a cryptographically secure source of bytes.

    """

    api_id: int
    api_hash: str = field(repr=False)
    keys: Sequence[RSAPublicKey]
    client: Mapping[str, Any] = field(repr=False)
    schema: Schema
    updates: bool
    policy: CallPolicy
    idle_after: float
    pfs: bool
    limits: Limits
    clock: Callable[[], float]
    random: Callable[[int], bytes]

    def login_settings(self, dcs: frozenset[int], *, test: bool) -> LoginSettings:
        """Return what a login needs to know of the account; `dcs` are the numbers of the data centres."""
        return LoginSettings(self.schema, self.api_id, self.api_hash, dcs, test)


def account_options(
    api_id: int | None, api_hash: str, keys: Sequence[RSAPublicKey] | None, named: AccountKeywords, *, test: bool
) -> AccountOptions:
    """Return the options of an account.

    Args:
        api_id: as `Account` takes it.
        api_hash: likewise.
        keys: likewise; None takes Telegram's.
        named: the other options.
        test: whether the data centres are Telegram's test servers, which have keys of their own.

    Raises:
        TypeError: neither `api_id` nor `application` is given.
        OptionError: a value is refused.

    """
    import os

    for name in _PER_DC:
        if name in named:
            raise OptionError(f"the option {name} belongs to one data centre, and an account has several", name)
    idle_after = named.get("idle_after", IDLE_AFTER)
    if not idle_after >= 0:
        raise OptionError(f"no lane can be idle for {idle_after} seconds", "idle_after")
    client: dict[str, Any] = {
        name: value for name, value in named.items() if name in ClientKeywords.__annotations__ and name != "schema"
    }
    application = named.get("application")
    if application is not None:
        api_id, api_hash = application.api_id, application.api_hash
    if api_id is None:
        raise TypeError("Account() wants api_id=, from my.telegram.org, or application=")
    clock = named.get("clock") or Clock()
    client["clock"] = clock  # one clock for all lanes
    limits = named.get("limits", DEFAULT_LIMITS)
    # The account keeps the updates of its lanes itself: nobody reads those that a lane keeps.
    client["limits"] = replace(limits, queued_updates=1, queued_update_bytes=1)
    schema = named.get("schema")
    if schema is None:
        from tl import api

        schema = api.schema
    if keys is None:
        from mtproto.crypto import PRODUCTION_KEYS, TEST_KEYS

        keys = TEST_KEYS if test else PRODUCTION_KEYS
    return AccountOptions(
        api_id=api_id,
        api_hash=api_hash,
        keys=keys,
        client=client,
        schema=schema,
        updates=named.get("updates", True),
        policy=CallPolicy(longest_wait=named.get("flood_wait", 0.0), retries=named.get("retries", 3)),
        idle_after=idle_after,
        pfs=named.get("pfs", False),
        limits=limits,
        clock=clock,
        random=named.get("random", os.urandom),
    )

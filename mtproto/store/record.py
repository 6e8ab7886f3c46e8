"""What is kept of an account, and what every store can do."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mtproto.datacenters import TEST_DC_OFFSET
from mtproto.errors import OptionError
from mtproto.message import KeyState, KeyStateDamaged

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FUTURE_TOKENS", "LONGEST_REASON", "LONGEST_TOKEN", "MOST_KEYS", "AccountRecord", "Json", "Store"]

FUTURE_TOKENS = 20
"""Future auth tokens of an account (core.telegram.org/api/auth#future-auth-tokens)."""

LONGEST_TOKEN = 4096
"""Bytes of a token."""

MOST_KEYS = 256
"""Data centres of an account; Telegram has five."""

LONGEST_REASON = 200
"""Characters of the reason why a login ended."""

MOST_PUBLIC_KEYS = 16
"""Public keys of servers that are not Telegram's."""

LONGEST_PEM = 4096
"""Characters of one of them; a key of 4096 bits has 800."""

HIGHEST_PORT = (1 << 16) - 1

HIGHEST_DC = (1 << 31) - 1
HIGHEST_USER = (1 << 63) - 1
HIGHEST_APPLICATION = (1 << 31) - 1

LONGEST_HOST = 253
"""Characters of the name of a host."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A value that JSON can hold; no NaN, no Infinity, keys of text."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountRecord:
    """All that a store keeps of one account. `AccountRecord()` is an account of which nothing is known yet.

    The repr shows no key, no token and nothing of peers.

    Attributes:
        home_dc: the number of the data centre where the account lives.
        test: whether the data centres are Telegram's test servers, which share nothing with the others.
        api_id: the number of the application that used the account last; None: unknown.
        dcs: by number, host and port of data centres that are not in `mtproto.datacenters`, as they were used last.
        public_keys: the RSA keys of these, as PEM; empty where the servers are Telegram's, or not known.
        keys: by number of the data centre the permanent key there, as `KeyState.to_bytes` writes it. A media-only
            address has the key of its data centre. Temporary keys live in memory only.
        authorized: the data centres where the key is known to belong to the user.
        user_id: who is logged in; None: nobody.
        is_bot: whether the user is a bot.
        future_tokens: tokens that spare the code at a later login, the newest last.
        ended: the name of the error that ended the login; None: no error did.
        peers: what is known of users, groups and channels; may be lost.
        updates: how far updates were read; may be lost.

    Raises:
        OptionError: a field can't be what it says. The error names the field and quotes nothing.

    """

    home_dc: int = 2
    test: bool = False
    api_id: int | None = None
    dcs: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    public_keys: tuple[str, ...] = ()
    keys: Mapping[int, bytes] = field(default_factory=dict)
    authorized: frozenset[int] = frozenset()
    user_id: int | None = None
    is_bot: bool = False
    future_tokens: tuple[bytes, ...] = ()
    ended: str | None = None
    peers: Mapping[str, Json] = field(default_factory=dict)
    updates: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)
        for name in ("dcs", "keys", "peers", "updates"):  # the caller's own may change
            object.__setattr__(self, name, dict(getattr(self, name)))

    @property
    def is_new(self) -> bool:
        """Whether nothing is known of the account: the store was empty."""
        return self == AccountRecord()

    @property
    def is_logged_in(self) -> bool:
        """Whether somebody is logged in, as far as is known."""
        return self.user_id is not None and self.ended is None

    @property
    def is_elsewhere(self) -> bool:
        """Whether the account is known to live on servers that are not Telegram's.

        They have public keys of their own, or an address that is only good inside of a network.
        """
        return bool(self.public_keys) or any(_is_inside(host) for host, _port in self.dcs.values())

    def key(self, dc_id: int) -> KeyState | None:
        """Return the permanent key of a data centre; None if there is none.

        An impossible time or number in it is dropped, as `KeyState.from_bytes` says.
        """
        data = self.keys.get(dc_id)
        return None if data is None else KeyState.from_bytes(data)

    def with_key(self, dc_id: int, key_state: KeyState) -> AccountRecord:
        """Return the record with this permanent key of a data centre.

        If the key is another one than before, the data centre is not authorized any more: the new key knows no login.

        Raises:
            OptionError: the key is a temporary one, or that of another data centre.

        """
        before = self.key(dc_id)
        same = before is not None and before.auth_key.id == key_state.auth_key.id
        authorized = self.authorized if same else self.authorized - {dc_id}
        return replace(self, keys={**self.keys, dc_id: key_state.to_bytes()}, authorized=authorized)

    def without_key(self, dc_id: int) -> AccountRecord:
        """Return the record without the key of a data centre, which is not authorized any more then."""
        keys = {number: data for number, data in self.keys.items() if number != dc_id}
        return replace(self, keys=keys, authorized=self.authorized - {dc_id})

    def with_soft(self, other: AccountRecord) -> AccountRecord:
        """Return the record with what may be lost of another one: peers and updates."""
        return replace(self, peers=other.peers, updates=other.updates)

    def __repr__(self) -> str:
        return (
            f"AccountRecord(home_dc={self.home_dc}, test={self.test}, keys of DCs {sorted(self.keys)}, "
            f"authorized={sorted(self.authorized)}, user_id={self.user_id}, is_bot={self.is_bot}, "
            f"{len(self.future_tokens)} future tokens, ended={self.ended!r})"
        )


def _check(record: AccountRecord) -> None:
    """Check the fields that are not checked by their types alone."""
    tokens = record.future_tokens
    wrong = {
        "home_dc": not _is_whole(record.home_dc, 1, HIGHEST_DC),
        "test": not isinstance(record.test, bool),
        "api_id": record.api_id is not None and not _is_whole(record.api_id, 0, HIGHEST_APPLICATION),
        "dcs": len(record.dcs) > MOST_KEYS
        or not all(
            _is_whole(dc_id, 1, HIGHEST_DC) and _is_host(host) and _is_whole(port, 1, HIGHEST_PORT)
            for dc_id, (host, port) in record.dcs.items()
        ),
        "public_keys": len(record.public_keys) > MOST_PUBLIC_KEYS
        or not all(_is_pem(pem) for pem in record.public_keys),
        "keys": len(record.keys) > MOST_KEYS,
        "authorized": len(record.authorized) > MOST_KEYS
        or not all(_is_whole(dc_id, 1, HIGHEST_DC) for dc_id in record.authorized),
        "user_id": record.user_id is not None and not _is_whole(record.user_id, 1, HIGHEST_USER),
        "is_bot": not isinstance(record.is_bot, bool),
        "future_tokens": len(tokens) > FUTURE_TOKENS
        or not all(isinstance(token, bytes) and len(token) <= LONGEST_TOKEN for token in tokens),
        "ended": record.ended is not None
        and not (0 < len(record.ended) <= LONGEST_REASON and record.ended.isprintable()),
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise OptionError(f'"{name}" of the account is not what it should be', name)
    for dc_id, data in record.keys.items():
        _check_key(dc_id, data, test=record.test)


def _is_host(host: object) -> bool:
    return isinstance(host, str) and 0 < len(host) <= LONGEST_HOST and host.isprintable()


def _is_pem(pem: object) -> bool:
    return isinstance(pem, str) and 0 < len(pem) <= LONGEST_PEM and pem.replace("\n", "").isprintable()


def _is_inside(host: str) -> bool:
    """Tell whether a host is an IP address that is not reached from everywhere; a name may be anywhere."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _is_whole(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _check_key(dc_id: int, data: bytes, *, test: bool) -> None:
    """Check that a key is whole, permanent, and that of the data centre under whose number it stands."""
    if not _is_whole(dc_id, 1, HIGHEST_DC):
        raise OptionError('"keys" has a number that no data centre can have', "keys")
    try:
        key_state = KeyState.from_bytes(data)
    except KeyStateDamaged as error:
        raise OptionError(f"the key of DC {dc_id} is {error}", "keys") from None
    if key_state.expires_at is not None:
        raise OptionError(f"the key of DC {dc_id} is a temporary one, which is never kept", "keys")
    own = {0, dc_id, dc_id + TEST_DC_OFFSET} if test else {0, dc_id}
    if abs(key_state.dc_id) not in own:
        raise OptionError(f"the key that stands under DC {dc_id} belongs to DC {key_state.dc_id}", "keys")


class Store(Protocol):
    """Where an account is kept. One owner, which may call from any thread.

    `save` is for what must not be lost: keys, who is logged in, tokens. `save_soft` is for what may be lost; the owner
    decides how often. Both keep all or nothing: after an error, a kill or a power cut the old content stands.
    """

    def load(self) -> AccountRecord:
        """Return what was kept last; `AccountRecord()` if nothing was.

        Raises:
            StoreDamaged: the contents are not those of an account.
            StoreError: the contents can't be read.

        """

    def save(self, record: AccountRecord) -> None:
        """Keep all of the record. When this returns, the record is on disk, if the store has one.

        Raises:
            StoreError: the record can't be written, or what is there already can't be read: it is not overwritten.

        """

    def save_soft(self, record: AccountRecord) -> None:
        """Keep `peers` and `updates` of the record. All else stays as `save` left it.

        Raises:
            StoreError: as `save`.

        """

    def close(self) -> None:
        """Let others use the place. May be called twice; nothing can be saved after it."""

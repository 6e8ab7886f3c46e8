"""What the session of another client says, in one form for all of them, and the way to our own `AccountRecord`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mtproto.datacenters import PRODUCTION, TEST, TEST_DC_OFFSET
from mtproto.errors import OptionError
from mtproto.message import AUTH_KEY_LENGTH, AuthKey, KeyState
from mtproto.store.errors import StoreDamaged
from mtproto.store.record import HIGHEST_APPLICATION, HIGHEST_PORT, HIGHEST_USER, AccountRecord

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HIGHEST_FOREIGN_DC", "ForeignLogin", "checked", "ip_of"]

T = TypeVar("T")

HIGHEST_FOREIGN_DC = 255
"""Every one of these strings has one byte for the number of the data centre."""

_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignLogin:
    """A login as other clients keep it: one key of one data centre, and whose it is. The repr shows no key.

    What is None the client's layout does not say.

    Attributes:
        auth_key: the permanent key, 256 bytes.
        dc_id: the number of the data centre that made the key, 1 to 255: where the account lives.
        address: host and port at which the client finds the data centre. The host is an IP address, or for GramJS in a
            browser a name.
        test: whether the data centre is one of Telegram's test servers.
        api_id: the number of the application.
        user_id: who is logged in.
        is_bot: whether that is a bot.
        layout: what the session was read from, in words; two sessions are equal without it.

    Raises:
        OptionError: a field can't be what it says. The error names the field and quotes nothing.

    """

    auth_key: bytes = field(repr=False)
    dc_id: int
    address: tuple[str, int] | None = None
    test: bool | None = None
    api_id: int | None = None
    user_id: int | None = None
    is_bot: bool | None = None
    layout: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        address = self.address
        wrong = {
            "auth_key": not isinstance(self.auth_key, bytes) or len(self.auth_key) != AUTH_KEY_LENGTH,
            "dc_id": not _is_whole(self.dc_id, 1, HIGHEST_FOREIGN_DC),
            "address": address is not None
            and not (_HOST.fullmatch(address[0]) and _is_whole(address[1], 1, HIGHEST_PORT)),
            "test": not isinstance(self.test, bool | None),
            "api_id": self.api_id is not None and not _is_whole(self.api_id, 0, HIGHEST_APPLICATION),
            "user_id": self.user_id is not None and not _is_whole(self.user_id, 1, HIGHEST_USER),
            "is_bot": not isinstance(self.is_bot, bool | None),
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise OptionError(f'"{name}" of the session is not what it should be', name)
        if not any(self.auth_key):
            raise OptionError("the session has no key: nobody is logged in", "auth_key")

    @classmethod
    def from_record(cls, record: AccountRecord, *, address: tuple[str, int] | None = None) -> ForeignLogin:
        """Return the login of an account, as other clients keep it: the key of the home data centre alone.

        Args:
            record: the account.
            address: host and port of its home; None: the address that the record has, or else, for Telegram's servers,
                the one that clients ship for that data centre.

        Raises:
            OptionError: nobody is logged in, the number of the data centre is too high for other clients, or the
                record is one of other servers than Telegram's, and does not say where they are.

        """
        key_state = record.key(record.home_dc)
        if key_state is None or not record.is_logged_in:
            raise OptionError(_nobody(record), "record")
        if address is None:
            address = record.dcs.get(record.home_dc)
            if address is None and record.is_elsewhere:
                raise OptionError(
                    f"the account lives on servers that are not Telegram's; where DC {record.home_dc} is has to be "
                    "given: address=",
                    "address",
                )
        return cls(
            auth_key=key_state.auth_key.data,
            dc_id=record.home_dc,
            address=address,
            test=record.test,
            api_id=record.api_id,
            user_id=record.user_id,
            is_bot=record.is_bot,
        )

    def with_known(
        self,
        *,
        test: bool | None = None,
        api_id: int | None = None,
        user_id: int | None = None,
        is_bot: bool | None = None,
        address: tuple[str, int] | None = None,
    ) -> ForeignLogin:
        """Return the session with what its layout did not say, as the caller knows it.

        The number of the application and the address may replace those of the session; the others may not.

        Raises:
            OptionError: the session says something else.

        """
        return ForeignLogin(
            auth_key=self.auth_key,
            dc_id=self.dc_id,
            address=self.address if address is None else address,
            test=_agreed("test", self.test, test),
            api_id=self.api_id if api_id is None else api_id,
            user_id=_agreed("user_id", self.user_id, user_id),
            is_bot=_agreed("is_bot", self.is_bot, is_bot),
            layout=self.layout,
        )

    def to_record(self) -> AccountRecord:
        """Return the login as an account of this program.

        Where the layout does not say who is logged in (`user_id`), the account takes nobody for logged in, although its
        key is: ask the server for `users.getUsers([inputUserSelf])`, and give `with_known(user_id=...)` the answer.
        Where it does not say `test`, the servers are taken for the production ones. An address that is not in
        `mtproto.datacenters` is kept (`dcs`); with one that is only good inside of a network the account is none of
        Telegram's, and `Account` wants `dcs=` and `keys=` for it.
        """
        test = bool(self.test)
        dc_id = self.dc_id + TEST_DC_OFFSET if test else self.dc_id
        key_state = KeyState(auth_key=AuthKey(self.auth_key), dc_id=dc_id)
        return AccountRecord(
            home_dc=self.dc_id,
            test=test,
            api_id=self.api_id,
            dcs=self._own_places(),
            keys={self.dc_id: key_state.to_bytes()},
            user_id=self.user_id,
            is_bot=bool(self.is_bot),
        )

    def _own_places(self) -> dict[int, tuple[str, int]]:
        """Return the address, by number of the data centre, where it is an IP address that clients do not ship."""
        address = self.address
        if address is None or ip_of(address[0]) is None or kind_of(address[0]) is not None:
            return {}
        return {self.dc_id: address}

    def place(self) -> tuple[str, int]:
        """Return IP address and port of the data centre: those of the session, or those that clients ship.

        Raises:
            OptionError: neither is there.

        """
        if self.address is not None and ip_of(self.address[0]) is not None:
            return self.address
        known = (TEST if self.test else PRODUCTION).get(self.dc_id)
        if known is None:
            raise OptionError(f"the address of DC {self.dc_id} is not known; it has to be given", "address")
        return known.addresses()[0]


def _nobody(record: AccountRecord) -> str:
    """Say why an account has no login to take along."""
    if record.keys and record.user_id is None and record.ended is None:
        return (
            "the account does not say who is logged in: log in, or give with_known(user_id=...) where its key came "
            "from another client"
        )
    return "nobody is logged in to the account"


def ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address as an object; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def kind_of(host: str) -> bool | None:
    """Tell by its address whether a server is one of Telegram's test servers; None: one that is not known."""
    place = ip_of(host)
    for known, answer in ((TEST, True), (PRODUCTION, False)):
        hosts = (
            host
            for centre in known.values()
            for host in (*centre.ipv4, *centre.ipv6, *centre.media_ipv4, *centre.media_ipv6)
        )
        if place is not None and place in map(ipaddress.ip_address, hosts):
            return answer
    return None


def checked(
    path: Path,
    layout: str,
    *,
    auth_key: bytes,
    dc_id: int,
    address: tuple[str, int] | None = None,
    test: bool | None = None,
    api_id: int | None = None,
    user_id: int | None = None,
    is_bot: bool | None = None,
) -> ForeignLogin:
    """Return the session that was read from `path`.

    A user id of 0 and an application of 0 are what clients write where they know none.

    Raises:
        StoreDamaged: a field can't be what it says.

    """
    try:
        return ForeignLogin(
            auth_key=auth_key,
            dc_id=dc_id,
            address=address,
            test=kind_of(address[0]) if test is None and address is not None else test,
            api_id=api_id or None,
            user_id=user_id or None,
            is_bot=is_bot if user_id else None,
            layout=layout,
        )
    except OptionError as error:
        raise StoreDamaged(path, f"taken for {layout}, but {error}") from None


def _agreed(name: str, said: T | None, given: T | None) -> T | None:
    if said is not None and given is not None and said != given:
        raise OptionError(f'"{name}" is another one than the session itself says', name)
    return given if said is None else said


def _is_whole(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest

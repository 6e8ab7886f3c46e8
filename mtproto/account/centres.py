"""The data centres that an account knows, and which address to take (core.telegram.org/api/datacenter)."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.datacenters import PORTS, PRODUCTION, TEST, TEST_DC_OFFSET, DataCenter
from mtproto.errors import LocalProtocolError, OptionError
from mtproto.transport import parse_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.net import Destination

__all__ = ["FIRST_DC", "DataCentres", "KnownDCs"]

FIRST_DC = 2
"""The data centre that a login begins at, where there is one of this number: the one that most clients begin at."""

KnownDCs: TypeAlias = "Mapping[int, Destination | DataCenter] | Iterable[DataCenter]"
"""What the option `dcs` takes: by number, where to connect; or `DataCenter` objects."""

_LEARNT_AT_MOST = 64
"""Addresses that are taken from one `help.getConfig`, and data centres that are learnt in all; Telegram's has about 15
and 5."""


class DataCentres:
    """Where each data centre is. Any thread may call it.

    Args:
        dcs: the option of that name; None takes Telegram's production servers.

    Raises OptionError where there is none, and where servers of both kinds are mixed.

    """

    def __init__(self, dcs: KnownDCs | None = None) -> None:
        known: Mapping[int, Any]
        if dcs is None:
            known = PRODUCTION
        elif isinstance(dcs, Mapping):
            known = dcs
        else:
            known = {centre.id: centre for centre in dcs}
        if not known:
            raise OptionError("an account needs one data centre at least", "dcs")
        kinds = {centre.test for centre in known.values() if isinstance(centre, DataCenter)}
        if len(kinds) > 1:
            raise OptionError("test servers and production servers share nothing: an account has one of them", "dcs")
        self._given = dict(known)
        self._learnt: dict[int, tuple[tuple[str, int], ...]] = {}
        self._learnt_media: dict[int, tuple[tuple[str, int], ...]] = {}
        self._learnt_cdns: dict[int, tuple[tuple[str, int], ...]] = {}
        self._lock = threading.Lock()
        self.test = kinds == {True}

    @property
    def ids(self) -> frozenset[int]:
        """The numbers of the data centres that are known."""
        return frozenset(self._given) | frozenset(self._learnt)

    def knows(self, dc: int) -> bool:
        """Tell whether a data centre is one of `ids`; every call asks that."""
        return dc in self._given or dc in self._learnt

    def own_places(self) -> dict[int, tuple[str, int]]:
        """Return one host and port of each data centre that was given and is not in `mtproto.datacenters`, by number.

        What is no address, such as a link to a WebSocket, is left out.
        """
        found = ((dc, _place_of(where)) for dc, where in self._given.items())
        return {dc: place for dc, place in found if place is not None}

    @property
    def first(self) -> int:
        """The one to begin at."""
        return FIRST_DC if FIRST_DC in self._given else min(self._given)

    def exchange_id(self, dc: int, *, media: bool = False) -> int:
        """Return the number that names a data centre in a key exchange: core.telegram.org/mtproto/auth_key.

        Args:
            dc: the number by which calls name the data centre.
            media: whether the key is made at an address for file queries only: the number is negative there.

        """
        number = dc + TEST_DC_OFFSET if self.test else dc
        return -number if media else number

    def media_destination(self, dc: int) -> Destination | None:
        """Return the addresses of a data centre that are for file queries only; None where none are known.

        The permanent key of the data centre is good there. Temporary keys are not shared with its other addresses.
        """
        found = self._given.get(dc)
        if isinstance(found, DataCenter):
            hosts = found.media_ipv4 + found.media_ipv6
            return tuple((host, port) for host in hosts for port in PORTS) or None
        return None if found is not None else self._learnt_media.get(dc)

    def cdn_destination(self, dc: int) -> Destination | None:
        """Return the addresses of a CDN; None where none are known."""
        return self._learnt_cdns.get(dc)

    def destination(self, dc: int) -> Destination:
        """Return where to connect to.

        Raises:
            LocalProtocolError: there is no data centre of this number; the error names those that are known.

        """
        found = self._given.get(dc)
        found = found if found is not None else self._learnt.get(dc)
        if found is None:
            known = ", ".join(map(str, sorted(self.ids)))
            raise LocalProtocolError(f"no data centre {dc} is known; known are {known}")
        return found

    def learn(self, config: Any) -> None:
        """Take the addresses of data centres that were not known from the answer to `help.getConfig`.

        What the caller gave stays as it is. Addresses of a CDN are kept apart. Those of a proxy's kind are left out,
        and so is what is no IP address: a name would be looked up for a server's pleasure.

        Args:
            config: the answer; not trusted.

        """
        found: dict[tuple[int, str], list[tuple[str, int]]] = {}
        kinds = {"": self._learnt, "media": self._learnt_media, "cdn": self._learnt_cdns}
        for option in list(getattr(config, "dc_options", ()))[:_LEARNT_AT_MOST]:
            if option.tcpo_only or not _is_usable(option):
                continue
            place = option.ip_address, option.port
            kind = "cdn" if option.cdn else "media" if option.media_only else ""
            found.setdefault((option.id, kind), []).append(place)
        with self._lock:
            for (dc, kind), places in found.items():
                learnt = kinds[kind]
                if dc not in self._given and (dc in learnt or len(learnt) < _LEARNT_AT_MOST):
                    learnt[dc] = tuple(sorted(places, key=lambda place: ":" in place[0]))  # IPv4 first


def _place_of(where: Destination | DataCenter) -> tuple[str, int] | None:
    """Return one host and port of a data centre; None for one of Telegram's, and for what is no address."""
    if isinstance(where, DataCenter):
        is_telegrams = where in (PRODUCTION.get(where.id), TEST.get(where.id))
        return None if is_telegrams else where.addresses()[0]
    if isinstance(where, str):
        try:
            return parse_address(where)
        except LocalProtocolError:
            return None
    match where:
        case (str() as host, int() as port):
            return host, port
        case (first, *_):
            return _place_of(first)
    return None


def _is_usable(option: Any) -> bool:
    """Tell whether a `dcOption` names a data centre and a place that can be."""
    try:
        ipaddress.ip_address(option.ip_address)
    except ValueError:
        return False
    return 0 < option.id < TEST_DC_OFFSET and 0 < option.port < 1 << 16 and "%" not in option.ip_address

"""Where a self-test goes: a local network that lives as long as the command, or Telegram's test servers."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mtproto.crypto import RSAPublicKey
from mtproto.datacenters import TEST, TEST_KEYS, DataCenter
from mtproto.localdc import LocalDC, LocalNetwork, self_signed, trusting

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

__all__ = ["Site", "local_site", "site_of", "test_site"]

Address: TypeAlias = tuple[str, int]

_HOME = 2
_LANDS = 250
_LOCALHOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The data centres of a self-test, and who it is there.

    Attributes:
        name: what it is called in the report.
        dcs: where to connect, by the number of the data centre.
        home: the number of the one that most checks go to.
        keys: the RSA keys to trust.
        test: whether these are Telegram's test servers.
        api_id: the number of the application.
        api_hash: its secret half.
        bot_token: the bot to log in as; None for nobody.
        with_tls: where `websocket-tls` is spoken, and what to trust there; None: at the data centres themselves.

    """

    name: str
    dcs: Mapping[int, Address | DataCenter]
    home: int
    keys: tuple[RSAPublicKey, ...] = field(repr=False)
    test: bool
    api_id: int = field(repr=False)
    api_hash: str = field(repr=False)
    bot_token: str | None = field(repr=False)
    with_tls: tuple[Address, ssl.SSLContext] | None = field(default=None, repr=False)

    def exchange_id(self, dc: int) -> int:
        """Return the number that names a data centre in a key exchange."""
        found = self.dcs[dc]
        return found.exchange_id if isinstance(found, DataCenter) else dc

    def addresses(self, dc: int) -> tuple[Address, ...]:
        """Return host and port of a data centre, the best ones first."""
        found = self.dcs[dc]
        return found.addresses() if isinstance(found, DataCenter) else (found,)


def test_site(api_id: int, api_hash: str, bot_token: str | None) -> Site:
    """Return Telegram's test servers."""
    return Site(
        name="Telegram's test servers",
        dcs=TEST,
        home=_HOME,
        keys=tuple(RSAPublicKey.from_data(data) for data in TEST_KEYS),
        test=True,
        api_id=api_id,
        api_hash=api_hash,
        bot_token=bot_token,
    )


def site_of(network: LocalNetwork, with_tls: tuple[Address, ssl.SSLContext] | None = None) -> Site:
    """Return a local network that runs. Its data centres answer `help.getCountriesList` from now on."""
    names = [f"Land {number:03}" for number in range(_LANDS)]
    codes = [{"_": "help.countryCode", "country_code": str(number + 1)} for number in range(_LANDS)]
    countries = [
        {"_": "help.country", "iso2": f"{number:03}", "default_name": name, "country_codes": [code]}
        for number, (name, code) in enumerate(zip(names, codes, strict=True))
    ]
    for dc in network.dcs.values():
        dc.answer("help.getCountriesList", {"_": "help.countriesList", "countries": countries, "hash": 1})
    return Site(
        name="a local network",
        dcs=network.addresses,
        home=_HOME,
        keys=tuple(network.keys),
        test=False,
        api_id=network.api_id,
        api_hash=network.api_hash,
        bot_token=network.bot_token,
        with_tls=with_tls,
    )


@asynccontextmanager
async def local_site() -> AsyncIterator[Site]:
    """Run a local network, and beside it a data centre that speaks TLS, since the others speak none."""
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(LocalNetwork())
        context, pem = self_signed(_LOCALHOST)
        key = network.dcs[_HOME].private_key
        secure = await stack.enter_async_context(LocalDC(_LOCALHOST, dc_id=_HOME, key=key, tls=context))
        yield site_of(network, (secure.address, trusting(pem)))

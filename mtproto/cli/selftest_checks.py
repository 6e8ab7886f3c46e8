"""The checks of a self-test: a table of names, words and functions. Each stands for itself.

A check returns what it measured, or raises `CheckFailed` or `CheckSkipped`, or whatever error it met.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.cli.selftest_files import file
from mtproto.cli.selftest_relay import CuttingRelay
from mtproto.cli.selftest_stand import CheckFailed, CheckSkipped, Stand
from mtproto.errors import LocalProtocolError, OptionError, Unauthorized
from mtproto.link import BackoffPolicy, KeyBound
from mtproto.message import KeyState
from mtproto.net import TRANSPORT_NAMES
from tl import api, service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mtproto.cli.selftest_sites import Site
    from mtproto.cli.selftest_transcript import Fact
    from mtproto.link import LinkEvent

__all__ = ["Check", "checks_of"]

LIMIT = 90.0
"""Seconds that one check may take: several exchanges at a slow server, and one attempt to connect that hangs."""

_CALLS_CUT = 8
_WRONG_SALT = 48
_AT_ONCE = BackoffPolicy(first=0.1, ceiling=2.0)

_NEAREST = api.functions.help.GetNearestDc()
_ONESELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
_COUNTRIES = api.functions.help.GetCountriesList(lang_code="en", hash=0)


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    Attributes:
        name: what the report and `--only` call it.
        about: what is checked, in words.
        run: the check.
        limit: seconds that it may take.

    """

    name: str
    about: str
    run: Callable[[Stand], Awaitable[Mapping[str, Fact]]]
    limit: float = LIMIT


def checks_of(site: Site) -> Sequence[Check]:
    """Return the checks for a site, in the order in which they run."""
    return (
        *(
            Check(f"exchange-{dc}", f"DC {dc} makes a key, and answers help.getConfig", partial(_exchange, dc=dc))
            for dc in site.dcs
        ),
        Check("resume", "a second connection goes on with the key of the first, without an exchange", _resume),
        Check("salts", "a call under a wrong salt is refused, and goes out again under the right one", _salts),
        Check("gzip", "a packed call is answered, and a long answer comes packed", _gzip),
        Check("file", "a file comes whole", file),
        Check("temporary-keys", "two temporary keys of one permanent key, and what becomes of the first", _two_keys),
        Check("cut", f"{_CALLS_CUT} calls without an answer outlive a cut connection", _cut),
        *(
            Check(f"transport-{name}", f"a call over {name}", partial(_transport, name=name))
            for name in TRANSPORT_NAMES
        ),
    )


async def _exchange(stand: Stand, *, dc: int) -> Mapping[str, Fact]:
    client = stand.client(dc)
    async with client:
        config = await stand.call(client, api.functions.help.GetConfig())
        if config.this_dc != dc:
            raise CheckFailed(f"DC {config.this_dc} answers in place of DC {dc}")
        stand.keep(dc, client)
    steps = stand.recorder.count("ExchangeStep")
    return {"messages": steps, "dcs": len({option.id for option in config.dc_options}), "test": bool(config.test_mode)}


async def _resume(stand: Stand) -> Mapping[str, Fact]:
    state = await stand.state()
    made = stand.recorder.count("ExchangeStep")
    async with stand.client(state=state) as client:
        await stand.call(client, _NEAREST)
    again = stand.recorder.count("ExchangeStep") - made
    if again:
        raise CheckFailed(f"{again} messages of an exchange were sent and received, although there was a key")
    return {"salts": len(state.salts)}


async def _salts(stand: Stand) -> Mapping[str, Fact]:
    known = await stand.state()
    state = replace(known, salts=[replace(salt, salt=~salt.salt) for salt in known.salts])
    refused = []

    def watch(event: LinkEvent) -> None:
        refused.append(getattr(event, "code", 0))

    async with stand.client(state=state, watch=watch) as client:
        await stand.call(client, _NEAREST)
    count = refused.count(_WRONG_SALT)
    if not count:
        raise CheckFailed("a call under a wrong salt was answered without bad_server_salt")
    return {"bad_server_salt": count}


async def _gzip(stand: Stand) -> Mapping[str, Fact]:
    if stand.proxy is not None:
        raise CheckSkipped("what is packed is measured on the straight way only, and there is a proxy")
    packed = service.types.GzipPacked(packed_data=gzip.compress(_NEAREST.to_bytes()))
    async with CuttingRelay(stand.site.addresses(stand.site.home)) as relay:
        state = await stand.state()
        async with stand.client(address=relay.address, state=state) as client:
            await stand.call(client, _NEAREST)  # initConnection
            answer = api.decode(await client.call_bytes(packed.to_bytes()), _NEAREST.result)
            stand.recorder.note("answer to a packed call", name=answer.NAME)
            before = relay.received
            countries = await client.call_bytes(_COUNTRIES.to_bytes(), idempotent=True)
            came = relay.received - before
    name = api.decode(countries, _COUNTRIES.result).NAME
    stand.recorder.note("long answer", name=name, bytes=len(countries), packets=came)
    if came >= len(countries):
        raise CheckFailed(f"an answer of {len(countries)} bytes came as {came} bytes: it was not packed")
    return {"bytes": len(countries), "packed": came}


async def _two_keys(stand: Stand) -> Mapping[str, Fact]:
    state = await stand.state()
    bound: dict[int, list[int]] = {0: [], 1: []}

    def watching(number: int) -> Callable[[LinkEvent], None]:
        def watch(event: LinkEvent) -> None:
            if isinstance(event, KeyBound):
                bound[number].append(event.state.auth_key.id)

        return watch

    async with (
        stand.client(state=_copy(state), pfs=True, watch=watching(0)) as first,
        stand.client(state=_copy(state), pfs=True, watch=watching(1)) as second,
    ):
        for client in (first, second, first, second):
            try:
                await stand.call(client, _ONESELF)  # a method that looks at the permanent key, unlike those of help
            except Unauthorized as error:
                if error.message != "AUTH_KEY_UNREGISTERED":  # that is: bound, and nobody is logged in
                    raise
    made = {*bound[0], *bound[1]}
    if not (bound[0] and bound[1] and len(made) > 1):
        raise CheckFailed(f"{len(made)} temporary keys were bound by two clients")
    bindings = len(bound[0]) + len(bound[1])
    return {"bindings": bindings, "policy": "one a session" if bindings == len(bound) else "one a permanent key"}


async def _cut(stand: Stand) -> Mapping[str, Fact]:
    if stand.proxy is not None:
        raise CheckSkipped("a connection is cut on the straight way only, and there is a proxy")
    state = await stand.state()
    async with (
        CuttingRelay(stand.site.addresses(stand.site.home)) as relay,
        stand.client(address=relay.address, state=state, backoff=_AT_ONCE) as client,
    ):
        await stand.call(client, _NEAREST)
        relay.hold()
        sent = relay.sent
        calls = [asyncio.create_task(stand.call(client, _NEAREST)) for _ in range(_CALLS_CUT)]
        try:
            await relay.wait_for_sent(sent + 1)
            relay.cut()
            answers = await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()
        connections = relay.connections
    if connections < len(("before", "after")):
        raise CheckFailed("the calls were answered over the connection that was cut")
    return {"answers": len(answers), "connections": connections, "resent": stand.recorder.count("Resent")}


async def _transport(stand: Stand, *, name: str) -> Mapping[str, Fact]:
    state = await stand.state()
    options: dict[str, Any] = {"transport": name, "state": state}
    if name == "websocket-tls" and stand.site.with_tls is not None:
        # a data centre of its own, which knows no key of the others
        address, trusted = stand.site.with_tls
        options = {"transport": name, "address": address, "tls": trusted}
    try:
        client = stand.client(**options)
    except OptionError as error:
        raise CheckSkipped("this transport and the proxy exclude one another") from error
    except LocalProtocolError as error:
        raise CheckSkipped("a library is missing: install the extra `web`") from error
    async with client:
        await stand.call(client, _NEAREST)
    return {}


def _copy(state: KeyState) -> KeyState:
    return KeyState.from_bytes(state.to_bytes())

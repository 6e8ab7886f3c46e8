"""What the options `address` and `transport` come to: the addresses that are attempted, and what is asked for there."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest

from mtproto.datacenters import PORTS, PRODUCTION, TEST, DataCenter
from mtproto.errors import LocalProtocolError
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection
from mtproto.net.carriers.happy_eyeballs import in_turns, look_up
from mtproto.net.route_options import route_to
from tests.loopback import NEEDS_IPV6
from tests.net.support import ANSWER, QUERY, SOON, body_of, introduced, listener, rsa_key, run

PROXY = "tg://proxy?server=192.0.2.1&port=443&secret=" + "00" * 16


@pytest.mark.parametrize("dc", [*PRODUCTION.values(), *TEST.values()], ids=lambda dc: f"{dc.name} {dc.exchange_id}")
@pytest.mark.parametrize("transport", ["intermediate", "obfuscated-abridged", "http", "websocket"])
def test_of_a_data_centre_every_address_of_both_families_is_attempted(dc: DataCenter, transport: str) -> None:
    addresses = route_to(dc, transport, None).addresses
    ports = PORTS if transport in ("intermediate", "obfuscated-abridged") else (80,)
    assert set(addresses) == {(host, port) for host in (*dc.ipv4, *dc.ipv6) for port in ports}
    assert addresses[0] == (dc.ipv4[0], ports[0])


def test_the_first_attempts_are_the_best_address_of_each_family_on_port_443() -> None:
    dc = PRODUCTION[2]
    places, _ = look_up(route_to(dc, "intermediate", None).addresses, socket.AI_NUMERICHOST)
    assert [place.address for place in in_turns(places)][:4] == [
        (dc.ipv4[0], 443),
        (dc.ipv6[0], 443),
        (dc.ipv4[0], 80),
        (dc.ipv6[0], 80),
    ]


@pytest.mark.parametrize(
    ("dc", "place", "path"),
    [
        (PRODUCTION[4], ("vesta.web.telegram.org", 443), "/apiws"),
        (TEST[2], ("venus.web.telegram.org", 443), "/apiws_test"),
    ],
)
def test_a_data_centre_with_a_certificate_has_a_name(dc: DataCenter, place: tuple[str, int], path: str) -> None:
    route = route_to(dc, "websocket-tls", None)
    assert (route.addresses, route.path) == ((place,), path)


@pytest.mark.parametrize(("transport", "path"), [("http", "/api"), ("websocket", "/apiws")])
def test_by_number_test_servers_have_no_path_of_their_own(transport: str, path: str) -> None:
    assert route_to(TEST[1], transport, None).path == route_to(("192.0.2.1", 80), transport, None).path == path


def test_several_addresses_stay_in_their_order() -> None:
    places = [("192.0.2.1", 443), ("dc.example", 80), ("2001:db8::1", 5222)]
    assert route_to(places, "intermediate", None).addresses == tuple(places)
    assert route_to(tuple(places), "http", None).addresses == tuple(places)
    assert route_to(places[1], "intermediate", None).addresses == (places[1],)


@NEEDS_IPV6
def test_the_name_of_a_socket_is_an_address() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        name = listening.getsockname()
        assert route_to(name, "intermediate", None).addresses == (("::1", name[1]),)


def test_a_proxy_that_speaks_mtproto_takes_the_place_of_all_addresses() -> None:
    assert route_to(PRODUCTION[2], "intermediate", PROXY).addresses == (("192.0.2.1", 443),)


def test_at_least_one_address_is_needed() -> None:
    with pytest.raises(LocalProtocolError, match="no address"):
        route_to((), "intermediate", None)


@pytest.mark.parametrize(("dc", "number"), [(PRODUCTION[3], 3), (TEST[3], 10003)])
def test_a_data_centre_tells_its_own_number(dc: DataCenter, number: int) -> None:
    state = KeyState(auth_key=AuthKey(bytes(256)), dc_id=number)

    async def main() -> None:
        for shell in (Connection, BlockingConnection):
            shell(dc, [rsa_key().public], state=state)  # it would refuse a key of another data centre
            with pytest.raises(LocalProtocolError):
                shell(dc, [rsa_key().public], state=state, dc_id=7)
            shell(dc.addresses(), [rsa_key().public], state=state)  # its number is that of the key
            with pytest.raises(LocalProtocolError):
                shell(dc.addresses(), [rsa_key().public], state=state, dc_id=2)

    run(main())


def test_calls_find_the_address_that_answers() -> None:
    async def main() -> None:
        with socket.socket() as refusing:
            refusing.bind(("127.0.0.1", 0))
            async with listener() as server:
                places = [refusing.getsockname(), server.address]
                state = introduced(server)
                async with Connection(places, [rsa_key().public], state=state) as client:
                    assert body_of(await client.call(QUERY)) == ANSWER + QUERY

                def call() -> bytes:
                    with BlockingConnection(places, [rsa_key().public], state=introduced(server)) as client:
                        return body_of(client.call(QUERY, timeout=SOON))

                assert await asyncio.to_thread(call) == ANSWER + QUERY

    run(main())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("127.0.0.1:4433", (("127.0.0.1", 4433),)),
        ("[::1]:4433", (("::1", 4433),)),
        (["dc.example:80", ("::1", 443)], (("dc.example", 80), ("::1", 443))),
        (("[::1]", 443), (("::1", 443),)),
    ],
)
def test_an_address_may_be_written_as_one_text(written: Any, read: tuple[Any, ...]) -> None:
    assert route_to(written, "intermediate", None).addresses == read


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("127.0.0.1", "'127.0.0.1' is not HOST:PORT"),
        ("127.0.0.1:x", "'127.0.0.1:x' is not HOST:PORT"),
        (("127.0.0.1", 0), "not '0'"),
        (("127.0.0.1", 65536), "not '65536'"),
        (("", 443), "'' is no name of a host"),
        (("127.0.0.1", "x"), "'127.0.0.1' is not HOST:PORT"),
        ([("127.0.0.1", None)], "None"),
        ([7], "7 is no address"),
        (None, "no address to connect to: an address is"),
        (443, "no address to connect to: an address is"),
    ],
)
def test_what_is_no_address_is_named(written: Any, named: str) -> None:
    with pytest.raises(LocalProtocolError, match=re.escape(named)):
        route_to(written, "intermediate", None)

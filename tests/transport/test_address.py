"""Addresses as people write them: one parser for links, options and the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.transport import authority, parse_address
from mtproto.transport.address import read_host, read_port

ports = st.integers(1, 65535)
hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,10}){0,3}", fullmatch=True),
)


@given(hosts, ports, st.sampled_from(["{}", " {}", "{}\n"]))
def test_what_is_written_is_read_back(host: str, port: int, around: str) -> None:
    assert parse_address(around.format(authority((host, port)))) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "host:",
        ":443",
        "host:0",
        "host:65536",
        "host:https",
        "host:+443",
        "host:4 43",
        "host:٤",
        "::1:443",
        "::1",
        "[::1]",
        "[host]:443",
        "[::1:443",
        "a b:443",
        "http://host:443",
        "user@host:443",
        f"{'a' * 255}:443",
        "a:1,b:2",
    ],
)
def test_anything_else_is_refused_in_words_of_the_input(text: str) -> None:
    with pytest.raises(LocalProtocolError, match="is not HOST:PORT") as caught:
        parse_address(text)
    assert repr(text)[:40].rstrip("'") in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "tg://proxy?server=192.0.2.1&port=443&secret=dd5eC4e7",
        "tg://proxy?server=[::1]&port=443&secret=dd5eC4e7",
        "https://t.me/socks?server=192.0.2.1&port=1080&user=me&pass=5eC4e7",
        "t.me/proxy?secret=dd5eC4e7&server=192.0.2.1&port=443",
        "socks5://me:5eC4e7@192.0.2.1:1080",
        "socks5://me:5eC4e7/x@[::1]:1080",
        "me:5eC4e7?@192.0.2.1:1080",
    ],
)
def test_a_link_that_stands_where_an_address_belongs_is_refused_without_what_it_keeps_secret(text: str) -> None:
    for read in (parse_address, read_host, read_port):
        with pytest.raises(LocalProtocolError) as caught:
            read(text)
        assert "5eC4e7" not in str(caught.value)
    with pytest.raises(LocalProtocolError, match=r"is not HOST:PORT.*a link.*option proxy"):
        parse_address(text)


@given(st.text(max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        address = parse_address(text)
    except LocalProtocolError:
        return
    assert parse_address(authority(address)) == address

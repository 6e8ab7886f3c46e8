"""Addresses as people write them: one parser for links, options and the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.transport import authority, parse_address

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


@given(st.text(max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        address = parse_address(text)
    except LocalProtocolError:
        return
    assert parse_address(authority(address)) == address

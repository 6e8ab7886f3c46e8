"""What is wrong in a link to a proxy is named, and nothing of the link is repeated: any field may hold the secret."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.transport import parse_address
from mtproto.transport.links import read_link

SECRET = "dd" + "52" * 16


@pytest.mark.parametrize("beginning", ["tg://proxy?", "https://t.me/proxy?", "tg://socks?"])
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (f"server=h&port=443%26secret={SECRET}", "the port in a link to a proxy is not a number from 1 to 65535"),
        (f"server=h%26secret={SECRET}&port=443", "the server in a link to a proxy is not the name of a host or an IP"),
        (f"server=h&port={SECRET}", "the port in a link"),
        (f"server={SECRET}:{SECRET}&port=1", "the server in a link"),
        (f"server=h&port={'9' * 100_000}&secret={SECRET}", "the port in a link"),
        (f"server=h&secret={SECRET}", "says port=… once"),
    ],
)
def test_an_error_about_a_link_names_the_field_and_repeats_nothing(beginning: str, fields: str, said: str) -> None:
    with pytest.raises(LocalProtocolError, match=said) as caught:
        read_link(beginning + fields)
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 100
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("rest", ["&secret=", "?secret=", "?port=443&secret=", "/?x&pass="])
def test_what_is_left_of_a_link_is_not_repeated_by_an_error_about_an_address(rest: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_address(f"host:443{rest}{SECRET}")
    assert SECRET not in str(caught.value)
    assert "host:443" in str(caught.value)

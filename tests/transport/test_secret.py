"""Proxy secrets and links: every spelling of each kind is read, anything else is refused without being repeated."""

from __future__ import annotations

import base64
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.transport import MTProxy, Secret, SecretKind

if TYPE_CHECKING:
    from collections.abc import Callable

Vector = dict[str, Any]

KEY = bytes.fromhex("fbffbe000102030405060708090a0b0c")  # its base64 holds both letters that differ between alphabets
DOMAIN = "www.example.org"
EVERY_KIND = [Secret(KEY), Secret(KEY, SecretKind.PADDED), Secret(KEY, SecretKind.FAKE_TLS, DOMAIN)]

every_kind = pytest.mark.parametrize("secret", EVERY_KIND, ids=[secret.kind.value for secret in EVERY_KIND])

SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "upper-case hex": lambda data: data.hex().upper(),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode(),
    "base64url without padding": lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
    "base64": lambda data: base64.b64encode(data).decode(),
}
every_spelling = pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)


def run_secret(vector: Vector) -> None:
    """Run a vector of the kind "mtproxy-secret"."""
    expected, *names = vector["expect"].split()
    if expected in {"error", "gotd:"}:  # libraries differ over an ee without a domain; it can't be used
        with pytest.raises(LocalProtocolError):
            Secret.parse(vector["secret"])
        return
    kinds = {"simple": SecretKind.PLAIN, "secured": SecretKind.PADDED, "tls": SecretKind.FAKE_TLS}
    secret = Secret.parse(vector["secret"])
    assert (secret.kind, secret.domain) == (kinds[expected], *(names or [""]))
    assert secret.to_bytes().hex() == vector["secret"]


RUNNERS: dict[str, Callable[[Vector], None]] = {"mtproxy-secret": run_secret}


@every_kind
@every_spelling
def test_every_spelling_is_read(secret: Secret, spell: Callable[[bytes], str]) -> None:
    assert Secret.parse(spell(secret.to_bytes())) == secret


@given(st.builds(Secret, st.binary(min_size=16, max_size=16)), st.sampled_from([*SPELLINGS.values()]))
def test_any_16_bytes_are_a_plain_secret(secret: Secret, spell: Callable[[bytes], str]) -> None:
    text = spell(secret.to_bytes())
    assume(not (len(text) == 22 and all_hex(text)))  # one base64 text of ten thousand millions: told as wrong hex
    assert Secret.parse(text) == secret


def all_hex(text: str) -> bool:
    return set(text) <= set(string.hexdigits)


@given(st.text(string.hexdigits, min_size=1, max_size=500).filter(lambda text: len(text) not in (32, 34)))
@example("ee676f6f676c652e636f6d")  # as base64 these would be 16 bytes, and a plain secret
@example("3d" + "0" * 21)  # as base64 these would be dd and 16 bytes
@example("0" * 22)
def test_hex_of_a_wrong_length_is_never_read_as_base64(text: str) -> None:
    try:
        secret = Secret.parse(text)
    except LocalProtocolError:
        return
    assert secret.kind is SecretKind.FAKE_TLS
    assert secret.to_bytes() == bytes.fromhex(text)


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "\r\n\t{}\r\n"])
@every_spelling
def test_blanks_and_line_breaks_around_a_secret_are_dropped(spell: Callable[[bytes], str], around: str) -> None:
    assert Secret.parse(around.format(spell(EVERY_KIND[2].to_bytes()))) == EVERY_KIND[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a secret",
        KEY.hex()[:-1],
        KEY.hex()[:-2],
        f"{KEY.hex()}00",
        f"dd{KEY.hex()}00",
        f"ee{KEY.hex()}",
        f"ee{KEY.hex()}{'é'.encode().hex()}",
        f"ee{KEY.hex()}{b'a b'.hex()}",
        f"ee{KEY.hex()}{(b'a' * 183).hex()}",
        f"{base64.b64encode(KEY).decode()[:12]}\n{base64.b64encode(KEY).decode()[12:]}",
        "зззз",
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        Secret.parse(text)
    assert not text or text not in str(caught.value)


def test_a_secret_of_another_length_is_told_its_length_as_hex_and_an_ee_what_it_lacks() -> None:
    with pytest.raises(LocalProtocolError, match="of 17"):
        Secret.parse(f"{KEY.hex()}00")
    with pytest.raises(LocalProtocolError, match="names a domain"):
        Secret.parse(f"ee{KEY.hex()}")


@given(st.text(max_size=60) | st.binary(max_size=60).map(bytes.hex))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        secret = Secret.parse(text)
    except LocalProtocolError:
        return
    assert Secret.from_bytes(secret.to_bytes()) == secret


@pytest.mark.parametrize(
    ("kind", "domain"), [(SecretKind.FAKE_TLS, ""), (SecretKind.PLAIN, DOMAIN), (SecretKind.PADDED, DOMAIN)]
)
def test_a_domain_belongs_to_fake_tls_alone(kind: SecretKind, domain: str) -> None:
    with pytest.raises(LocalProtocolError):
        Secret(KEY, kind, domain)


@every_kind
def test_no_repr_shows_the_key(secret: Secret) -> None:
    for shown in (repr(secret), repr(MTProxy(("proxy.example", 443), secret))):
        assert KEY.hex() not in shown
        assert repr(KEY) not in shown


@every_kind
@every_spelling
@pytest.mark.parametrize(
    "form",
    [
        "tg://proxy?server={}&port=443&secret={}",
        "tg:proxy?server={}&port=443&secret={}",
        "https://t.me/proxy?server={}&port=443&secret={}",
        "http://telegram.me/proxy/?secret={1}&port=443&server={0}&more=ignored",
        "HTTPS://T.ME/proxy?server={}&port=443&secret={}",
        "t.me/proxy?server={}&port=443&secret={}",
        "Telegram.me/proxy?server={}&port=443&secret={}",
        "telegram.dog:443/proxy?server={}&port=443&secret={}",
        "www.t.me/proxy?server={}&port=443&secret={}",
        "https://www.t.me:443/proxy?server={}&port=443&secret={}",
        "TG://PROXY?server={}&port=443&secret={}",
        "tg://proxy/?server={}&port=443&secret={}",
        " \n\ttg://proxy?server={}&port=443&secret={}\r\n",
        "https://t.me/proxy?server={}&amp;port=443&amp;secret={}",
        "tg://proxy?server=%20{}%20&port=%34%34%33&secret=%20{}%0a",
        "tg://proxy?server={}&port= 443 &secret={}",
    ],
)
def test_every_link_is_read(secret: Secret, spell: Callable[[bytes], str], form: str) -> None:
    link = form.format("proxy.example", spell(secret.to_bytes()))  # base64 stands there unescaped, as people paste it
    assert MTProxy.parse(link) == MTProxy(("proxy.example", 443), secret)


@pytest.mark.parametrize("written", ["[::1]", "::1", "%5B%3A%3A1%5D", " [::1] "])
def test_an_ipv6_server_in_brackets_is_a_host_without_them(written: str) -> None:
    assert MTProxy.parse(f"tg://proxy?server={written}&port=443&secret={KEY.hex()}").address == ("::1", 443)


@every_kind
@pytest.mark.parametrize("host", ["proxy.example", "192.0.2.1", "2001:db8::1"])
def test_a_link_of_ours_leads_back(secret: Secret, host: str) -> None:
    proxy = MTProxy((host, 8443), secret)
    assert proxy.link.startswith("tg://proxy?")
    assert MTProxy.parse(proxy.link) == proxy


@pytest.mark.parametrize(
    ("link", "named"),
    [
        (f"tg://proxy?port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=a&server=b&port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=a&secret={KEY.hex()}", "port"),
        (f"tg://proxy?server=a&port=0&secret={KEY.hex()}", "port"),
        (f"tg://proxy?server=a&port=65536&secret={KEY.hex()}", "port"),
        (f"tg://proxy?server=a&port={'9' * 5000}&secret={KEY.hex()}", "port"),
        (f"tg://proxy?server=a&port=٤&secret={KEY.hex()}", "port"),
        ("tg://proxy?server=a&port=443", "secret"),
        ("tg://proxy?server=a&port=443&secret=dd", "secret"),
        (f"tg://resolve?server=a&port=443&secret={KEY.hex()}", "tg://proxy?"),
        (f"https://example.org/proxy?server=a&port=443&secret={KEY.hex()}", "tg://proxy?"),
        (f"https://t.me/socks?server=a&port=443&secret={KEY.hex()}", "SOCKS5"),
        (f"tg://proxy?server=[::1&port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=[proxy.example]&port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=proxy.example:443&port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=https://proxy.example&port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=a%20b&port=443&secret={KEY.hex()}", "server"),
        (f"tg://proxy?server=a&port=https&secret={KEY.hex()}", "port"),
        (f"tg://proxy?server=a&port=443&secret={KEY.hex()}&secret={KEY.hex()}", "secret"),
        ("https://[", "link"),
        (f"tg://proxy?server=a&port=443&secret={KEY.hex()}{'&x' * 20}", "link"),
        ("", "tg://proxy?"),
    ],
)
def test_a_wrong_link_is_told_what_is_wrong(link: str, named: str) -> None:
    with pytest.raises(LocalProtocolError, match=named.replace("?", r"\?")) as caught:
        MTProxy.parse(link)
    assert KEY.hex() not in str(caught.value)


@given(st.text(max_size=80).map(lambda rest: f"tg://proxy?{rest}") | st.text(max_size=80))
def test_no_link_raises_anything_else(link: str) -> None:
    try:
        proxy = MTProxy.parse(link)
    except LocalProtocolError:
        return
    assert MTProxy.parse(proxy.link) == proxy

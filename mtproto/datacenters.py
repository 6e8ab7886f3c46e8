"""Telegram's data centres: addresses to begin with, and the public keys that a client trusts.

The addresses are the defaults that clients ship; `help.getConfig` gives the current ones. The keys are those of
core.telegram.org/mtproto/auth_key; a client never goes on with a server that offers none of them. They are plain
numbers here: `mtproto.crypto.rsa` makes keys of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "OLD_KEYS",
    "PORTS",
    "PRODUCTION",
    "PRODUCTION_KEYS",
    "TEST",
    "TEST_DC_OFFSET",
    "TEST_KEYS",
    "DataCenter",
    "PublicKey",
]

PORTS = (443, 80, 5222)
"""The ports on which every data centre listens, in the order in which to try them."""

TEST_DC_OFFSET = 10000
"""What the key exchange adds to the id of a data centre of the test servers (core.telegram.org/mtproto/auth_key)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCenter:
    """One data centre.

    Attributes:
        id: its number, from 1.
        name: its name in addresses of HTTP and WebSocket (`name.web.telegram.org`).
        ipv4: addresses, the preferred one first.
        ipv6: the same for IPv6.
        media_ipv4: addresses for file queries only, preferred for them.
        media_ipv6: the same for IPv6.
        test: whether it belongs to the test servers, which share nothing with the production ones.

    """

    id: int
    name: str
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    media_ipv4: tuple[str, ...] = ()
    media_ipv6: tuple[str, ...] = ()
    test: bool = False

    @property
    def exchange_id(self) -> int:
        """The number that names it in a key exchange."""
        return self.id + TEST_DC_OFFSET if self.test else self.id

    @property
    def web_host(self) -> str:
        """The host whose certificate is for this data centre: where to speak TLS."""
        return f"{self.name}.web.telegram.org"

    def addresses(self, *, ipv6: bool = False, media: bool = False) -> tuple[tuple[str, int], ...]:
        """Return the pairs of host and port in the order in which to try them: every port of an address, then the next.

        Args:
            ipv6: addresses of IPv6 instead of IPv4.
            media: the addresses for file queries first.

        """
        hosts = self.ipv6 if ipv6 else self.ipv4
        if media:
            hosts = (self.media_ipv6 if ipv6 else self.media_ipv4) + hosts
        return tuple((host, port) for host in hosts for port in PORTS)


def _by_id(*data_centers: DataCenter) -> Mapping[int, DataCenter]:
    return MappingProxyType({data_center.id: data_center for data_center in data_centers})


PRODUCTION = _by_id(
    DataCenter(
        id=1,
        name="pluto",
        ipv4=("149.154.175.50", "149.154.175.53", "149.154.175.52"),
        ipv6=("2001:b28:f23d:f001::a",),
    ),
    DataCenter(
        id=2,
        name="venus",
        ipv4=("149.154.167.51", "149.154.167.41", "95.161.76.100"),
        ipv6=("2001:67c:4e8:f002::a",),
        media_ipv4=("149.154.167.222",),
        media_ipv6=("2001:67c:4e8:f002::b",),
    ),
    DataCenter(id=3, name="aurora", ipv4=("149.154.175.100",), ipv6=("2001:b28:f23d:f003::a",)),
    DataCenter(
        id=4,
        name="vesta",
        ipv4=("149.154.167.91",),
        ipv6=("2001:67c:4e8:f004::a",),
        media_ipv4=("149.154.166.120",),
        media_ipv6=("2001:67c:4e8:f004::b",),
    ),
    DataCenter(id=5, name="flora", ipv4=("149.154.171.5", "91.108.56.191"), ipv6=("2001:b28:f23f:f005::a",)),
)
"""The data centres that serve accounts, by id."""

TEST = _by_id(
    DataCenter(id=1, name="pluto", ipv4=("149.154.175.10",), ipv6=("2001:b28:f23d:f001::e",), test=True),
    DataCenter(id=2, name="venus", ipv4=("149.154.167.40",), ipv6=("2001:67c:4e8:f002::e",), test=True),
    DataCenter(id=3, name="aurora", ipv4=("149.154.175.117",), ipv6=("2001:b28:f23d:f003::e",), test=True),
)
"""Telegram's test servers, by id; there are three."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA public key as plain numbers.

    Attributes:
        n: the modulus, 2048 bits.
        e: the exponent.
        fingerprint: the number by which `resPQ` names it, signed 64 bit.

    """

    n: int
    e: int
    fingerprint: int


def _key(fingerprint: int, modulus: str) -> PublicKey:
    signed = fingerprint - (1 << 64) if fingerprint >> 63 else fingerprint
    return PublicKey(int(modulus, 16), 65537, signed)


PRODUCTION_KEYS = (
    _key(
        0xD09D1D85DE64FD85,
        "e8bb3305c0b52c6cf2afdf7637313489e63e05268e5badb601af417786472e5f93b85438968e20e6729a301c0afc121bf7151f8"
        "34436f7fda680847a66bf64accec78ee21c0b316f0edafe2f41908da7bd1f4a5107638eeb67040ace472a14f90d9f7c2b7def99"
        "688ba3073adb5750bb02964902a359fe745d8170e36876d4fd8a5d41b2a76cbff9a13267eb9580b2d06d10357448d20d9da2191"
        "cb5d8c93982961cdfdeda629e37f1fb09a0722027696032fe61ed663db7a37f6f263d370f69db53a0dc0a1748bdaaff6209d564"
        "5485e6e001d1953255757e4b8e42813347b11da6ab500fd0ace7e6dfa3736199ccaf9397ed0745a427dcfa6cd67bcb1acff3",
    ),
)
"""The key of the production servers."""

TEST_KEYS = (
    _key(
        0xB25898DF208D2603,
        "c8c11d635691fac091dd9489aedced2932aa8a0bcefef05fa800892d9b52ed03200865c9e97211cb2ee6c7ae96d3fb0e15aeffd"
        "66019b44a08a240cfdd2868a85e1f54d6fa5deaa041f6941ddf302690d61dc476385c2fa655142353cb4e4b59f6e5b6584db76f"
        "e8b1370263246c010c93d011014113ebdf987d093f9d37c2be48352d69a1683f8f6e6c2167983c761e3ab169fde5daaa12123fa"
        "1beab621e4da5935e9c198f82f35eae583a99386d8110ea6bd1abb0f568759f62694419ea5f69847c43462abef858b4cb5edc84"
        "e7b9226cd7bd7e183aa974a712c079dde85b9dc063b8a5c08e8f859c0ee5dcd824c7807f20153361a7f63cfd2a433a1be7f5",
    ),
)
"""The key of the test servers."""

OLD_KEYS = (
    _key(
        0x0BC35F3509F7B7A5,
        "aeec36c8ffc109cb099624685b97815415657bd76d8c9c3e398103d7ad16c9bba6f525ed0412d7ae2c2de2b44e77d72cbf4b743"
        "8709a4e646a05c43427c7f184debf72947519680e651500890c6832796dd11f772c25ff8f576755afe055b0a3752c696eb7d8da"
        "0d8be1faf38c9bdd97ce0a77d3916230c4032167100edd0f9e7a3a9b602d04367b689536af0d64b613ccba7962939d3b57682be"
        "b6dae5b608130b2e52aca78ba023cf6ce806b1dc49c72cf928a7199d22e3d7ac84e47bc9427d0236945d10dbd15177bab413fbf"
        "0edfda09f014c7a7da088dde9759702ca760af2b8e4e97cc055c617bd74c3d97008635b98dc4d621b4891da9fb0473047927",
    ),
    _key(
        0x15AE5FA8B5529542,
        "bdf2c77d81f6afd47bd30f29ac76e55adfe70e487e5e48297e5a9055c9c07d2b93b4ed3994d3eca5098bf18d978d54f8b7c713e"
        "b10247607e69af9ef44f38e28f8b439f257a11572945cc0406fe3f37bb92b79112db69eedf2dc71584a661638ea5becb9e23585"
        "074b80d57d9f5710dd30d2da940e0ada2f1b878397dc1a72b5ce2531b6f7dd158e09c828d03450ca0ff8a174deacebcaa22dde8"
        "4ef66ad370f259d18af806638012da0ca4a70baa83d9c158f3552bc9158e69bf332a45809e1c36905a5caa12348dd57941a4821"
        "31be7b2355a5f4635374f3bd3ddf5ff925bf4809ee27c1e67d9120c5fe08a9de458b1b4a3c5d0a428437f2beca81f4e2d5ff",
    ),
    _key(
        0xAEAE98E13CD7F94F,
        "b3f762b739be98f343eb1921cf0148cfa27ff7af02b6471213fed9daa0098976e667750324f1abcea4c31e43b7d11f1579133f2"
        "b3d9fe27474e462058884e5e1b123be9cbbc6a443b2925c08520e7325e6f1a6d50e117eb61ea49d2534c8bb4d2ae4153fabe832"
        "b9edf4c5755fdd8b19940b81d1d96cf433d19e6a22968a85dc80f0312f596bd2530c1cfb28b5fe019ac9bc25cd9c2a5d8a0f3a1"
        "c0c79bcca524d315b5e21b5c26b46babe3d75d06d1cd33329ec782a0f22891ed1db42a1d6c0dea431428bc4d7aabdcf3e0eb6fd"
        "a4e23eb7733e7727e9a1915580796c55188d2596d2665ad1182ba7abf15aaa5a8b779ea996317a20ae044b820bff35b6e8a1",
    ),
    _key(
        0x5A181B2235057D98,
        "be6a71558ee577ff03023cfa17aab4e6c86383cff8a7ad38edb9fafe6f323f2d5106cbc8cafb83b869cffd1ccf121cd743d509e"
        "589e68765c96601e813dc5b9dfc4be415c7a6526132d0035ca33d6d6075d4f535122a1cdfe017041f1088d1419f65c8e5490ee6"
        "13e16dbf662698c0f54870f0475fa893fc41eb55b08ff1ac211bc045ded31be27d12c96d8d3cfc6a7ae8aa50bf2ee0f30ed507c"
        "c2581e3dec56de94f5dc0a7abee0be990b893f2887bd2c6310a1e0a9e3e38bd34fded2541508dc102a9c9b4c95effd9dd2dfe96"
        "c29be647d6c69d66ca500843cfaed6e440196f1dbe0e2e22163c61ca48c79116fa77216726749a976a1c4b0944b5121e8c01",
    ),
    _key(
        0xC3B42B026CE86B21,
        "c150023e2f70db7985ded064759cfecf0af328e69a41daf4d6f01b538135a6f91f8f8b2a0ec9ba9720ce352efcf6c5680ffc424"
        "bd634864902de0b4bd6d49f4e580230e3ae97d95c8b19442b3c0a10d8f5633fecedd6926a7f6dab0ddb7d457f9ea81b8465fcd6"
        "fffeed114011df91c059caedaf97625f6c96ecc74725556934ef781d866b34f011fce4d835a090196e9a5f0e4449af7eb697ddb"
        "9076494ca5f81104a305b6dd27665722c46b60e5df680fb16b210607ef217652e60236c255f6a28315f4083a96791d7214bf64c"
        "1df4fd0db1944fb26a2a57031b32eee64ad15a8ba68885cde74a5bfc920f6abf59ba5c75506373e7130f9042da922179251f",
    ),
    _key(
        0x9A996A1DB11C729B,
        "c6aeda78b02a251db4b6441031f467fa871faed32526c436524b1fb3b5dca28efb8c089dd1b46d92c895993d87108254951c5f0"
        "01a0f055f3063dcd14d431a300eb9e29517e359a1c9537e5e87ab1b116faecf5d17546ebc21db234d9d336a693efcb2b6fbcca1"
        "e7d1a0be414dca408a11609b9c4269a920b09fed1f9a1597be02761430f09e4bc48fcafbe289054c99dba51b6b5eb7d9c3a2ab4"
        "e490545b4676bd620e93804bcac93bf94f73f92c729ca899477ff17625ef14a934d51dc11d5f8650a3364586b3a52fcff2fedec"
        "8a8406cac4e751705a472e55707e3c8cd5594342b119c6c3293532d85dbe9271ed54a2fd18b4dc79c04a30951107d5639397",
    ),
    _key(
        0xB05B2A6F70CDEA78,
        "b1066749655935f0a5936f517034c943bea7f3365a8931ae52c8bcb14856f004b83d26cf2839be0f22607470d67481771c1ce5e"
        "c31de16b20bbaa4ecd2f7d2ecf6b6356f27501c226984263edc046b89fb6d3981546b01d7bd34fedcfcc1058e2d494bda732ff8"
        "13e50e1c6ae249890b225f82b22b1e55fcb063dc3c0e18e91c28d0c4aa627dec8353eee6038a95a4fd1ca984eb09f94aeb7a222"
        "0635a8ceb450ea7e61d915cdb4eecedaa083aa3801daf071855ec1fb38516cb6c2996d2d60c0ecbcfa57e4cf1fb0ed39b2f37e9"
        "4ab4202ecf595e167b3ca62669a6da520859fb6d6c6203dfdfc79c75ec3ee97da8774b2da903e3435f2cd294670a75a526c1",
    ),
    _key(
        0x71E025B6C76033E3,
        "c2a8c55b4a62e2b78a19b91cf692bcdc4ba7c23fe4d06f194e2a0c30f6d9996f7d1a2bcc89bc1ac4333d44359a6c433252d1a84"
        "02d9970378b5912b75bc8cc3fa76710a025bcb9032df0b87d7607cc53b928712a174ea2a80a8176623588119d42ffce40205c6d"
        "72160860d8d80b22a8b8651907cf388effbef29cd7cf2b4eb8a872052da1351cfe7fec214ce48304ea472bd66329d60115b3420"
        "d08f6894b0410b6ab9450249967617670c932f7cbdb5d6fbcce1e492c595f483109999b2661fcdeec31b196429b7834c7211a93"
        "c6789d9ee601c18c39e521fda9d7264e61e518add6f0712d2d5228204b851e13c4f322e5c5431c3b7f31089668486aadc59f",
    ),
)
"""Keys of the production servers that are no longer used. `resPQ` still names some of them: these are recognised
by their fingerprints, and never chosen."""

"""A certificate for a data centre of one's own, so that `websocket-tls` can be spoken with it, too."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["self_signed", "trusting"]

_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


def self_signed(host: str, *more: str) -> tuple[ssl.SSLContext, str]:
    """Make a certificate that only clients trust that are given it.

    Args:
        host: a host that the certificate is for, name or number.
        more: further hosts.

    Returns:
        the context for a server (`LocalDC(tls=…)`), and the certificate as PEM text: a client trusts it with
        `connect(…, tls=ssl.create_default_context(cadata=pem))`. Only the context holds the private key.

    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name_of(each: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ipaddress.ip_address(each))
        except ValueError:
            return x509.DNSName(each)

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), _BEGIN, _END)
        .add_extension(x509.SubjectAlternativeName([name_of(each) for each in (host, *more)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:  # that only we may look into; a context reads nothing but files
        file = Path(folder) / "both.pem"
        file.write_bytes(pem + private)
        context.load_cert_chain(file)
    return context, pem.decode("ascii")


def trusting(pem: str) -> ssl.SSLContext:
    """Return what a client takes (`connect(…, tls=…)`) to trust a certificate of `self_signed`, and no other.

    Args:
        pem: the certificate, as `self_signed` returns it.

    Raises `ssl.SSLError` for a text that holds no certificate.

    """
    return ssl.create_default_context(cadata=pem)

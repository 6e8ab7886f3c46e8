"""Files on a CDN: the redirect, the calls, the decryption, and the keys of CDNs (core.telegram.org/cdn).

A CDN is not trusted: its bytes are encrypted with a key that the CDN does not have, and are checked against hashes that
came from the data centre that redirected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto.crypto import CTR, CryptoError, RSAPublicKey
from mtproto.flows.errors import UnexpectedAnswer
from mtproto.flows.layers import expect, make

if TYPE_CHECKING:
    from tl import Schema, TLFunction

__all__ = ["CDN_KEYS_READ", "CdnFile", "cdn_keys"]

CDN_KEYS_READ = 64
"""Keys of one `cdnConfig` that are read; there are a few CDNs with a few keys each."""

_KEY = 32
_IV = 16
_BLOCK = 16
_FIXED = 12


@dataclass(frozen=True, slots=True)
class CdnFile:
    """A file that is fetched from a CDN.

    Attributes:
        dc: the id of the CDN.
        master: the data centre that redirected; hashes and re-uploads are asked for there.
        token: names the file at both.
        key: 32 bytes, for AES-256-CTR.
        iv: 16 bytes; the last four are replaced by the number of the block.

    """

    dc: int
    master: int
    token: bytes = field(repr=False)
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    @classmethod
    def of(cls, redirect: Any, master: int) -> CdnFile:
        """Read an `upload.fileCdnRedirect`. Raises UnexpectedAnswer where key and iv don't have their lengths."""
        key, iv = bytes(redirect.encryption_key), bytes(redirect.encryption_iv)
        if len(key) != _KEY or len(iv) != _IV:
            raise UnexpectedAnswer("upload.getFile", redirect, f"a key of {len(key)} bytes and an iv of {len(iv)}")
        return cls(redirect.dc_id, master, bytes(redirect.file_token), key, iv)

    def part(self, schema: Schema, offset: int, limit: int) -> TLFunction[Any]:
        """Return the call to the CDN for a part."""
        request: TLFunction[Any] = make(schema, "upload.getCdnFile", file_token=self.token, offset=offset, limit=limit)
        return request

    def hashes(self, schema: Schema, offset: int) -> TLFunction[Any]:
        """Return the call to the master data centre for hashes from a place on."""
        request: TLFunction[Any] = make(schema, "upload.getCdnFileHashes", file_token=self.token, offset=offset)
        return request

    def reupload(self, schema: Schema, request_token: bytes) -> TLFunction[Any]:
        """Return the call to the master data centre that brings the file to the CDN again."""
        request: TLFunction[Any] = make(
            schema, "upload.reuploadCdnFile", file_token=self.token, request_token=request_token
        )
        return request

    def decrypt(self, offset: int, data: bytes) -> bytes:
        """Return the bytes of the file; `offset` is a multiple of 16."""
        return CTR(self.key, self.iv[:_FIXED] + (offset // _BLOCK).to_bytes(_BLOCK - _FIXED, "big")).update(data)


def cdn_keys(config: Any) -> dict[int, list[RSAPublicKey]]:
    """Return the keys of each CDN, by its id, from the answer to `help.getCdnConfig`.

    A text that is no RSA key in PEM is left out. Raises UnexpectedAnswer for an object of another kind.
    """
    keys: dict[int, list[RSAPublicKey]] = {}
    for each in expect(config, "help.getCdnConfig", "cdnConfig").public_keys[:CDN_KEYS_READ]:
        try:
            key = RSAPublicKey.from_pem(each.public_key)
        except (CryptoError, UnicodeEncodeError):
            continue
        keys.setdefault(each.dc_id, []).append(key)
    return keys

"""A proxy that was written apart from ours and fills its TLS records to the last byte that RFC 8446 allows."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from mtproto import connect
from mtproto.transport import MTProxy, Secret, SecretKind
from tests.net.streams import served, unused_address
from tests.net.support import SOON, run
from tl import api

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from mtproto.localdc import LocalDCThread

KEY = b"sixteen bytes it"
SECRET = Secret(KEY, SecretKind.FAKE_TLS, "www.example.org")
FULL_RECORD = 16384 + 256
FILE = os.urandom(1 << 20)


class WideProxy:
    """Answers a hello, takes the obfuscation off for the data centre, and puts what comes back into full records."""

    def __init__(self, upstream: tuple[str, int], record: int) -> None:
        self.upstream = upstream
        self.record = record
        self.sizes: list[int] = []

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readexactly(5)
        hello = head + await reader.readexactly(int.from_bytes(head[3:], "big"))
        writer.write(self.answer(hello))
        assert await reader.readexactly(6) == bytes.fromhex("140303000101")
        stream = await self.read_record(reader)
        while len(stream) < 64:
            stream += await self.read_record(reader)
        to_dc = self.cipher(stream[8:56])
        to_client = self.cipher(stream[8:56][::-1])
        plain = to_dc.update(stream)
        assert plain[56:60] == b"\xdd" * 4
        from_dc, dc = await asyncio.open_connection(*self.upstream, limit=1 << 22)
        try:
            dc.write(b"\xdd" * 4 + plain[64:])
            async with asyncio.TaskGroup() as both:
                both.create_task(self.up(reader, dc, to_dc))
                both.create_task(self.down(from_dc, writer, to_client))
        finally:
            dc.transport.abort()

    @staticmethod
    def answer(hello: bytes) -> bytes:
        body = bytes.fromhex("0303") + bytes(32) + b"\x20" + hello[44:76] + bytes.fromhex("130100 0000")
        shake = b"\x02" + len(body).to_bytes(3, "big") + body
        answer = b"\x16\x03\x03" + len(shake).to_bytes(2, "big") + shake + bytes.fromhex("140303000101")
        answer += b"\x17\x03\x03" + FULL_RECORD.to_bytes(2, "big") + os.urandom(FULL_RECORD)
        return answer[:11] + hmac.new(KEY, hello[11:43] + answer, "sha256").digest() + answer[43:]

    @staticmethod
    def cipher(material: bytes) -> Any:
        key = hashlib.sha256(material[:32] + KEY).digest()
        return Cipher(AES256(key), CTR(material[32:])).encryptor()

    @staticmethod
    async def read_record(reader: StreamReader) -> bytes:
        head = await reader.readexactly(5)
        assert head[:3] == b"\x17\x03\x03"
        return await reader.readexactly(int.from_bytes(head[3:], "big"))

    async def up(self, reader: StreamReader, dc: StreamWriter, cipher: Any) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # the client closes as it likes
            while True:
                dc.write(cipher.update(await self.read_record(reader)))
        dc.close()

    async def down(self, from_dc: StreamReader, writer: StreamWriter, cipher: Any) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await from_dc.read(self.record):
                self.sizes.append(len(data))
                writer.write(b"\x17\x03\x03" + len(data).to_bytes(2, "big") + cipher.update(data))
                await writer.drain()


@pytest.mark.parametrize("record", [16384, 16384 + 24, FULL_RECORD])
def test_a_file_comes_through_a_proxy_whose_records_are_as_long_as_tls_allows(
    local_dc: LocalDCThread, record: int
) -> None:
    @local_dc.handler(api.functions.upload.GetFile)
    def get_file(_call: Any) -> Any:
        return api.types.upload.File(type=api.types.storage.FileUnknown(), mtime=0, bytes=FILE)

    async def main() -> bytes:
        proxy = WideProxy(local_dc.address, record)
        async with (
            served(proxy.talk) as address,
            connect(
                unused_address(),
                keys=local_dc.keys,
                api_id=local_dc.api_id,
                api_hash=local_dc.api_hash,
                proxy=MTProxy(address[:2], SECRET),
                timeout=SOON,
            ) as client,
        ):
            await client(
                api.functions.auth.ImportBotAuthorization(
                    flags=0, api_id=local_dc.api_id, api_hash=local_dc.api_hash, bot_auth_token=local_dc.bot_token
                )
            )
            location = api.types.InputTakeoutFileLocation()
            answer = await client(api.functions.upload.GetFile(location=location, offset=0, limit=1 << 20))
        assert max(proxy.sizes) == record
        assert isinstance(answer, api.types.upload.File)
        return answer.bytes

    assert run(main()) == FILE

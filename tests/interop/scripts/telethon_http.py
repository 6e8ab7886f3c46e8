"""Telethon's `ConnectionHttp`, with one line repaired: `telethon_client.py` with the same arguments.

As it is released, its `read_packet` compares `line[-1]`, a number, with `b"\n"`: no answer of any server is ever read.
"""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any

from telethon.network.connection.http import HttpPacketCodec


async def read_packet(_codec: Any, reader: asyncio.StreamReader) -> bytes:
    while line := await reader.readline():
        if line.lower().startswith(b"content-length: "):
            await reader.readexactly(2)
            return await reader.readexactly(int(line[16:-2]))
    raise asyncio.IncompleteReadError(line, None)


HttpPacketCodec.read_packet = read_packet
runpy.run_path(str(Path(__file__).with_name("telethon_client.py")), run_name="__main__")

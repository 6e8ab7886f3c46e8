"""Attacks that give a data centre much to do for few bytes, or more than it can do."""

from __future__ import annotations

import asyncio
import contextlib
import os
from itertools import cycle
from typing import TYPE_CHECKING

from mtproto.session import wire
from mtproto.transport import client_transport
from tests.hostile.attack import MANY, Goals, against_dc
from tests.hostile.peers import frame, gzipped, state_request
from tl import api, service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.hostile.peers import HostileClient
    from tests.hostile.scene_dc import DcScene

INFLATED = 2 * 1024 * 1024 - 64
"""Bytes that the gzip_packed of one packet may become."""

READ = 256 * 1024
"""What a socket gives at once."""

IDS = 8192
"""Ids that one service message may name."""

OPTIONS = b"OPTIONS /apiw HTTP/1.1\r\nHost: dc\r\n\r\n"


def blocks(packets: Iterable[bytes], size: int = READ) -> list[bytes]:
    """Join packets to pieces of the size that a socket gives at once."""
    found, current = [], bytearray()
    for packet in packets:
        current += packet
        if len(current) >= size:
            found.append(bytes(current))
            current.clear()
    return [*found, bytes(current)] if current else found


def nearly_a_vector(size: int) -> bytes:
    """Return a users.getUsers whose last element only is wrong."""
    empty: bytes = api.types.InputUserEmpty().to_bytes()
    count = (size - 12) // len(empty)
    head: bytes = api.functions.users.GetUsers(id=[]).to_bytes()[:-4]
    return head + count.to_bytes(4, "little") + empty * (count - 1) + b"\xff" * 4


def pings(client: HostileClient, count: int) -> list[bytes]:
    """Return packets with one ping each."""
    return [
        frame(client.packet(service.functions.Ping(ping_id=number).to_bytes(), content=False))
        for number in range(count)
    ]


async def flood(scene: DcScene, pieces: list[bytes], *, read: bool = True) -> None:
    """Send pieces over one connection after the other, as fast as they are taken; read and forget the answers."""
    while scene.on:
        reader, writer = await scene.connect()
        reading = asyncio.get_running_loop().create_task(_forget(reader)) if read else None
        try:
            while scene.on and await scene.pour(writer, pieces):
                await asyncio.sleep(0)
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        scene.drop(writer)
        await asyncio.sleep(0.01)


async def _forget(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(READ):
            pass


@against_dc("gzip-fails-at-its-end", "calls of 2 KB of gzip whose decoding fails at the last of 2 MiB")
async def gzip_fails_at_its_end(scene: DcScene) -> None:
    client = await scene.stranger()
    packed = gzipped(nearly_a_vector(INFLATED))
    pieces = [frame(client.packet(packed)) for _ in range(scene.count(200, 20))]
    await scene.begin()
    await flood(scene, pieces)


@against_dc("state-requests", "packets full of state requests about 8192 messages each")
async def state_requests(scene: DcScene) -> None:
    client = await scene.stranger()
    body = state_request(IDS)
    pieces = [
        frame(client.container(client.message(body, content=False) for _ in range(15)))
        for _ in range(scene.count(16, 8))
    ]
    await scene.begin()
    await flood(scene, pieces)


@against_dc("gzipped-state-requests", "packets full of gzipped state requests about 8192 messages each")
async def gzipped_state_requests(scene: DcScene) -> None:
    client = await scene.stranger()
    packed = gzipped(state_request(IDS))
    pieces = [
        frame(client.container(client.message(packed, content=False) for _ in range(31)))
        for _ in range(scene.count(100, 20))
    ]
    await scene.begin()
    await flood(scene, pieces)


@against_dc("nested-tl", "calls of nested wrappers, as deep as a packet can hold")
async def nested_tl(scene: DcScene) -> None:
    client = await scene.stranger()
    wrapper = api.functions.InvokeWithoutUpdates(query=api.functions.help.GetConfig()).to_bytes()[:4]
    body = wrapper * (INFLATED // 4) + api.functions.help.GetConfig().to_bytes()
    packed = gzipped(body)
    pieces = [frame(client.packet(packed)) for _ in range(scene.count(200, 20))]
    await scene.begin()
    await flood(scene, pieces)


@against_dc("session-packets", "a flood of packets with one ping each, without pause")
async def session_packets(scene: DcScene) -> None:
    client = await scene.stranger()
    pieces = blocks(pings(client, scene.count(20_000, 4_000)))
    await scene.begin()
    await flood(scene, pieces)


@against_dc("session-packets-500", "pings over 500 connections, without pause", goals=Goals(p99=MANY))
async def session_packets_of_many(scene: DcScene) -> None:
    client = await scene.stranger()
    packets = pings(client, scene.count(10_000, 2_000))
    share = [b"".join(packets[start : start + 20]) for start in range(0, len(packets), 20)]
    await scene.begin()
    open_ones = [await scene.connect() for _ in range(scene.count(500, 100))]
    for piece, (_, writer) in zip(cycle(share), cycle(open_ones), strict=False):
        if not scene.on:
            break
        if not writer.is_closing() and writer.transport.get_write_buffer_size() < READ:
            writer.write(piece)
        await asyncio.sleep(0)


def _begun_stream() -> bytes:
    """Return the first fragment of a message: an obfuscated header, behind which anything may come."""
    header = client_transport("obfuscated-intermediate", os.urandom).opening()
    return b"\x02" + bytes([0x80 | len(header)]) + bytes(4) + header


async def _flood_with_fragments(scene: DcScene, fragment: bytes) -> None:
    """Begin a message over one connection after the other, and go on with the same fragment for ever."""
    await scene.begin()
    while scene.on:
        _, writer = await scene.websocket()
        writer.write(_begun_stream())
        while scene.on and await scene.pour(writer, [fragment * (READ // len(fragment))]):
            pass
        scene.drop(writer)
        await asyncio.sleep(0.01)


@against_dc("websocket-fragments", "a WebSocket message in fragments of one byte, without pause")
async def websocket_fragments(scene: DcScene) -> None:
    await _flood_with_fragments(scene, b"\x00\x81" + bytes(4) + b"\x00")


@against_dc("websocket-empty-fragments", "a WebSocket message in empty fragments, without pause")
async def websocket_empty_fragments(scene: DcScene) -> None:
    await _flood_with_fragments(scene, b"\x00\x80" + bytes(4))


@against_dc("options-flood", "OPTIONS requests one behind the other, without pause")
async def options_flood(scene: DcScene) -> None:
    piece = OPTIONS * (READ // len(OPTIONS))
    await scene.begin()
    while scene.on:
        reader, writer = await scene.connect(tag=b"")
        reading = asyncio.get_running_loop().create_task(_forget(reader))
        while scene.on and await scene.pour(writer, [piece]):
            pass
        reading.cancel()
        scene.drop(writer)
        await asyncio.sleep(0.01)


@against_dc("small-writes", "one packet of 200 KB in writes of one byte")
async def small_writes(scene: DcScene) -> None:
    client = await scene.stranger()
    packet = frame(client.packet(wire.write_acks([4] * 8192), content=False))
    await scene.begin()
    while scene.on:
        _, writer = await scene.connect()
        for offset in range(0, len(packet), 1):
            if not scene.on or writer.is_closing():
                break
            writer.write(packet[offset : offset + 1])
            if offset % 64 == 0:
                await asyncio.sleep(0)
        scene.drop(writer)

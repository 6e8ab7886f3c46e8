"""Attacks on a data centre by somebody who knows no key, only what went over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.hostile.attack import ONE, Goals, against_dc
from tests.hostile.peers import frame, split_frames

if TYPE_CHECKING:
    from tests.hostile.scene_dc import DcScene

REPLAY_EVERY = 0.05

SLOW = Goals(p99=ONE + 60.0)
"""Of calls for which the data centre takes 60 ms by itself, so that a replay falls into each."""


@against_dc(
    "replayed-packet",
    "sends a recorded packet of the healthy client every 50 ms over a connection of its own",
    record=True,
    request="slow",
    goals=SLOW,
    every=0.25,
)
async def replayed_packet(scene: DcScene) -> None:
    await scene.begin()
    if scene.relay is None:
        raise ValueError("nothing was recorded")
    packet = split_frames(bytes(scene.relay.sent))[-1]
    while scene.on:
        _, writer = await scene.connect()
        while scene.on and not writer.is_closing():
            writer.write(frame(packet))
            await asyncio.sleep(REPLAY_EVERY)


@against_dc(
    "replayed-first-packets",
    "sends the first packets of 70 earlier sessions of the healthy client's key at once",
    earlier=70,
    request="slow",
    goals=SLOW,
    every=0.25,
)
async def replayed_first_packets(scene: DcScene) -> None:
    await scene.begin()
    while scene.on:
        _, writer = await scene.connect()
        writer.write(b"".join(frame(packet) for packet in scene.earlier))
        await asyncio.sleep(10 * REPLAY_EVERY)


@against_dc(
    "replayed-packet-lifts-no-limit",
    "sends a recorded packet once on each of 20 connections, whose time limits must stay",
    record=True,
)
async def replayed_packet_everywhere(scene: DcScene) -> None:
    await scene.begin()
    if scene.relay is None:
        raise ValueError("nothing was recorded")
    packet = split_frames(bytes(scene.relay.sent))[-1]
    for _ in range(20):
        _, writer = await scene.connect()
        writer.write(frame(packet))
        await asyncio.sleep(REPLAY_EVERY)
    await scene.rest()

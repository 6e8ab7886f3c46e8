"""Every framing is in the one registry, and the registry alone says what a client may name and a server detects."""

from __future__ import annotations

import itertools

from mtproto.transport import TAGGED, TRANSPORTS, Layout
from mtproto.transport.framings import FRAMINGS


def test_every_framing_of_the_room_is_registered_once() -> None:
    assert set(FRAMINGS) == set(Layout.__subclasses__())
    assert len({layout.name for layout in FRAMINGS}) == len(FRAMINGS)


def test_what_a_client_may_name_follows_from_the_registry() -> None:
    streams = [layout for layout in FRAMINGS if not layout.packets]
    obfuscated = [f"obfuscated-{layout.name}" for layout in streams if layout.tag]
    assert list(TRANSPORTS) == [*(layout.name for layout in streams), *obfuscated]
    assert all(tag == (TAGGED[tag].tag * 4)[:4] for tag in TAGGED)


def test_no_two_framings_begin_alike() -> None:
    for one, other in itertools.permutations(FRAMINGS, 2):
        for tag in (one.tag, one.tag * (4 // len(one.tag)) if one.tag else b""):
            assert other.begins(tag + bytes(60)) is None or not tag or other.name == "full"

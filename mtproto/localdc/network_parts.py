"""What `LocalNetwork` and its face for threads have in common: how the DCs are made."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast

from mtproto.errors import OptionError
from mtproto.localdc.network_state import NetworkState
from mtproto.localdc.world import load_world
from mtproto.net import Clock
from mtproto.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mtproto.localdc.dc_options import DCOptions, NetworkOptions
    from mtproto.localdc.face import DataCentreFace

__all__ = ["DCS", "made_dcs"]

Centre = TypeVar("Centre", bound="DataCentreFace")

DCS = (1, 2, 4)
"""The DCs of a network, unless others are named."""

HIGHEST_DC = 999
MOST_DCS = 16


def made_dcs(
    dcs: Sequence[int],
    port: int,
    options: NetworkOptions,
    make: Callable[[int, DCOptions], Centre],
    give_up: Callable[[Centre], None],
    cdn_dcs: Sequence[int] = (),
) -> tuple[Mapping[int, Centre], Mapping[int, Centre]]:
    """Return the DCs of a network and its CDN DCs, by id.

    All have one world, and share what they share. The DCs have one RSA key; each CDN DC has one of its own.

    Args:
        dcs: the ids.
        port: the port of the first one, each further one has the next; 0 takes free ones.
        options: of the network.
        make: makes a DC of its port and its options.
        give_up: gives back what a DC has that was made and is not wanted, since another one could not be made.
        cdn_dcs: the ids of the CDN DCs.

    Raises:
        OptionError: the ids are none that DCs can have.
        WorldError: the pictures can't be read.
        StoreError: the folder of the state can't be made, or a file in it can't be had.

    """
    made: dict[int, Centre] = {}
    try:
        for each_port, each in _each_dc(dcs, port, options, cdn_dcs):
            if made:
                each["key"] = None if each["is_cdn"] else next(iter(made.values())).private_key
            dc = make(each_port, each)
            made[dc.dc_id] = dc
        next(iter(made.values())).network_state.open()
    except BaseException:
        for dc in made.values():
            give_up(dc)
        raise
    return (
        MappingProxyType({dc_id: dc for dc_id, dc in made.items() if dc_id not in cdn_dcs}),
        MappingProxyType({dc_id: dc for dc_id, dc in made.items() if dc_id in cdn_dcs}),
    )


def _each_dc(
    dcs: Sequence[int], port: int, options: NetworkOptions, cdn_dcs: Sequence[int]
) -> Iterator[tuple[int, DCOptions]]:
    """Yield the port and the options of each DC, but for the RSA key that the first one makes."""
    ids = (*dcs, *cdn_dcs)
    if not dcs or len(set(ids)) != len(ids) or len(ids) > MOST_DCS or not all(0 < each <= HIGHEST_DC for each in ids):
        raise OptionError(f"dcs are up to {MOST_DCS} different numbers from 1 to {HIGHEST_DC}, not {ids}", "dcs")
    common = cast("DCOptions", {**options})  # the keys that a DC has besides follow below
    clock = common["clock"] = common.get("clock") or Clock()
    world = common["world"] = common.get("world") or load_world()
    folder = common.pop("state", None)
    if folder is not None:
        _make_folder(Path(folder))
    paths = [None if folder is None else Path(folder) / f"{name}.json" for name in ("accounts", "messages")]
    common["shared"] = NetworkState(world, tuple(dcs), clock, common.get("random", os.urandom), *paths)
    for number, dc_id in enumerate(ids):
        state = None if folder is None else Path(folder) / f"dc{dc_id}.json"
        yield (
            port + number if port else 0,
            {
                **common,
                "dc_id": dc_id,
                "state": state,
                "is_cdn": dc_id in cdn_dcs,
            },
        )


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(path, f"is to be the folder of a network's state: {error.strerror or error}") from None

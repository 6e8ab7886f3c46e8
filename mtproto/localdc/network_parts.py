"""What `LocalNetwork` and its face for threads have in common: the options, and what the DCs are made of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from mtproto.errors import OptionError
from mtproto.localdc.network_state import NetworkState
from mtproto.localdc.world import load_world
from mtproto.net import Clock
from mtproto.store import StoreError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mtproto.crypto import RSAPrivateKey
    from mtproto.limits import Limits
    from mtproto.localdc.world import World
    from tl import Schema

__all__ = ["DCS", "NetworkOptions", "each_dc"]

DCS = (1, 2, 4)
"""The DCs of a network, unless others are named."""

HIGHEST_DC = 999
MOST_DCS = 16


class NetworkOptions(TypedDict, total=False):
    """The options of a network, in every face: those of `LocalDC`, for each of its DCs."""

    public_host: str | None
    key: RSAPrivateKey | None
    world: World | None
    schemas: Mapping[int, Schema] | None
    state: str | Path | None
    clock: Callable[[], float] | None
    random: Callable[[int], bytes]
    limits: Limits
    strict: bool
    tls: ssl.SSLContext | None
    session_age: float | None
    key_age: float | None
    max_connections: int
    bindings: str


def each_dc(dcs: Sequence[int], port: int, options: NetworkOptions) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the port and the options of each DC; all have one world and share what they share.

    Raises:
        OptionError: the ids are none that DCs can have.
        WorldError: the pictures can't be read.
        StoreError: the folder of the state can't be made.

    """
    ids = tuple(dcs)
    if not ids or len(set(ids)) != len(ids) or len(ids) > MOST_DCS or not all(0 < each <= HIGHEST_DC for each in ids):
        raise OptionError(f"dcs are up to {MOST_DCS} different numbers from 1 to {HIGHEST_DC}, not {ids}", "dcs")
    common: dict[str, Any] = dict(options)
    clock = common["clock"] = common.get("clock") or Clock()
    world = common["world"] = common.get("world") or load_world()
    folder = common.pop("state", None)
    if folder is not None:
        _make_folder(Path(folder))
    path = None if folder is None else Path(folder) / "accounts.json"
    common["shared"] = NetworkState(world, ids, clock, common.get("random", os.urandom), path)
    for number, dc_id in enumerate(ids):
        state = None if folder is None else Path(folder) / f"dc{dc_id}.json"
        yield port + number if port else 0, {**common, "dc_id": dc_id, "state": state}


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(path, f"is to be the folder of a network's state: {error.strerror or error}") from None

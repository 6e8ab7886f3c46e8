"""The options of a local DC and of a network of them, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mtproto.crypto import RSAPrivateKey
    from mtproto.limits import Limits
    from mtproto.localdc.network_state import NetworkState
    from mtproto.localdc.world import World
    from tl import Schema

__all__ = ["DCOptions", "NetworkOptions"]


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


class DCOptions(NetworkOptions, total=False):
    """The options of a local DC, in every face; `LocalDC` says what each means."""

    dc_id: int
    shared: NetworkState | None
    is_cdn: bool

"""What a client tells the server about itself (core.telegram.org/method/initConnection)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mtproto._options import named_fields

__all__ = ["JSON", "Application"]

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""A value of JSON, as `json.loads` returns it."""


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The parameters of `initConnection`, and the `api_hash` that goes with the `api_id` at login.

    The texts are UTF-8 strings that Telegram shows in its list of devices.
    """

    api_id: int
    """The number that my.telegram.org gave to the application."""

    api_hash: str = field(default="", repr=False)
    """Its secret half: needed by the `auth` methods, never sent by `initConnection`."""

    device_model: str = "mtproto-raw"
    system_version: str = "Python"
    app_version: str = "0.1.0"
    system_lang_code: str = "en"
    """ISO 639-1."""

    lang_pack: str = ""
    """Empty for every application that is not Telegram's own."""

    lang_code: str = "en"
    """ISO 639-1."""

    params: JSON = None
    """Further parameters, an object of JSON, for example `{"tz_offset": 7200}` (seconds east of UTC, the only one that
    is documented); None for none. Layers before 112 have no place for them."""

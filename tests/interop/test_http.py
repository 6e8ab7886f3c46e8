"""Telethon over HTTP does the main job against the local DC."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.conftest import RunClient
from tests.interop.test_clients import check_telethon, photos_of

pytestmark = pytest.mark.interop


def test_telethon(run_client: RunClient, ready: dict[str, Any]) -> None:
    seen = run_client("telethon", "telethon_http.py", "plenty", "ConnectionHttp")
    check_telethon(seen, photos_of(ready, "plenty"))

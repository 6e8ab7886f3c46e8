"""Independent clients log in by phone, code and password at a network of local DCs, and follow a migration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mtproto.localdc import LocalNetworkThread
from tests.interop.conftest import RunClient, key_for_every_client

pytestmark = pytest.mark.interop


@pytest.fixture
def network() -> Iterator[LocalNetworkThread]:
    with LocalNetworkThread(dcs=(1, 2, 4), key=key_for_every_client()) as running:
        yield running


def test_telethon_logs_in_by_phone_and_password_and_follows_a_migration(
    run_client: RunClient, network: LocalNetworkThread
) -> None:
    account, other = network.accounts.named("triple"), network.accounts.named("dozen")
    account.set_password("correct horse")
    assert (account.dc_id, other.dc_id) == (2, 4)
    ready = network.client_info()
    seen = run_client("telethon", "telethon_login.py", "1", account.phone, "dozen", **ready)
    assert (seen["me"], seen["phone"], seen["home"]) == ("triple", account.phone, 2)
    assert seen["logins"] == 1
    assert seen["after"] == "AuthKeyUnregisteredError"
    newest = other.user.photos[0]
    assert seen["sha256"] in {sha256_of(ready, str(newest.id), type_) for type_ in ("a", "c")}
    assert "auth.importAuthorization" in [call.method for call in network.dcs[4].calls]
    assert [call.refusal for call in network.dcs[1].calls if call.method == "auth.sendCode"] == [
        (303, "PHONE_MIGRATE_2")
    ]


def sha256_of(ready: dict[str, Any], photo_id: str, type_: str) -> Any:
    photos = [photo for user in ready["users"] for photo in user["photos"]]
    sizes = next(photo["sizes"] for photo in photos if photo["id"] == photo_id)
    return next(size["sha256"] for size in sizes if size["type"] == type_)

"""Clients of several layers make the main call against one DC, to which nobody gave a schema."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import blocking
from tests.interop.test_clients import check_telethon, photos_of
from tl import load_layer

if TYPE_CHECKING:
    from mtproto.localdc import LocalDCThread
    from tests.interop.conftest import RunClient


@pytest.mark.parametrize("number", [46, 105, 133, 158, 181, 198, 199, 214, 227])
def test_ours(dc: LocalDCThread, number: int) -> None:
    schema = load_layer(number)
    functions, types = schema.functions, schema.types
    with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash, schema=schema) as client:
        log_in = functions.auth.ImportBotAuthorization(
            flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
        )
        assert client(log_in).user.username == dc.bot.username
        found = client(functions.contacts.ResolveUsername(username="plenty")).users[0]
        owner = types.InputUser(user_id=found.id, access_hash=found.access_hash)
        answer = client(functions.photos.GetUserPhotos(user_id=owner, offset=0, max_id=0, limit=100))
        assert (answer.NAME, len(answer.photos), answer.count) == ("photos.photosSlice", 100, 250)
        user = dc.world.user(found.id)
        assert user is not None
        assert [photo.id for photo in answer.photos] == [photo.id for photo in user.photos[:100]]
        part = client(functions.upload.GetFile(location=location(answer.photos[0]), offset=0, limit=1 << 20))
        assert hashlib.sha256(part.bytes).digest() == hashlib.sha256(user.photos[0].file("c") or b"").digest()


def location(photo: Any) -> Any:
    """Return the location of the largest size."""
    types = photo.SCHEMA.types
    if "inputPhotoFileLocation" not in photo.SCHEMA:
        fields = photo.SCHEMA["inputFileLocation"].PLAN.fields
        return types.InputFileLocation(
            **{field.name: getattr(photo.sizes[-1].location, field.name) for field in fields}
        )
    reference = photo.file_reference
    return types.InputPhotoFileLocation(
        id=photo.id, access_hash=photo.access_hash, file_reference=reference, thumb_size="c"
    )


@pytest.mark.interop
@pytest.mark.parametrize(("version", "layer"), [("1.39", 199), ("1.41", 214)])
def test_older_telethon(run_client: RunClient, ready: dict[str, Any], version: str, layer: int) -> None:
    seen = run_client(f"telethon=={version}", "telethon_client.py", "plenty", "ConnectionTcpAbridged")
    assert seen["version"].startswith(version)
    assert seen["layer"] == layer
    check_telethon(seen, photos_of(ready, "plenty"))

"""Download a picture without asyncio: upload.getFile, part by part (core.telegram.org/api/files)."""

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from tl import api

PART = 128 * 1024

with (
    LocalDCThread() as dc,
    blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client,
):
    client(
        api.functions.auth.ImportBotAuthorization(
            flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
        )
    )
    found = client(api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1))
    photo = found.photos[0]
    assert isinstance(photo, api.types.Photo)
    size = next(size for size in reversed(photo.sizes) if isinstance(size, api.types.PhotoSize))
    location = api.types.InputPhotoFileLocation(
        id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size=size.type
    )
    picture = b""
    while len(picture) < size.size:
        part = client(api.functions.upload.GetFile(location=location, offset=len(picture), limit=PART))
        assert isinstance(part, api.types.upload.File)
        picture += part.bytes

print(f"{size.w} x {size.h} pixels, {len(picture) == size.size}, begins with {picture[:3].hex()}")

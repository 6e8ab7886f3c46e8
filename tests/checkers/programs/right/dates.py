"""Print the dates of one's photos."""

import asyncio
from datetime import UTC, datetime

from mtproto import LocalDC, connect
from tl import api


async def main() -> None:
    async with LocalDC() as dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client:
        await client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
            )
        )
        answer = await client(
            api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
        )
        dates = [
            datetime.fromtimestamp(photo.date, UTC) for photo in answer.photos if isinstance(photo, api.types.Photo)
        ]
        print(*dates, sep="\n")


asyncio.run(main())

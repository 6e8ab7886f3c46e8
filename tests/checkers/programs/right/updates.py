"""Updates: what the server sends unasked, told apart by its constructor."""

import asyncio

from mtproto import LocalDC, connect
from tl import api


async def main() -> None:
    async with LocalDC() as dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client:
        await client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
            )
        )
        status = api.types.UpdateUserStatus(user_id=1, status=api.types.UserStatusOnline(expires=9))
        await dc.push(api.types.UpdateShort(update=status, date=1))
        async for received in client.incoming():
            match received:
                case api.types.UpdateShort(update=api.types.UpdateUserStatus(user_id=user_id)):
                    assert user_id == 1
                    return
                case _:
                    raise SystemExit("nothing else was sent")


asyncio.run(main())

"""Read what the server sends unasked: updates as objects, and the places where updates may be missing."""

import asyncio

from mtproto import LocalDC, connect
from mtproto.client import UndecodableUpdate
from mtproto.net import UpdatesDropped
from mtproto.session import UpdatesGap
from tl import api


async def main() -> None:
    async with LocalDC() as dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client:
        await client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
            )
        )
        status = api.types.UpdateUserStatus(user_id=dc.bot.id, status=api.types.UserStatusOnline(expires=2_000_000_000))
        await dc.push(api.types.UpdateShort(update=status, date=1_900_000_000))
        await dc.push(api.types.UpdatesTooLong())
        async for item in client.incoming():
            match item:
                case api.types.UpdateShort(update=update):
                    print("one update:", update)
                case api.types.UpdatesTooLong():
                    print("too many updates: a client asks updates.getDifference now")
                    break
                case UpdatesGap() | UpdatesDropped():
                    print("updates may be missing: a client asks updates.getDifference now")
                case UndecodableUpdate(error=error):
                    print("an update of another layer:", error)


asyncio.run(main())

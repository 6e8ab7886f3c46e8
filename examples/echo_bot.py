"""A bot that sends each message back: updates each once and in order, also those that came while it was away."""

import asyncio

from mtproto import Account, LocalDC
from mtproto.account import Gap, Incoming, UndecodableUpdate
from mtproto.store import MemoryStore
from tl import api


async def main() -> None:
    async with LocalDC() as dc:
        places = {dc.dc_id: dc.address}
        async with Account(MemoryStore(), api_id=dc.api_id, api_hash=dc.api_hash, dcs=places, keys=dc.keys) as account:
            await account.login(bot_token=dc.bot_token)
            dc.send_message("dozen", "localdc_bot", "hello")
            async for item in account.incoming(types=[api.types.UpdateNewMessage]):
                match item:
                    case Incoming(update=api.types.UpdateNewMessage(message=api.types.Message(out=False) as message)):
                        await account.api.messages.sendMessage(peer=message, message=message.message)
                        print("sent back:", message.message)
                        break
                    case Gap(chat=chat):
                        print("messages are missing here:", chat or "private chats and groups")
                    case UndecodableUpdate(error=error):
                        print("an update of another layer:", error)


asyncio.run(main())

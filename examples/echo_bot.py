"""A bot that sends each message back: updates each once and in order, also those that came while it was away."""

import asyncio

from mtproto import Account, LocalDC
from mtproto.account import Gap, Incoming, UndecodableUpdate
from mtproto.store import MemoryStore
from tl import api


def a_message(dc: LocalDC, text: str) -> api.types.Updates:
    """Return what a data centre sends when somebody writes to the bot."""
    sender = next(user for user in dc.users if user.username == "dozen")
    user = api.types.User(id=sender.id, access_hash=sender.access_hash, first_name=sender.first_name)
    message = api.types.Message(id=7, peer_id=api.types.PeerUser(user_id=user.id), date=1_900_000_000, message=text)
    new = api.types.UpdateNewMessage(message=message, pts=2, pts_count=1)
    return api.types.Updates(updates=[new], users=[user], chats=[], date=1_900_000_000, seq=0)


async def main() -> None:
    async with LocalDC() as dc:
        places = {dc.dc_id: dc.address}
        async with Account(MemoryStore(), api_id=dc.api_id, api_hash=dc.api_hash, dcs=places, keys=dc.keys) as account:
            await account.login(bot_token=dc.bot_token)
            await dc.push(a_message(dc, "hello"))
            async for item in account.incoming(types=[api.types.UpdateNewMessage]):
                match item:
                    case Incoming(update=api.types.UpdateNewMessage(message=api.types.Message(out=False) as message)):
                        text = message.message
                        await account.api.messages.sendMessage(peer=message, message=text, random_id=message.id)
                        print("sent back:", text, "| sent", dc.executions(message.id), "time")
                        break
                    case Gap(chat=chat):
                        print("messages are missing here:", chat or "private chats and groups")
                    case UndecodableUpdate(error=error):
                        print("an update of another layer:", error)


asyncio.run(main())

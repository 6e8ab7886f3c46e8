"""What an account tells of updates: the types that were asked for are known in both faces."""

import asyncio

from mtproto import Account, LocalDC, blocking
from mtproto.account import Gap, Incoming, UndecodableUpdate
from mtproto.localdc import LocalDCThread
from mtproto.store import MemoryStore
from tl import api

CONFIG = api.types.UpdateShort(update=api.types.UpdateConfig(), date=1)


def number(item: Incoming[api.types.UpdateNewMessage]) -> int:
    return item.update.pts


async def first_number(account: Account) -> int:
    async for item in account.incoming(types=[api.types.UpdateNewMessage], catch_up=True):
        match item:
            case Incoming():
                return number(item) + item.update.pts_count
            case Gap(chat=chat):
                print(chat)
            case UndecodableUpdate(raw=raw):
                print(len(raw))
    return 0


def texts(account: blocking.Account) -> list[str]:
    found: list[str] = []
    for item in account.incoming([api.types.UpdateNewMessage, api.types.UpdateNewChannelMessage]):
        match item:
            case Incoming(update=api.types.UpdateNewMessage(message=api.types.Message(out=False) as message)):
                found.append(message.message)
            case Incoming(update=api.types.UpdateNewChannelMessage(message=api.types.Message(message=text))):
                found.append(text)
            case _:
                break
    return found


async def main() -> None:
    async with (
        LocalDC() as dc,
        Account(
            MemoryStore(), api_id=dc.api_id, api_hash=dc.api_hash, dcs={dc.dc_id: dc.address}, keys=dc.keys
        ) as account,
    ):
        await account.login(bot_token=dc.bot_token)
        await dc.push(CONFIG)
        async for item in account.incoming():
            assert item == Incoming(api.types.UpdateConfig())
            break


asyncio.run(main())

with (
    LocalDCThread() as dc,
    blocking.Account(
        MemoryStore(), api_id=dc.api_id, api_hash=dc.api_hash, dcs={dc.dc_id: dc.address}, keys=dc.keys
    ) as account,
):
    account.login(bot_token=dc.bot_token)
    dc.push(CONFIG)
    assert next(account.incoming(types=[api.types.UpdateConfig])) == Incoming(api.types.UpdateConfig())

"""A wrapper's result is that of the call inside, and vectors of numbers are lists of `int`."""

import asyncio

from mtproto import LocalDC, connect
from mtproto.localdc import IncomingCall
from tl import api

dc = LocalDC()


@dc.handler(api.functions.messages.ReceivedQueue, login=False)
def queue(call: IncomingCall[api.functions.messages.ReceivedQueue]) -> list[int]:
    return [call.request.max_qts]


async def main() -> None:
    async with dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
        wrapped = api.functions.InvokeWithoutUpdates(query=api.functions.help.GetNearestDc())
        country: str = (await client(wrapped)).country
        assert len(country) <= 2
        numbers: list[int] = await client(api.functions.messages.ReceivedQueue(max_qts=5))
        assert numbers == [5]


asyncio.run(main())

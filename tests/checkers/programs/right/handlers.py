"""Handlers of a data centre: the call has the method's type, and the answer is of the method's result."""

import asyncio

from mtproto import LocalDC, connect
from mtproto.localdc import IncomingCall, Refused
from tl import api

dc = LocalDC()


@dc.handler(api.functions.help.GetNearestDc)
def nearest(call: IncomingCall[api.functions.help.GetNearestDc]) -> api.types.NearestDc:
    return api.types.NearestDc(country="NL", this_dc=call.dc.dc_id, nearest_dc=4)


@dc.handler(api.functions.photos.GetUserPhotos, login=False)
async def photos(
    call: IncomingCall[api.functions.photos.GetUserPhotos],
) -> api.types.photos.Photos | api.types.photos.PhotosSlice:
    await asyncio.sleep(0)
    if call.request.limit > 100:
        raise Refused(400, "LIMIT_INVALID")
    if call.request.offset:
        return api.types.photos.PhotosSlice(count=1, photos=[], users=[])
    return api.types.photos.Photos(photos=[api.types.PhotoEmpty(id=call.request.max_id)], users=[])


@dc.handler(api.functions.messages.GetMessagesViews, login=False)
def views(call: IncomingCall[api.functions.messages.GetMessagesViews]) -> api.types.messages.MessageViews:
    found = [api.types.MessageViews(views=number) for number in call.request.id]
    return api.types.messages.MessageViews(views=found, chats=[], users=[])


@dc.handler(api.functions.account.UpdateStatus, login=False)
def status(call: IncomingCall[api.functions.account.UpdateStatus]) -> bool:
    return not call.request.offline


async def main() -> None:
    async with dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
        assert (await client(api.functions.help.GetNearestDc())).nearest_dc == 4
        me = api.types.InputUserSelf()
        request = api.functions.photos.GetUserPhotos(user_id=me, offset=0, max_id=7, limit=1)
        [photo] = (await client(request)).photos
        assert photo.id == 7
        request.offset = 1
        answer = await client(request)
        assert isinstance(answer, api.types.photos.PhotosSlice)
        assert answer.count == 1
        peer = api.types.InputPeerSelf()
        counted = await client(api.functions.messages.GetMessagesViews(peer=peer, id=[3, 4], increment=False))
        assert [view.views for view in counted.views] == [3, 4]
        online: bool = await client(api.functions.account.UpdateStatus(offline=False))
        assert online


asyncio.run(main())

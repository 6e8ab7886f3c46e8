from mtproto import LocalDC
from mtproto.localdc import IncomingCall
from tl import api

dc = LocalDC()


@dc.handler(api.functions.photos.GetUserPhotos)
def photos(call: IncomingCall[api.functions.photos.GetUserPhotos]) -> api.types.photos.Photos:
    # mypy says: "GetUserPhotos" has no attribute "limmit"; maybe "limit"?
    # pyright says: Cannot access attribute "limmit" for class "GetUserPhotos"
    empty = [api.types.PhotoEmpty(id=number) for number in range(call.request.limmit)]
    return api.types.photos.Photos(photos=[*empty], users=[])

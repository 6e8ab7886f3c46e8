from mtproto import LocalDC
from mtproto.localdc import IncomingCall
from tl import api

dc = LocalDC()


# mypy says: incompatible type "Callable[[IncomingCall[GetConfig]], Photos]"; expected "Callable[[IncomingCall[GetUserPhotos]], …
# pyright says: "IncomingCall[GetUserPhotos]" is not assignable to "IncomingCall[GetConfig]"
@dc.handler(api.functions.photos.GetUserPhotos)
def photos(call: IncomingCall[api.functions.help.GetConfig]) -> api.types.photos.Photos:
    return api.types.photos.Photos(photos=[], users=[])

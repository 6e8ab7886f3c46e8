from mtproto import LocalDC
from mtproto.localdc import IncomingCall
from tl import api

dc = LocalDC()


# mypy says: incompatible type "Callable[[IncomingCall[GetUserPhotos]], Coroutine[Any, Any, bool]]"; expected …], Photos | PhotosSlice | …
# pyright says: return type "CoroutineType[Any, Any, bool]" is incompatible with type "Any_photos_Photos | …
@dc.handler(api.functions.photos.GetUserPhotos)
async def photos(call: IncomingCall[api.functions.photos.GetUserPhotos]) -> bool:
    return call.request.limit > 0

from mtproto import LocalDC
from mtproto.localdc import IncomingCall
from tl import api

dc = LocalDC()


# mypy says: incompatible type "Callable[[IncomingCall[GetUserPhotos]], Photo]"; expected …], Photos | PhotosSlice | …
# pyright says: return type "Photo" is incompatible with type "Any_photos_Photos | …
@dc.handler(api.functions.photos.GetUserPhotos)
def photos(call: IncomingCall[api.functions.photos.GetUserPhotos]) -> api.types.photos.Photo:
    return api.types.photos.Photo(photo=api.types.PhotoEmpty(id=1), users=[])

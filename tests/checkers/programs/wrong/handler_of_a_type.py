from mtproto import LocalDC
from tl import api

dc = LocalDC()
# mypy says: Argument 1 to "handler" of "DataCentreFace" has incompatible type "type[Photos]"; expected "MethodClass[Never, Never]"
# pyright says: Argument of type "type[Photos]" cannot be assigned to parameter "method" of type "MethodClass[…
dc.handler(api.types.photos.Photos)

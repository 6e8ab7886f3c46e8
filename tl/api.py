"""Telegram's API, layer 229, as module-level names.

    from tl import api
    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
    request.to_bytes()
    api.decode(data, request.result)

Nothing is compiled until it is named.
"""

from __future__ import annotations

from tl._data import packaged

__all__ = ["decode", "decode_prefix", "encode", "from_dict", "from_json", "functions", "layer", "schema", "types"]

schema = packaged("api")
layer = 229
types = schema.types
functions = schema.functions
decode = schema.decode
decode_prefix = schema.decode_prefix
encode = schema.encode
from_dict = schema.from_dict
from_json = schema.from_json

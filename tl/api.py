"""Telegram's API in the packaged layer, as module-level names; `layer` is its number.

    from tl import api
    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
    request.to_bytes()
    api.decode(data, request.result)
    isinstance(answer, api.boxed.photos.Photos)      whichever constructor the answer has

A class is made when a program names it.
"""

from __future__ import annotations

from tl.packaged import packaged

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

__all__ = [
    "boxed",
    "decode",
    "decode_prefix",
    "encode",
    "from_dict",
    "from_json",
    "functions",
    "layer",
    "schema",
    "types",
]

schema = packaged("api")
if TYPE_CHECKING:  # stubs: `make stubs` writes them
    from tl._api import boxed, functions, types
else:
    boxed = schema.boxed
    functions = schema.functions
    types = schema.types
decode = schema.decode
decode_prefix = schema.decode_prefix
encode = schema.encode
from_dict = schema.from_dict
from_json = schema.from_json

if schema.layer is None:
    raise ImportError("tl/schemas/api.tl has no comment `// LAYER N`")
layer = schema.layer

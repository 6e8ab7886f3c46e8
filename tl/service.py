"""The service schema of MTProto, as module-level names: key exchange and service messages.

core.telegram.org/schema/mtproto. `rpc_result`, `message`, `msg_container` and `gzip_packed` are declared with payloads
of type `Object`. This schema reads such a payload only if the payload is a service message too.
"""

from __future__ import annotations

from tl.packaged import packaged

__all__ = ["boxed", "decode", "decode_prefix", "encode", "from_dict", "from_json", "functions", "schema", "types"]

schema = packaged("mtproto")
types = schema.types
functions = schema.functions
boxed = schema.boxed
decode = schema.decode
decode_prefix = schema.decode_prefix
encode = schema.encode
from_dict = schema.from_dict
from_json = schema.from_json

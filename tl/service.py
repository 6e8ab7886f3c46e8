"""The service schema of MTProto, as module-level names: key exchange and service messages.

core.telegram.org/schema/mtproto. `rpc_result`, `message`, `msg_container` and `gzip_packed` are declared with payloads
of type `Object`. This schema reads such a payload only if the payload is a service message too.
"""

from __future__ import annotations

from tl.packaged import packaged

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

__all__ = ["boxed", "decode", "decode_prefix", "encode", "from_dict", "from_json", "functions", "schema", "types"]

schema = packaged("mtproto")
if TYPE_CHECKING:  # stubs: `make stubs` writes them
    from tl._service import boxed, functions, types
else:
    boxed = schema.boxed
    functions = schema.functions
    types = schema.types
decode = schema.decode
decode_prefix = schema.decode_prefix
encode = schema.encode
from_dict = schema.from_dict
from_json = schema.from_json

from mtproto import PRODUCTION_KEYS, connect

# mypy says: Argument "schema" to "connect" has incompatible type "int"; expected "Schema | None"
# pyright says: Argument of type "Literal[181]" cannot be assigned to parameter "schema" of type "Schema | None"
client = connect(("127.0.0.1", 443), keys=PRODUCTION_KEYS, api_id=1, schema=181)

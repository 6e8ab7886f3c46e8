from mtproto import connect

# mypy says: Missing named argument "keys" for "connect"
# pyright says: Argument missing for parameter "keys"
client = connect(("127.0.0.1", 443), api_id=1)

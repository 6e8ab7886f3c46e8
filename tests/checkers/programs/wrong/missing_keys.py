from mtproto import connect

# mypy: Missing named argument "keys" for "connect"
# pyright: Argument missing for parameter "keys"
client = connect(("127.0.0.1", 443), api_id=1)

from mtproto import PRODUCTION_KEYS, connect

# mypy says: Unexpected keyword argument "prxy" for "connect"; did you mean "proxy"?
# pyright says: No parameter named "prxy"
client = connect(("127.0.0.1", 443), keys=PRODUCTION_KEYS, api_id=1, prxy="socks5://127.0.0.1:1080")

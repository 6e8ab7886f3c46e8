from datetime import datetime

from mtproto import blocking
from tl import api


def expires(client: blocking.Client) -> datetime:
    config = client(api.functions.help.GetConfig())
    # mypy says: Incompatible return value type (got "int", expected "datetime")
    # pyright says: Type "int" is not assignable to return type "datetime"
    return config.expires

from mtproto import blocking
from tl import api


def nearest(client: blocking.Client) -> api.types.Config:
    # mypy says: Incompatible return value type (got "NearestDc", expected "Config")
    # pyright says: Type "NearestDc" is not assignable to return type "Config"
    return client(api.functions.help.GetNearestDc())

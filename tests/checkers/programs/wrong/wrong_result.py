from mtproto import blocking
from tl import api


def nearest(client: blocking.Client) -> api.types.Config:
    # mypy: Incompatible return value type (got "NearestDc", expected "Config")
    # pyright: Type "NearestDc" is not assignable to return type "Config"
    return client(api.functions.help.GetNearestDc())

from mtproto import blocking
from tl import api


def nearest(client: blocking.Client) -> int:
    # mypy says: Unexpected keyword argument "timeuot" for "__call__" of "Client"; did you mean "timeout"?
    # pyright says: No parameter named "timeuot"
    return client(api.functions.help.GetNearestDc(), timeuot=3).nearest_dc

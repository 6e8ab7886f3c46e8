from mtproto import blocking
from tl import api


def call(client: blocking.Client) -> object:
    # mypy says: Argument 1 to "__call__" of "Client" has incompatible type "InputUserSelf"; expected "TLFunction[Never]"
    # pyright says: Argument of type "InputUserSelf" cannot be assigned to parameter "request" of type "TLFunction[…
    return client(api.types.InputUserSelf())

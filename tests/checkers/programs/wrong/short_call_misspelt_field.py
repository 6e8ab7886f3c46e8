from mtproto import Client, blocking
from tl import api


async def awaited(client: Client) -> None:
    # mypy says: Unexpected keyword argument "limmit" for "getUserPhotos" of "Photos"; did you mean "limit"?
    # pyright says: No parameter named "limmit"
    await client.api.photos.getUserPhotos(user_id=api.types.InputUserSelf(), limit=1, limmit=1)


def plain(account: blocking.Account) -> None:
    # mypy says: Missing named argument "limit" for "getUserPhotos" of "Photos"
    # pyright says: Argument missing for parameter "limit"
    account.api.photos.getUserPhotos(user_id="me")

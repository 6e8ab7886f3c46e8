from mtproto import Account, blocking


async def awaited(account: Account) -> None:
    # mypy says: "Photos[…]" has no attribute "getUserPhoto"; maybe "getUserPhotos"?
    # pyright says: Cannot access attribute "getUserPhoto" for class "Photos[
    await account.api.photos.getUserPhoto(user_id="me", limit=1)


def plain(client: blocking.Client) -> None:
    # mypy says: "BlockingMethods[Never]" has no attribute "foto"
    # pyright says: Cannot access attribute "foto" for class "BlockingMethods[
    client.api.foto.getUserPhotos(user_id={"_": "inputUserSelf"}, limit=1)

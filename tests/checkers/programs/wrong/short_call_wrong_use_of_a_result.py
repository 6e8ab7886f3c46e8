from mtproto import Account, blocking


async def awaited(account: Account) -> str:
    # mypy says: Incompatible return value type (got "int", expected "str")
    # pyright says: Type "int" is not assignable to return type "str"
    return (await account.api.help.getNearestDc()).this_dc


def plain(client: blocking.Client) -> None:
    # mypy says: Item "Photos" of "Photos | PhotosSlice" has no attribute "dates"
    # mypy says: Item "PhotosSlice" of "Photos | PhotosSlice" has no attribute "dates"
    # pyright says: Cannot access attribute "dates" for class "Photos"
    # pyright says: Cannot access attribute "dates" for class "PhotosSlice"
    print(client.api.photos.getUserPhotos(user_id={"_": "inputUserSelf"}, limit=1).dates)

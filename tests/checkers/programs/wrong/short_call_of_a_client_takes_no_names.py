from mtproto import Client, blocking


async def awaited(client: Client) -> None:
    # mypy says: Argument "user_id" to "getUserPhotos" of "Photos" has incompatible type "str"
    # pyright says: Argument of type "Literal['@durov']" cannot be assigned to parameter "user_id"
    await client.api.photos.getUserPhotos(user_id="@durov", limit=1)


def plain(client: blocking.Client) -> None:
    # mypy says: List item 0 has incompatible type "int"
    # pyright says: Argument of type "list[int]" cannot be assigned to parameter "id"
    client.api.users.getUsers(id=[777000])

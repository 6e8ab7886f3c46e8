from mtproto import Account, blocking


async def awaited(account: Account) -> None:
    # mypy says: "Coroutine[Any, Any, NearestDc]" has no attribute "this_dc"
    # pyright says: Cannot access attribute "this_dc" for class "CoroutineType[Any, Any, NearestDc]"
    print(account.api.help.getNearestDc().this_dc)


async def plain(account: blocking.Account) -> None:
    # mypy says: Incompatible types in "await" (actual type "NearestDc", expected type "Awaitable[Any]")
    # pyright says: "NearestDc" is not awaitable
    print(await account.api.help.getNearestDc())

from mtproto import Account, blocking


async def awaited(account: Account) -> None:
    # mypy says: Unexpected keyword argument "timeout" for "getNearestDc" of "Help"
    # pyright says: No parameter named "timeout"
    await account.api.help.getNearestDc(timeout=5)


def plain(client: blocking.Client) -> None:
    # mypy says: Unexpected keyword argument "lane" for "api_with" of "Client"
    # pyright says: No parameter named "lane"
    client.api_with(lane="files").help.getNearestDc()

from mtproto import Account, blocking
from mtproto.account import Incoming
from tl import api


async def awaited(account: Account) -> None:
    async for item in account.incoming(types=[api.types.UpdateNewMessage]):
        if isinstance(item, Incoming):
            # mypy says: "UpdateNewMessage" has no attribute "misspelt"
            # pyright says: Cannot access attribute "misspelt" for class "UpdateNewMessage"
            print(item.update.misspelt)


def plain(account: blocking.Account) -> None:
    # mypy says: No overload variant of "incoming" of "Account" matches argument type "type[UpdateNewMessage]"
    # pyright says: No overloads for "incoming" match the provided arguments
    # pyright says: Argument of type "type[UpdateNewMessage]" cannot be assigned to parameter "types"
    account.incoming(types=api.types.UpdateNewMessage)
    # mypy says: Argument "types" to "incoming" of "Account" has incompatible type "list[str]"
    # pyright says: No overloads for "incoming" match the provided arguments
    # pyright says: Argument of type "list[str]" cannot be assigned to parameter "types"
    account.incoming(types=["updateNewMessage"])

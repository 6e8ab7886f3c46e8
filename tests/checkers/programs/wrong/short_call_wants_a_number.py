from mtproto import Account, blocking


async def awaited(account: Account) -> None:
    # mypy says: Missing named argument "random_id" for "sendPaidReaction" of "Messages"
    # pyright says: Argument missing for parameter "random_id"
    await account.api.messages.sendPaidReaction(peer="@durov", msg_id=1, count=1)


def plain(account: blocking.Account) -> None:
    # mypy says: Argument "random_id" to "sendMessage" of "Messages" has incompatible type "str"; expected "int"
    # pyright says: Argument of type "Literal['7']" cannot be assigned to parameter "random_id" of type "int"
    account.api.messages.sendMessage(peer="me", message="hello", random_id="7")

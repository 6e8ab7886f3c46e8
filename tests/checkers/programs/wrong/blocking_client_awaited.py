from mtproto import blocking
from tl import api


async def show(client: blocking.Client) -> None:
    # mypy says: Incompatible types in "await" (actual type "NearestDc", expected type "Awaitable[Any]")
    # pyright says: "NearestDc" is not awaitable
    answer = await client(api.functions.help.GetNearestDc())
    print(answer.nearest_dc)

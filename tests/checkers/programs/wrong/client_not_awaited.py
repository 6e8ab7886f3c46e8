from mtproto import Client
from tl import api


async def show(client: Client) -> None:
    answer = client(api.functions.help.GetNearestDc())
    # mypy says: "Coroutine[Any, Any, NearestDc]" has no attribute "nearest_dc"
    # pyright says: Cannot access attribute "nearest_dc" for class "CoroutineType[Any, Any, NearestDc]"
    print(answer.nearest_dc)

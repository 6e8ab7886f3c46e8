from mtproto import Client
from tl import api


async def show(client: Client) -> None:
    answer = client(api.functions.help.GetNearestDc())
    # mypy: "Coroutine[Any, Any, NearestDc]" has no attribute "nearest_dc"
    # pyright: Cannot access attribute "nearest_dc" for class "CoroutineType[Any, Any, NearestDc]"
    print(answer.nearest_dc)

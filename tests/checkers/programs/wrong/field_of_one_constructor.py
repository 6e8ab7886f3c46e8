from mtproto import blocking
from tl import api


def count(client: blocking.Client) -> int:
    answer = client(api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1))
    # mypy says: Item "Photos" of "Photos | PhotosSlice" has no attribute "count"
    # pyright says: Cannot access attribute "count" for class "Photos"
    return answer.count

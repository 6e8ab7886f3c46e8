from typing import assert_never

from mtproto import blocking
from tl import api


def count(client: blocking.Client) -> int:
    answer = client(api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1))
    match answer:
        case api.types.photos.Photos():
            return len(answer.photos)
        case _:
            # mypy says: Argument 1 to "assert_never" has incompatible type "PhotosSlice"; expected "Never"
            # pyright says: Type "PhotosSlice" is not assignable to type "Never"
            assert_never(answer)

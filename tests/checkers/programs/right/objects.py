"""Objects are copied, pickled, changed and compared; fields that a declaration does not require may be left out."""

import copy
import pickle

from tl import api, service

photo = api.types.Photo(
    id=1, access_hash=2, file_reference=b"", date=3, sizes=[api.types.PhotoSizeEmpty(type="a")], dc_id=2
)
assert photo.video_sizes is None
assert photo.has_stickers is False

again: api.types.Photo = copy.deepcopy(photo)
assert again == photo
assert pickle.loads(pickle.dumps(photo)) == photo
later: api.types.Photo = photo.replace(date=4)
assert (photo.date, later.date) == (3, 4)
later.sizes.append(api.types.PhotoSizeEmpty(type="b"))

assert api.decode(photo.to_bytes()) == photo
assert api.from_json(photo.to_json()) == photo

ping = service.functions.Ping(ping_id=7)
number: int = ping.ping_id
assert service.decode(ping.to_bytes()) == ping

match photo:
    case api.types.Photo(number, access_hash):
        assert (number, access_hash) == (1, 2)
    case _:
        raise SystemExit("the required fields of an object are positional in patterns")

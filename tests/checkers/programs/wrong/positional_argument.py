from tl import api

# mypy says: Too many positional arguments for "GetUserPhotos"
# pyright says: Expected 0 positional arguments
request = api.functions.photos.GetUserPhotos(api.types.InputUserSelf(), offset=0, max_id=0, limit=1)

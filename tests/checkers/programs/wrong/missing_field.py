from tl import api

# mypy: Missing named argument "limit" for "GetUserPhotos"
# pyright: Argument missing for parameter "limit"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0)

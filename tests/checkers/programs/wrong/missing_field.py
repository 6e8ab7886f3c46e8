from tl import api

# mypy says: Missing named argument "limit" for "GetUserPhotos"
# pyright says: Argument missing for parameter "limit"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0)

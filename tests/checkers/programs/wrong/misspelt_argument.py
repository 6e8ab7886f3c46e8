from tl import api

# mypy says: Unexpected keyword argument "limmit" for "GetUserPhotos"; did you mean "limit"?
# pyright says: No parameter named "limmit"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1, limmit=1)

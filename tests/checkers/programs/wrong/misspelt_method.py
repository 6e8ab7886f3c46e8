from tl import api

# mypy says: Module has no attribute "GetUserPhoto"; maybe "GetUserPhotos"?
# pyright says: "GetUserPhoto" is not a known attribute of module "..photos"
request = api.functions.photos.GetUserPhoto(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)

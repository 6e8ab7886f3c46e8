from tl import api

# mypy says: Module has no attribute "photo"; maybe "photos"?
# pyright says: "photo" is not a known attribute of module "tl._api.functions"
request = api.functions.photo.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)

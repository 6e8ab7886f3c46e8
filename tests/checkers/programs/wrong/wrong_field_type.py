from tl import api

# mypy says: Argument "limit" to "GetUserPhotos" has incompatible type "str"; expected "int"
# pyright says: Argument of type "Literal['1']" cannot be assigned to parameter "limit" of type "int"
request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit="1")

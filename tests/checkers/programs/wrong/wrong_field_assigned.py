from tl import api

request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)
# mypy says: Incompatible types in assignment (expression has type "str", variable has type "int")
# pyright says: Cannot assign to attribute "limit" for class "GetUserPhotos" "Literal['1']" is not assignable to "int"
request.limit = "1"

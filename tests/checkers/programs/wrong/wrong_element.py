from tl import api

# mypy says: List item 0 has incompatible type "int"; expected "InputPhoto"
# pyright says: "list[int]" cannot be assigned to parameter "id" of type "Sequence[InputPhoto]"
request = api.functions.photos.DeletePhotos(id=[1])

from tl import api

# mypy: List item 0 has incompatible type "int"; expected "InputPhoto"
# pyright: "list[int]" cannot be assigned to parameter "id" of type "Sequence[InputPhoto]"
request = api.functions.photos.DeletePhotos(id=[1])

from tl import api


def show(photo: api.types.Photo) -> None:
    # mypy says: "Photo" has no attribute "replace"
    # pyright says: Cannot access attribute "replace" for class "Photo" Attribute "replace" is unknown
    print(photo.replace(dates=photo.date + 86_400))

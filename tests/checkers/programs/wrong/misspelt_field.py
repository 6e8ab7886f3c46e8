from tl import api


def show(photo: api.types.Photo) -> None:
    # mypy says: "Photo" has no attribute "dates"; maybe "date"?
    # pyright says: Cannot access attribute "dates" for class "Photo"
    print(photo.dates)

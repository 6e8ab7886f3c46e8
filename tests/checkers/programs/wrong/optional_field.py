from tl import api


def shout(user: api.types.User) -> str:
    # mypy says: Item "None" of "str | None" has no attribute "upper"
    # pyright says: "upper" is not a known attribute of "None"
    return user.first_name.upper()

"""What a user's type checker and editor say about programs that use this library.

`programs/right` holds programs that mypy (strict) and pyright (strict) accept, and that run; `programs/wrong` holds
programs with one mistake each, and what both checkers say about the mistake. Both checkers read the library as a user
has it: once as an installed wheel, once as an editable install.
"""

"""The structure of the house: rules that hold for every module of `mtproto` and `tl`.

`house` reads the source; `rules` finds what breaks a rule; `public` describes the public names. What does not hold
yet stands in `not_yet/`, one file for each room; an entry that holds by now is an error as well.

    python -m tests.structure              what breaks a rule, and is not in `not_yet/`
    python -m tests.structure --tidy       take out of `not_yet/` what holds by now
    python -m tests.structure --names      write `public_names.txt` again
"""

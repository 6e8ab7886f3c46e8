"""Security checks with a part taken out, one after the other, and the tests that have to notice.

    python -m tests.mutants                    every mutant, in copies of the tree
    python -m tests.mutants --check            only whether each mutant's text is found exactly once
    python -m tests.mutants envelope 12 -j 2   those whose file has "envelope" in its path, and number 12

A mutant is one line of the table: a file, the exact text in it, what takes its place, the tests to run.
"""

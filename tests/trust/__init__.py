"""The long checks of what indexcalc promises, one module for each.

`python -m tests.trust` runs all of them, `python -m tests.trust.NAME` one; what they
promise is told in docs/explanation/promises.md.
"""

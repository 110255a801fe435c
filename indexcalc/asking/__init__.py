"""What a person asks in one line, and every way to answer it.

The command line and the web page share it: shapes as a line of text, a problem read in
whatever notation it stands in, results by the names of notations, a check by numbers,
and all of an answer as plain data.

>>> from indexcalc.asking.problem import Asked, read
>>> problem = read(Asked("x'*A*x", {"A": "symmetric matrix"}))
>>> print(problem.derivative("x").matrix("paper"))
2Ax
>>> [str(symbol) for symbol in problem.symbols]
['x: m', 'A: m m : symmetric']
"""

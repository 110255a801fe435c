"""The web page: what is asked and answered, the processes that answer, the server.

`answers` knows nothing of the web: a request is a dictionary, and so is the answer.
The server hands requests to processes that can be ended (`pool`, `worker`); a browser
that runs the package by itself calls `answers.answer` directly.
"""

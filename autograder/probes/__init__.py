"""What is done with an answer for one case. The only part of an exercise that enters the sandbox.

A probe is ``probe(answer, *args, **kwargs)``; it returns what is judged. The default calls the
answer. A chapter's own probes, and the callables its cases pass as ``named(...)``, stand in
``autograder/probes/<topic>.py``; they import nothing of the course but ``dl_helpers``.
"""

from typing import Any


def call(answer: Any, /, *args: Any, **kwargs: Any) -> Any:
    """The answer's result for the case's arguments."""
    return answer(*args, **kwargs)

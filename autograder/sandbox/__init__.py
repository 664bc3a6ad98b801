"""Runs requests in processes that can neither reach the host nor outlive their submission; knows nothing of exercises.

``host`` is the trusted side, ``worker`` the process inside, ``confinement`` what a learner's process may still do,
``limits`` how much of it, and ``verify`` says whether this machine can do all that.
"""

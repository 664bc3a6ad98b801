"""The algorithms of the course, one module per chapter, and what supports them.

A chapter's module (``backprop``, ``optimizers``, ...) holds the functions that its learners write.
The support modules are named for what they give: ``datasets``, ``training``, ``devices``, ...
"""

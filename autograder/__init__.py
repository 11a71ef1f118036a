"""The grader of the course, and the command ``autograder``."""

#: The one place where the project's version stands; pyproject.toml reads it from here.
__version__ = "0.2.0"

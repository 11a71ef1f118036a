"""The grader: runs submissions in a sandbox, judges them from outside, writes nbgrader's marks."""

__version__ = "0.1.0"

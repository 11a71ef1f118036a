"""What the tests of the sandbox share: a process that runs cells."""

from ran_cells import bare, converse, run, running  # noqa: F401

"""The course, for nbgrader and for autograder. Run both from this folder."""

import os

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.course_id = "{course_id}"

# The seed of the hidden tests' inputs. Change it every year, and keep it to yourself: last year's
# answers then don't help. (The environment variable, if it is set, wins.)
os.environ.setdefault("NNLAB_HIDDEN_SEED", "{seed}")

# For stock 'nbgrader autograde': an experiment may take longer than nbgrader's 30 seconds.
c.ExecutePreprocessor.timeout = 120

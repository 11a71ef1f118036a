"""What passes between the processes of the grader. Serves both sides, and trusts neither."""

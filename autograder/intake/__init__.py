"""A stranger's file, read within limits, becomes a submission."""

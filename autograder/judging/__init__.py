"""A submission becomes a result. Trusted; a student's code never runs in it."""

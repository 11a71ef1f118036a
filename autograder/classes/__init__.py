"""Many submissions: jobs, pools of processes, the gradebook."""

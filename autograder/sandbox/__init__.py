"""The untrusted side: the processes in which students' code runs. Knows no lesson and no mark."""

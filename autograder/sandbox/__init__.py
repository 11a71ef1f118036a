"""The only code that stands beside a student's: it is not trusted. Knows no lesson and no mark."""

"""What learning systems give and take: rows in, rows out. Knows no gradebook."""

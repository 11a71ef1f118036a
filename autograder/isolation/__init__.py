"""Walls around a process, by what the system offers. Knows no protocol."""

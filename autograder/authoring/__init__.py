"""An author's desk: build, lint and prove a lesson."""

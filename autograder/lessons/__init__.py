"""What an assignment is: read from its folder, and as notebooks."""

"""The command line: a file a command, arguments and printing."""

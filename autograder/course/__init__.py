"""The folders and configuration of an nbgrader course, and the adapter to nbgrader itself."""

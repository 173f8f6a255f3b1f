"""The insights as they are read: sections of headlines and tables, each number with the list of what it counts."""

"""TPC-H: its tables, data like its own, changes to them, and its twenty-two queries."""

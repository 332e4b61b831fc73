"""Random cases run on Streamhouse and on PostgreSQL, which must answer alike.

`python -m differential --cases N --seed S`, from Tests/Integration, runs any number of them.
"""

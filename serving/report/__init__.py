"""The report: what the records, the scores, the campaigns and the model come to, for a board.

One module a section, each a plain frozen object; nothing here is words or pictures yet. A section
that the records don't carry is None or empty.
"""

"""Indicators: the records read for the company as a whole, over any period and for any group.

One declaration per indicator (`catalogue`), one reader for all (`reading`): overall, by segment,
stage, channel, touchpoint, or for one customer it is the same definition.
"""

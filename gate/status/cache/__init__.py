"""Lists of people's records that a gate keeps for when nobody can be asked (docs/offline-lists.md).

``exceptions`` lists whoever is not simply green, ``city`` lists everybody; both have one format,
encrypted and signed.
"""

"""The ledger: how facts are stored, sealed, ordered and read again, and how decisions are taken.

The only way in is `append_events`, the only truth is the log. No rule about care belongs here.
"""

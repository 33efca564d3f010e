"""What may be known: per-role views and lists, the one door out, and the time machine.

Everything here is derived from the log and can be thrown away and rebuilt. Nothing here decides
what is true, and nothing about a client leaves but through `disclosure`.
"""

"""HTTP: the JSON API, who is calling, and how every answer leaves.

What belongs here: routes, tokens, headers, problem documents, one file per subject.
What never does: a rule about care (`domain`), what a role may read (`projections`), SQL.
"""

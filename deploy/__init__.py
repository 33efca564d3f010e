"""How Tandem is run: its settings, PostgreSQL, migrations and, outside Python, manifests.

What belongs here: starting servers and bringing a database to the right shape.
What never does: a rule about care, a query on a client, a route.
"""

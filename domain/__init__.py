"""What may be true: facts, the state they add up to, the decisions that make them, and policy.

Everything here is pure (no clock, no database, no framework) except `domain.ledger`, which stores
it. Nothing here knows who is looking: that belongs in `projections`.
"""

"""What runs beside the API: the supervisor, the projector, the demo, and the `tandem` command.

Nothing here decides what is true (`domain`) or what may be known (`projections`). It never imports
`api`: that is a process of its own, reached like anybody else reaches it, over HTTP.
"""

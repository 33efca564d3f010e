"""How the first administrator comes to be."""

from deploy.migrate import Urls
from deploy.settings import Settings


def bootstrap(settings: Settings, urls: Urls, person: str, name: str) -> int:
    """Register the first administrator."""
    raise NotImplementedError

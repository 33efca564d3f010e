"""The demo clinic: its people and stories, told once, over HTTP."""

from deploy.settings import Settings
from workers.asked import Asked
from workers.display import Display
from workers.running import Running


def seed(settings: Settings, running: Running, display: Display, asked: Asked) -> None:
    """Tell what has not been told yet; outside the demo profile, nothing."""
    if settings.demo:
        asked.proceed()

"""What an observer would see of a run: the latent truth of its tables in, the records of crawlers, surveys, police and health services out."""

from sim.measures.observer.observe import observe
from sim.measures.observer.settings import PERFECT, Observer, read_settings

__all__ = ["PERFECT", "Observer", "observe", "read_settings"]

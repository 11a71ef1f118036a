"""What the notebooks of the course import: device, data, pictures and test helpers."""

from nnlab.devices import device

__all__ = ["device"]
__version__ = "0.1.0"

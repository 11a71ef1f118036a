"""What the notebooks of the course import: device, data, pictures, progress bar and checks."""

from nnlab.devices import device

__all__ = ["device"]

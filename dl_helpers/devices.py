"""Which device torch code runs on."""

import os

import torch


def pick(allow_mps: bool = False) -> torch.device:
    """The device to compute on: CUDA where there is one, else the CPU.

    The environment variable ``DL_DEVICE`` ("cpu", "cuda", "cuda:1", "mps") overrides the choice.

    allow_mps: take Apple's GPU if there is no CUDA. It has no float64, so only code that needs
               single precision alone may ask for it.

    Raises ValueError if ``DL_DEVICE`` names no device of this machine.
    """
    wanted = os.environ.get("DL_DEVICE")
    if wanted:
        try:
            device = torch.device(wanted)
        except RuntimeError as error:
            raise ValueError(f"DL_DEVICE must be cpu, cuda, cuda:<number> or mps, not {wanted!r}") from error
        available = {
            "cpu": True,
            "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
            "mps": torch.backends.mps.is_available(),
        }
        if not available.get(device.type, False):
            raise ValueError(f"DL_DEVICE is {wanted!r}, but this machine has no such device")
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    if allow_mps and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")

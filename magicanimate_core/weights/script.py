"""TorchScript files: nets that carry their own code, opened without running any of Python's."""

import zipfile
from pathlib import Path

import torch

from .files import WrongFile, check_whole, file_name


def open_script(path: str | Path, expected: str) -> torch.jit.ScriptModule:
    """Returns the net of a TorchScript file, on the CPU, in fp32.

    expected: what the caller wants, for the message ("a DensePose net (...)"). Raises FileNotFoundError and WrongFile.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file; expected {expected}.")
    check_whole(path, expected)
    trouble = _other_kind(path)
    if trouble:
        raise WrongFile(f"{file_name(path)} {trouble}; expected {expected}.")
    missing = _operators()
    try:
        return torch.jit.load(str(path), map_location="cpu").float()
    except Exception as error:  # torch raises several kinds, some with pages of text
        if "torchvision::" in str(error):
            raise WrongFile(
                f"{file_name(path)} needs torchvision, which {missing or 'lacks its operators'}: install the torchvision "
                f"that belongs to torch {torch.__version__}."
            ) from error
        raise WrongFile(f"{file_name(path)} cannot be opened ({_first_line(error)}); expected {expected}.") from error


def _operators() -> str | None:
    """Lets torch know torchvision's operators, for nets that need them; returns what is wrong with torchvision."""
    try:
        import torchvision  # noqa: F401
    except ModuleNotFoundError:
        return "is not installed"
    except Exception as error:  # of another torch: it fails in several ways
        return f"cannot be imported ({_first_line(error)})"
    return None


def _other_kind(path: Path) -> str | None:
    """What a file is that cannot be TorchScript, as far as its beginning and its list of contents tell."""
    with open(path, "rb") as file:
        head = file.read(16)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except zipfile.BadZipFile:
        return _no_archive(head)
    if "constants.pkl" in names:
        return None
    if "data.pkl" in names:
        return "holds weights alone (a PyTorch checkpoint), not a net that can be run"
    return "is an archive, but no TorchScript"


def _no_archive(head: bytes) -> str:
    """What a file is that begins so."""
    if head.startswith(b"PK"):
        return "is cut short (download it again)"
    if head.startswith(b"\x80"):
        return "is a pickled checkpoint (as detectron2's model_final.pkl), not a net that can be run"
    if head[8:9] == b"{":
        return "holds weights alone (safetensors), not a net that can be run"
    return "is no TorchScript file"


def _first_line(error: Exception) -> str:
    return next((line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()), type(error).__name__)

"""The bytes of a picture or a video: a file, or the part of a tar that holds one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..disk import disguise

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".gif")


class Unreadable(ValueError):
    """Why a file cannot be used, as a sentence that begins with the file's name."""


class Blob(NamedTuple):
    """A file, or the part of a tar that holds one."""

    name: str
    path: Path
    offset: int = 0
    size: int | None = None  # bytes; None: the whole file

    def read(self, size: int | None = None) -> bytes:
        """Returns all bytes, or the first `size`. Raises OSError, and Unreadable when the tar ends too early."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            limit = self.size if size is None else size
            data = file.read() if limit is None else file.read(limit)
        if size is None and self.size is not None and len(data) < self.size:
            raise Unreadable(f"{self.name} is cut off: {self.path.name} ends after {len(data)} of its {self.size} bytes.")
        return data


@contextmanager
def unreadable(blob: Blob, what: str, *errors: type[Exception]) -> Iterator[None]:
    """Raises Unreadable, "NAME cannot be read as `what` ...", for a decoder's OSError, ValueError and `errors`."""
    try:
        yield
    except Unreadable:
        raise
    except (OSError, ValueError, *errors) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__  # some libraries write several lines
        raise Unreadable(f"{blob.name} cannot be read as {what} ({reason}){_hint(blob)}.") from error


def _hint(blob: Blob) -> str:
    """Returns what a file with such a beginning often is, as a clause; nothing for what is not known."""
    try:
        known = disguise(blob.read(200))
    except OSError:
        return ""
    return f": it is {known}" if known else ""

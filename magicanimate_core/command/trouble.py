"""What ends one job and not the others, in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")  # of torch and its libraries


@contextmanager
def told() -> Iterator[None]:
    """Raises ValueError where there is not enough memory; other errors go on as they are."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError, and some devices raise that one
        if not (isinstance(error, MemoryError) or any(words in str(error).lower() for words in MEMORY_WORDS)):
            raise
        raise ValueError(
            "there is not enough memory for it: lower width and height or context_length, or take fp16 or bf16."
        ) from error

"""The folder where a runtime keeps compiled models for the next start."""

import tempfile
from pathlib import Path

from hopfield_pebal_ros.inference.engine import EngineError


def prepare_cache_folder(folder: Path) -> Path:
    """Make `folder` where needed, prove that it can be written, and return it.

    Raises:
        EngineError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise EngineError(
            f'cannot write to cache_folder {folder} ({error}); name a folder that this user may '
            'write, or none'
        ) from None
    return folder

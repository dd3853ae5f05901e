"""The sha256 of a file, by which a model is known whatever its name."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()

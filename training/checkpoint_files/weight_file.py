"""Read a weight file without running anything that is in it."""

import hashlib
import pickle
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

_NUMPY_SCALAR: Final = np.float64(0).__reduce__()[0]
NUMPY_SCALARS: Final[tuple[Any, ...]] = (
    (_NUMPY_SCALAR, 'numpy.core.multiarray.scalar'),  # as NumPy 1 names it
    (_NUMPY_SCALAR, 'numpy._core.multiarray.scalar'),
    np.dtype,
    *(type(np.dtype(name)) for name in ('float64', 'float32', 'float16', 'int64', 'int32')),
)
"""What a file may name beside tensors and plain Python: NVIDIA's files store mean IoU so."""

_FOREIGN_GLOBAL: Final = re.compile(
    r'unsupported (?:global|class)\S* (?:GLOBAL )?([\w.]+)', re.IGNORECASE
)


class WeightFileError(ValueError):
    """A weight file that cannot be used; the message says why and the remedy."""


def read_document(path: Path) -> object:
    """Return what a .safetensors file or a file of torch.save holds, on the CPU.

    Raises:
        FileNotFoundError: no such file.
        WeightFileError: truncated, no weight file, or one that would run code.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no weight file {path}')
    if path.suffix == '.safetensors':
        try:
            return load_file(path)
        except SafetensorError as error:
            raise _damaged(path, error) from error
    try:
        with torch.serialization.safe_globals(list(NUMPY_SCALARS)):
            return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        found = _FOREIGN_GLOBAL.search(str(error))
        if found is None:
            raise _damaged(path, error) from error
        raise WeightFileError(
            f'{path} needs {found[1]}, and to load that may run code; where the file was made, '
            'save the state dict alone: torch.save(model.state_dict(), ...)'
        ) from error
    except PermissionError:
        raise
    except Exception as error:  # torch answers foreign bytes with KeyError, OSError, ...
        raise _damaged(path, error) from error


def sha256_of(path: Path) -> str:
    """Return the digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _damaged(path: Path, error: Exception) -> WeightFileError:
    return WeightFileError(
        f'{path} ({path.stat().st_size} bytes) is truncated or no weight file '
        f'({type(error).__name__}); copy or download it again and compare its size'
    )

"""The deployable file: names, dtypes and shapes of its tensors, checked before anything runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hopfield_pebal_ros.contract.metadata import (
    HOW_TO_MAKE,
    DeploymentError,
    Metadata,
    parse_metadata,
)
from hopfield_pebal_ros.contract.onnx_metadata import read_onnx_metadata

METADATA_KEY: Final = 'hopfield_pebal_ros'

IMAGE_INPUT: Final = 'image'
"""uint8 (N, H, W, 3) RGB of the network size; N is dynamic."""
LABEL_OUTPUT: Final = 'label_map'
"""uint8 (N, h, w), arg-max over the inlier classes."""
ENERGY_OUTPUT: Final = 'energy_map'
"""float32 (N, h, w), higher is more anomalous."""


def read_metadata(model_path: Path) -> Metadata:
    """Read and validate the metadata of a deployable ONNX file, without loading its weights.

    Raises:
        FileNotFoundError: no such file.
        DeploymentError: not an ONNX file, no metadata, or metadata that is not valid.
    """
    if not model_path.is_file():
        raise FileNotFoundError(f'no model file {model_path}; {HOW_TO_MAKE}')
    try:
        entries = read_onnx_metadata(model_path)
    except ValueError as error:
        raise DeploymentError(
            f'{model_path} is not a readable ONNX file ({error}); {HOW_TO_MAKE}'
        ) from None
    if METADATA_KEY not in entries:
        raise DeploymentError(
            f'{model_path} has no {METADATA_KEY!r} metadata; found '
            f'{sorted(entries) or "none"}; it is an ONNX file of another project, {HOW_TO_MAKE}'
        )
    return parse_metadata(entries[METADATA_KEY], source=str(model_path))


@dataclass(frozen=True)
class TensorSpec:
    """One input or output as a runtime reports it; a dynamic length is None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


def expected_tensors(metadata: Metadata) -> tuple[TensorSpec, ...]:
    """Return the input and the outputs that a file with this metadata must have."""
    return (
        TensorSpec(IMAGE_INPUT, 'uint8', (None, *metadata.network_hw, 3)),
        TensorSpec(LABEL_OUTPUT, 'uint8', (None, *metadata.output_hw)),
        TensorSpec(ENERGY_OUTPUT, 'float32', (None, *metadata.output_hw)),
    )


def check_tensors(found: tuple[TensorSpec, ...], metadata: Metadata, *, source: str) -> None:
    """Compare what a runtime found in the file with what its metadata says.

    Raises:
        DeploymentError: a tensor is missing, or has another dtype or shape. The batch length may
            be fixed.
    """
    by_name = {each.name: each for each in found}
    for expected in expected_tensors(metadata):
        actual = by_name.get(expected.name)
        fits = (
            actual is not None
            and actual.dtype == expected.dtype
            and actual.shape[1:] == expected.shape[1:]
        )
        if not fits:
            raise DeploymentError(
                f'{source}: expected tensor {expected}, found '
                f'{actual or sorted(by_name)}; {HOW_TO_MAKE}'
            )

"""python -m training.export RUN/best.pt --out model.onnx: write the deployable file.

Further flags: --size H W, --output-stride 1|2|4|8. One ONNX file: normalisation, network,
upsampling, arg-max and energy in the graph, batch length dynamic, metadata inside. It is then run
with ONNX Runtime and compared with torch; a file that disagrees is not left behind.
"""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import onnx
import torch
import tyro

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    METADATA_KEY,
    read_metadata,
)
from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.contract.metadata import Metadata
from training.checkpoints import Checkpoint, load_checkpoint
from training.export_check import Agreement, verify_against_torch
from training.models.deployed import DeployedModel
from training.provenance import provenance_of
from training.trained_model import deployed_model, fusion_of

OPSET: Final = 18


@dataclass(frozen=True)
class ExportArguments:
    """What to export and how."""

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """A calibrated checkpoint: best.pt of a finished run."""
    out: Path
    """The ONNX file to write."""
    size: tuple[int, int] | None = None
    """Height and width of the network input [px], multiples of 32; default: as trained."""
    output_stride: Literal[1, 2, 4, 8] = 2
    """Network input pixels per output pixel."""
    precision: str = 'fp32'
    """fp32 only, so far."""
    name: str = 'hopfield_pebal_ros realtime'
    """Name of the model in its metadata."""


def export(arguments: ExportArguments) -> Agreement:
    """Write and verify the file.

    Raises:
        ValueError: another precision, an impossible size, or no calibration in the checkpoint.
        VerificationError: the file disagrees with torch; it was removed.
    """
    if arguments.precision != 'fp32':
        raise ValueError(
            f'--precision {arguments.precision} is not available yet, only fp32; '
            'export fp32 and let the engine choose its own precision'
        )
    checkpoint = load_checkpoint(arguments.checkpoint)
    metadata = metadata_of(checkpoint, arguments)
    model = deployed_model(checkpoint, metadata.output_hw)
    partial = arguments.out.with_name(f'{arguments.out.name}.partial')
    try:
        write_onnx(model, metadata, partial)
        agreement = verify_against_torch(model, partial, metadata.network_hw)
        read_metadata(partial)
        partial.replace(arguments.out)
    finally:
        partial.unlink(missing_ok=True)
    return agreement


def metadata_of(checkpoint: Checkpoint, arguments: ExportArguments) -> Metadata:
    """Return the metadata of the file to be written."""
    if checkpoint.calibration is None:
        raise ValueError(
            f'{arguments.checkpoint} has no thresholds; run '
            f'python -m training.calibrate {arguments.checkpoint} first'
        )
    height, width = arguments.size or checkpoint.settings.network_hw
    if height < 32 or width < 32 or height % 32 or width % 32:
        raise ValueError(f'--size must be multiples of 32, got {height} {width}')
    return Metadata(
        name=arguments.name,
        label_set=CITYSCAPES,
        network_hw=(height, width),
        output_hw=(height // arguments.output_stride, width // arguments.output_stride),
        geometry=Geometry(),
        energy=fusion_of(checkpoint).description(),
        calibration=checkpoint.calibration,
        provenance=provenance_of(checkpoint),
    )


def write_onnx(model: DeployedModel, metadata: Metadata, path: Path) -> None:
    """Write graph, weights and metadata into one file."""
    logging.getLogger('torch.onnx').setLevel(logging.ERROR)
    example = torch.zeros(2, *metadata.network_hw, 3, dtype=torch.uint8)
    program = torch.onnx.export(
        model,
        (example,),
        input_names=[IMAGE_INPUT],
        output_names=[LABEL_OUTPUT, ENERGY_OUTPUT],
        dynamic_shapes=({0: torch.export.Dim('batch', min=1)},),
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError('torch.onnx.export returned no program')
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {METADATA_KEY: metadata.to_json()})
    onnx.save_model(proto, str(path))


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(ExportArguments, args=argv, description=__doc__)
    try:
        agreement = export(arguments)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    megabytes = arguments.out.stat().st_size / 1e6
    sys.stdout.write(f'{arguments.out}: {megabytes:.1f} MB, {agreement}\n')


if __name__ == '__main__':
    main()

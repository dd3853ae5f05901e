"""python -m training.export RUN/best.pt --out model.onnx: write the deployable file.

Further flags: --precision fp32|fp16|int8, --order exact|fast, --size H W, --output-stride 1|2|4|8,
--batch N, --calibration-images DIR, --verify-images DIR, --verify-dataset NAME --verify-root DIR,
--force. One ONNX file: normalisation, network, upsampling, arg-max and energy in the graph,
metadata inside. It is run with ONNX Runtime and compared with torch in fp32; a file outside the
tolerance of its precision is not left behind.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import numpy as np
import onnx
import tyro

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.metadata import Metadata, Precision
from training.checkpoints import Checkpoint, load_checkpoint
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import DatasetName, open_benchmark
from training.data.benchmarks.scan import scan
from training.export_check import (
    Agreement,
    VerificationError,
    agreement_with_torch,
    refusal,
)
from training.export_effect import Effect, effect_on
from training.export_graph import save_onnx, write_onnx
from training.export_images import calibration_images, verification_images
from training.export_notes import order_note, with_notes
from training.models.deployed import Order
from training.onnx_graph.half_precision import in_half_precision
from training.onnx_graph.quantisation import in_int8
from training.provenance import provenance_of
from training.trained_model import deployed_model, fusion_of


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
    precision: Precision = 'fp32'
    """Of the network; images are read, and labels and energies made, in fp32 in each of them."""
    order: Order = 'exact'
    """exact enlarges logits before it takes labels and energy of them; fast takes labels first,
    and energies at stride 8, and enlarges the results."""
    batch: int | None = None
    """Images a run of the graph takes; default: any number."""
    calibration_images: Path | None = None
    """int8 only: folder of camera pictures that set the ranges of activations, up to 32 of them;
    default: procedural drives."""
    verify_images: Path | None = None
    """Folder of camera pictures to compare with torch on, up to 32 of them; default: procedural
    drives."""
    verify_dataset: DatasetName | None = None
    """Labelled set to measure AP and FPR95 of fp32 and of the exported precision on."""
    verify_root: Path | None = None
    """Its folder."""
    force: bool = False
    """Write a file that is outside its tolerance too; its metadata say so."""
    name: str = 'hopfield_pebal_ros realtime'
    """Name of the model in its metadata."""


@dataclass(frozen=True)
class Export:
    """What was found out about a file that was written."""

    agreement: Agreement
    effect: Effect | None
    """On a labelled set, where one was named."""
    notes: tuple[str, ...]
    """As in the file's metadata."""

    def __str__(self) -> str:
        return '\n  '.join([str(self.agreement), *self.notes])


def export(arguments: ExportArguments) -> Export:
    """Write and verify the file.

    Raises:
        ValueError: flags that do not go together, an impossible size, no calibration in the
            checkpoint, or images that cannot be used.
        VerificationError: the file disagrees with torch; it was not written.
    """
    benchmark = _benchmark(arguments)
    checkpoint = load_checkpoint(arguments.checkpoint)
    metadata = metadata_of(checkpoint, arguments)
    images = verification_images(arguments.verify_images, metadata.network_hw)
    model = deployed_model(checkpoint, metadata.output_hw, order=arguments.order)
    if arguments.order == 'fast':
        exact = deployed_model(checkpoint, metadata.output_hw)
        metadata = replace(metadata, notes=(order_note(model, exact, images, metadata),))
    with TemporaryDirectory(dir=arguments.out.parent, prefix='.export_') as folder:
        single, file = Path(folder) / 'fp32.onnx', Path(folder) / 'asked.onnx'
        write_onnx(model, replace(metadata, precision='fp32'), single, batch=arguments.batch)
        save_onnx(_in_precision(single, metadata, arguments), metadata, file)
        agreement = agreement_with_torch(model, file, images)
        effect = None if benchmark is None else effect_on(benchmark, before=single, after=file)
        excess = agreement.excess(metadata.precision)
        excess += [] if effect is None else effect.excess(metadata.precision)
        if excess and not arguments.force:
            raise VerificationError(refusal(metadata.precision, excess, agreement))
        metadata = with_notes(metadata, agreement, effect, excess)
        save_onnx(onnx.load_model(str(file)), metadata, file)
        read_metadata(file)
        file.replace(arguments.out)
    return Export(agreement, effect, metadata.notes)


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
        label_set=checkpoint.settings.inliers.classes,
        network_hw=(height, width),
        output_hw=(height // arguments.output_stride, width // arguments.output_stride),
        geometry=Geometry(),
        energy=fusion_of(checkpoint).description(),
        calibration=checkpoint.calibration,
        provenance=provenance_of(checkpoint),
        precision=arguments.precision,
    )


def _in_precision(single: Path, metadata: Metadata, arguments: ExportArguments) -> onnx.ModelProto:
    """Return the graph of an fp32 file in the precision that was asked for."""
    proto = onnx.load_model(str(single))
    if metadata.precision == 'fp32':
        return proto
    if metadata.precision == 'fp16':
        return in_half_precision(proto)
    images = calibration_images(arguments.calibration_images, metadata.network_hw)
    batch = arguments.batch or 1
    return in_int8(proto, (np.stack([image] * batch) for image in images))


def _benchmark(arguments: ExportArguments) -> Benchmark | None:
    """Refuse flags that do not go together, and find the labelled set where one is named."""
    if arguments.batch is not None and arguments.batch < 1:
        raise ValueError(f'--batch must be 1 or more, got {arguments.batch}')
    if arguments.calibration_images is not None and arguments.precision != 'int8':
        raise ValueError(
            f'--calibration-images sets ranges of int8, got --precision {arguments.precision}; '
            'leave it out'
        )
    if (arguments.verify_dataset is None) != (arguments.verify_root is None):
        raise ValueError('give both --verify-dataset NAME and --verify-root DIR, or neither')
    if arguments.verify_dataset is None or arguments.verify_root is None:
        return None
    options = BenchmarkOptions(root=arguments.verify_root)
    benchmark, _ = scan(open_benchmark(arguments.verify_dataset, options))
    if not benchmark.has_outliers:
        raise ValueError(f'{benchmark.name} has no outliers; name a set that has')
    return benchmark


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(ExportArguments, args=argv, description=__doc__)
    try:
        found = export(arguments)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    megabytes = arguments.out.stat().st_size / 1e6
    sys.stdout.write(f'{arguments.out}: {megabytes:.1f} MB, {found}\n')


if __name__ == '__main__':
    main()

"""python -m training.export_score --run RUN/best.pt --state STATE.safetensors --out model.onnx.

Writes the deployable file of a network with one fitted score as its energy: what training.compare
found best. Energies of features are published in inlier standard deviations. Thresholds are fitted
on procedural drives that no training has seen (--num-drives), or on --camvid images; the file is
then compared with torch. --run also takes a published ESPNetv2 file (.pth). A score that needs no
state is named: --score free_energy.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import tyro

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.metadata import Calibration, EnergyDescription, Metadata
from training.calibration.energy_counts import EnergyCounts
from training.calibration.thresholds import calibration_of
from training.command_line import say
from training.data.camvid import open_camvid
from training.data.frames import FrameSource
from training.data.procedural import DriveFrames, render_frames
from training.export_check import Agreement, verify_against_torch
from training.export_graph import write_onnx
from training.models.deployed import DeployedModel
from training.models.tapped_network import LOGITS_TAP
from training.precompute_features import expected_of
from training.read_network import ReadNetwork, read_network
from training.run_data import FIRST_CALIBRATION_SEED
from training.scored_model import ScoredModel
from training.scores.fitted_state import load_score, require_same
from training.scores.registry import score_kind
from training.scores.score import AnyScore
from training.validation import predictions


@dataclass(frozen=True, kw_only=True)
class ExportScoreArguments:
    """Which score of which network."""

    run: Path
    """Checkpoint of a run (.pt), or a published ESPNetv2 file (.pth)."""
    out: Path
    """The ONNX file to write."""
    state: Path | None = None
    """Fitted state of training.fit_scores."""
    score: str | None = None
    """Instead of a state: a score that needs none, such as max_softmax."""
    output_stride: Literal[1, 2, 4, 8] = 2
    """Network input pixels per output pixel."""
    num_drives: int = 10
    """Procedural drives for the thresholds, three frames of each."""
    frame_cache: Path = Path('runs/frames')
    """Where they are rendered to."""
    camvid: Path | None = None
    """Instead of drives: labelled street images, images/ and labels/ (11 classes)."""
    name: str | None = None
    """Of the model in its metadata; default: network and score."""


def export_score(arguments: ExportScoreArguments) -> Agreement:
    """Fit thresholds, write and verify the file.

    Raises:
        ValueError, OSError: no such score, state of another network, or no inlier pixel.
        VerificationError: the file disagrees with torch; it was removed.
    """
    network = read_network(arguments.run)
    name, score, features, fitted = _score(arguments, network)
    stride = arguments.output_stride
    output_hw = network.network_hw[0] // stride, network.network_hw[1] // stride
    scored = ScoredModel(network, features, score, output_hw=output_hw).eval()
    # training.validation and training.export only call it, as they do a DeployedModel
    model = cast('DeployedModel', scored)
    calibration, unit = _calibration(arguments, network, model), score.unit
    if score.reads_features:
        scored.standardise(
            mean=calibration.inlier_mean, deviation=calibration.inlier_standard_deviation
        )
        calibration, unit = standardised(calibration), 'inlier standard deviation'
    metadata = Metadata(
        name=arguments.name or f'{network.name}, {name}',
        label_set=network.label_set,
        network_hw=network.network_hw,
        output_hw=output_hw,
        geometry=Geometry(),
        energy=EnergyDescription(kind=name, unit=unit, components=(name,)),
        calibration=calibration,
        provenance=replace(
            network.provenance, trained_on=(*network.provenance.trained_on, *fitted)
        ),
    )
    partial = arguments.out.with_name(f'{arguments.out.name}.partial')
    try:
        write_onnx(model, metadata, partial)
        agreement = verify_against_torch(model, partial)
        read_metadata(partial)
        partial.replace(arguments.out)
    finally:
        partial.unlink(missing_ok=True)
    return agreement


def _score(
    arguments: ExportScoreArguments, network: ReadNetwork
) -> tuple[str, AnyScore, str, tuple[str, ...]]:
    """Return name, score, the feature maps that it reads, and what it was fitted on."""
    if (arguments.state is None) == (arguments.score is None):
        raise ValueError('give either --state FILE or --score NAME')
    if arguments.state is not None:
        name, score, fitted_on = load_score(arguments.state)
        require_same(fitted_on, expected_of(network, fitted_on.features), arguments.state)
        return name, score, fitted_on.features, (f'{name} fitted on {fitted_on.data}',)
    name = cast('str', arguments.score)
    kind = score_kind(name)
    if kind.is_fitted:
        raise ValueError(
            f'{name} needs fitted state: run python -m training.fit_scores --scores {name}, then '
            'give --state FILE'
        )
    return name, kind.score_class(kind.settings).eval(), LOGITS_TAP, ()


def _calibration(
    arguments: ExportScoreArguments, network: ReadNetwork, model: DeployedModel
) -> Calibration:
    frames: FrameSource
    if arguments.camvid is not None:
        frames, described = open_camvid(arguments.camvid), 'CamVid'
    else:
        drives = DriveFrames(
            first_seed=FIRST_CALIBRATION_SEED,
            num_drives=arguments.num_drives,
            frames_per_drive=3,
            seconds_between_frames=2.0,
            image_hw=network.network_hw,
        )
        frames, progress = render_frames(drives, arguments.frame_cache, num_processes=1)
        for _ in progress:
            pass
        described = f'procedural drives {FIRST_CALIBRATION_SEED} and following'
    counts = EnergyCounts()
    for each in predictions(model, frames, network_hw=network.network_hw):
        counts.add(each.energy_map, each.truth())
    return calibration_of(counts, fitted_on=f'{len(frames)} frames of {described}')


def standardised(calibration: Calibration) -> Calibration:
    """Return the calibration of (E - mean) / deviation instead of E."""

    def moved(energy: float) -> float:
        return (energy - calibration.inlier_mean) / calibration.inlier_standard_deviation

    at_95 = calibration.threshold_at_95_true_positives
    return replace(
        calibration,
        threshold=moved(calibration.threshold),
        thresholds_by_false_positive_rate={
            rate: moved(each)
            for rate, each in calibration.thresholds_by_false_positive_rate.items()
        },
        threshold_at_95_true_positives=None if at_95 is None else moved(at_95),
        inlier_mean=0.0,
        inlier_standard_deviation=1.0,
    )


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(
        ExportScoreArguments, args=argv, prog='training.export_score', description=__doc__
    )
    try:
        agreement = export_score(arguments)
    except (OSError, ValueError, MemoryError) as error:
        sys.exit(f'error: {error}')
    say(f'{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, {agreement}')


if __name__ == '__main__':
    main()

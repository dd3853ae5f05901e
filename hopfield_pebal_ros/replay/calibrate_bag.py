"""`python -m hopfield_pebal_ros.replay.calibrate_bag --bag BAG --out cameras.yaml`: thresholds.

Runs the model over a drive without anomalies and sets each camera's threshold so that the asked
share of its pixels is above it. The file goes to the node as its params_file.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import tyro
from tqdm import tqdm

from hopfield_pebal_ros.contract.metadata import DeploymentError
from hopfield_pebal_ros.inference.camera_view import CameraView
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.inference.engine import Backend, EngineError
from hopfield_pebal_ros.node.image_messages import ImageMessageError
from hopfield_pebal_ros.replay.bags import Bag, BagError, open_bag
from hopfield_pebal_ros.replay.camera_images import to_pixels
from hopfield_pebal_ros.replay.cameras import BagCamera, choose_cameras

SAMPLE_STRIDE: Final = 4
"""Neighbouring energies say nearly the same."""

FEWEST_ABOVE: Final = 20
"""Sampled pixels that must lie above a threshold for it to mean something."""


class CalibrationError(ValueError):
    """A drive that no threshold can be taken from; the message says why and the remedy."""


@dataclass(frozen=True, kw_only=True)
class CalibrateBag:
    """Set the thresholds of cameras from a drive without anomalies."""

    bag: Path
    """Bag with the drive; rosbag1 or rosbag2."""
    out: Path
    """Parameter file to write."""
    model: Path = DEFAULT_MODEL
    """Deployable ONNX file."""
    backend: Backend = 'openvino'
    """Inference runtime."""
    cameras: tuple[str, ...] = ()
    """NAME or NAME:=TOPIC of each camera, or only the word all; none for a bag of one camera."""
    false_positive_rate: float = 0.001
    """Share of the drive's pixels that may be above the threshold."""
    ignore_mask: Path | None = None
    """PNG of camera size, not black where the vehicle sees itself."""


@dataclass(frozen=True)
class CameraThreshold:
    """What a drive says of one camera."""

    camera: str
    threshold: float
    num_frames: int
    num_rejected: int
    worst_frame_rate: float
    """Largest share of one frame's pixels above the threshold."""


@dataclass
class _Energies:
    """Sampled energies of one camera's frames."""

    view: CameraView
    frames: list[npt.NDArray[np.float32]] = field(default_factory=list)
    num_rejected: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(CalibrateBag, prog='calibrate_bag', args=arguments)
    try:
        found, detector_facts = calibrate(settings)
        settings.out.parent.mkdir(parents=True, exist_ok=True)
        settings.out.write_text(parameter_file(found, settings, detector_facts), 'utf-8')
    except (BagError, CalibrationError, DeploymentError, EngineError, OSError) as error:
        print(f'calibrate_bag: {error}', file=sys.stderr)  # noqa: T201
        return 1
    for each in found:
        print(  # noqa: T201
            f'{each.camera or "camera"}: energy_threshold {each.threshold:.4f}, '
            f'{each.num_frames} frames, worst frame {100 * each.worst_frame_rate:.2f} % above'
        )
    print(f'{settings.out}: give it to the node as params_file')  # noqa: T201
    return 0


def calibrate(settings: CalibrateBag) -> tuple[list[CameraThreshold], str]:
    """Return the threshold of each camera, and a line that says what it was taken with.

    Raises:
        BagError, DeploymentError, EngineError: the bag or the model cannot be used.
        CalibrationError: too few pixels for the rate, or a mask that cannot be read.
    """
    if not 0 < settings.false_positive_rate < 1:
        raise CalibrationError(
            f'--false-positive-rate must be between 0 and 1, got {settings.false_positive_rate}'
        )
    detector = AnomalyDetector.open(settings.model, backend=settings.backend)
    try:
        with open_bag(settings.bag) as bag:
            cameras = (
                choose_cameras(bag, settings.cameras)
                if settings.cameras
                else (BagCamera('', bag.camera_topic()),)
            )
            energies = _energies_of(bag, cameras, detector, _mask(settings.ignore_mask))
    finally:
        detector.close()
    facts = f'model {detector.metadata.name}, sha256 {detector.model_sha256}'
    rate = settings.false_positive_rate
    return [_threshold(each.name, energies[each.topic.name], rate=rate) for each in cameras], facts


def _energies_of(
    bag: Bag,
    cameras: Sequence[BagCamera],
    detector: AnomalyDetector,
    mask: npt.NDArray[np.uint8] | None,
) -> dict[str, _Energies]:
    """Run every frame of the bag; return the sampled energies of each topic."""
    found = {
        each.topic.name: _Energies(CameraView(detector.threshold, ignore_mask=mask))
        for each in cameras
    }
    total = sum(each.topic.num_messages for each in cameras)
    for frame in tqdm(bag.messages(tuple(found)), total=total, unit='frame', disable=None):
        energies = found[frame.topic]
        try:
            pixels, color_order = to_pixels(frame.message)
        except ImageMessageError:
            energies.num_rejected += 1
            continue
        try:
            (detection,) = detector.detect(
                [pixels], color_order=color_order, views=[energies.view]
            )
        except ValueError as error:  # the mask is not of this camera
            raise CalibrationError(f'{frame.topic}: {error}') from None
        sample = detection.energy_map[::SAMPLE_STRIDE, ::SAMPLE_STRIDE]
        energies.frames.append(sample[np.isfinite(sample)])
    return found


def _threshold(camera: str, energies: _Energies, *, rate: float) -> CameraThreshold:
    """Return the smallest energy that at most a share `rate` of the pixels is above."""
    every = np.concatenate([*energies.frames, np.empty(0, np.float32)])
    num_above = int(rate * every.size)
    if num_above < FEWEST_ABOVE:
        raise CalibrationError(
            f'camera {camera!r}: {every.size} sampled pixels of {len(energies.frames)} frames are '
            f'too few for a rate of {rate:g}; take a longer drive or a larger rate'
        )
    place = every.size - num_above - 1
    threshold = float(np.partition(every, place)[place])
    return CameraThreshold(
        camera=camera,
        threshold=threshold,
        num_frames=len(energies.frames),
        num_rejected=energies.num_rejected,
        worst_frame_rate=max(float((each > threshold).mean()) for each in energies.frames),
    )


def parameter_file(found: Sequence[CameraThreshold], settings: CalibrateBag, facts: str) -> str:
    """Return the text of a parameter file that sets the thresholds."""
    lines = [
        f'# Thresholds for a false-positive rate of {settings.false_positive_rate:g} on a drive',
        '# without anomalies, by hopfield_pebal_ros.replay.calibrate_bag.',
        f'# bag {_one_line(settings.bag.name)}; {_one_line(facts)}',
        '/**:',
        '  ros__parameters:',
    ]
    if any(each.camera for each in found):
        lines.append(f'    cameras: [{", ".join(each.camera for each in found)}]')
    for each in found:
        indent = '    '
        if each.camera:
            lines.append(f'{indent}{each.camera}:')
            indent += '  '
        lines.append(f'{indent}energy_threshold: {each.threshold!r}  # {each.num_frames} frames')
    return '\n'.join(lines) + '\n'


def _one_line(text: str) -> str:
    """Return text that cannot leave a comment line, whatever a file is called."""
    return ''.join(each if each.isprintable() else '?' for each in text)


def _mask(path: Path | None) -> Any:
    if path is None:
        return None
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise CalibrationError(f'--ignore-mask {path} is not a readable picture; give a PNG file')
    return picture


if __name__ == '__main__':
    sys.exit(main())

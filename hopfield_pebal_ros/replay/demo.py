"""`python -m hopfield_pebal_ros.replay.demo --out demo_output`: what `make demo` runs."""

import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import tyro
from tqdm import tqdm

from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.inference.engine import Backend
from hopfield_pebal_ros.inference.output_folder import OutputFolderError, prepare_output_folder
from hopfield_pebal_ros.replay.detector_process import exit_on_sigterm
from hopfield_pebal_ros.replay.drive_bag import DrivePlan, is_rendered, render_drives
from hopfield_pebal_ros.replay.evaluate_bag import USER_ERRORS, EvaluateBag, evaluate_bag
from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun
from hopfield_pebal_ros.replay.frame_pictures import FramePainter
from hopfield_pebal_ros.replay.run_summary import latency_percentiles_ms
from hopfield_pebal_ros.report.panels import contact_sheet

SEEDS: Final = (700_016, 700_012, 700_014)
"""Streets that no training, validation or calibration set has."""

FRAME_BYTES: Final = 1_500_000  # of one picture sheet


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Render short drives, play them to the detector node over DDS, and report what comes back."""

    out: Path = Path('demo_output')
    """Folder for report.html, summary.json, result.jsonl, frames/ and the bags."""
    model: Path = DEFAULT_MODEL
    """Deployable ONNX file."""
    backend: Backend = 'openvino'
    """Inference runtime."""
    rate: float = 8.0
    """Frames per second [Hz]."""
    frames_per_drive: int = 20
    """Of each of the three drives."""
    every: int = 3
    """Write a picture sheet of every so many frames."""
    width: int = 1024
    """Of the camera image [px]; its height is half of it."""


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(Demo, prog='demo', args=arguments)
    start_s = time.monotonic()
    try:
        with exit_on_sigterm():
            run = run_demo(settings)
    except (*USER_ERRORS, DemoError) as error:
        print(f'demo: {error}', file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print('demo: interrupted', file=sys.stderr)  # noqa: T201
        return 130
    _say(_closing_words(settings, run, time.monotonic() - start_s))
    return 0


class DemoError(RuntimeError):
    """Something that the demo needs is not there; the message says how to get it."""


def run_demo(settings: Demo) -> EvaluatedRun:
    """Write everything that `Demo.out` names and return the run.

    Raises:
        DemoError: ROS 2 or the model is not there.
        Exception: one of `evaluate_bag.USER_ERRORS`.
    """
    _check_needs(settings)
    plan = DrivePlan(
        seeds=SEEDS,
        frames_per_drive=settings.frames_per_drive,
        rate_hz=settings.rate,
        image_hw=(settings.width // 2, settings.width),
    )
    num_sheets = -(-plan.num_frames // settings.every)
    bag_bytes = plan.num_frames * settings.width * settings.width // 2 * 4
    prepare_output_folder(settings.out, needed_bytes=num_sheets * FRAME_BYTES + bag_bytes)
    bag = settings.out / 'drive_bag'
    if is_rendered(plan, bag):
        _say(f'1/3 the drives are in {bag} already')
    else:
        _say(f'1/3 rendering {len(SEEDS)} drives of {plan.frames_per_drive} frames into {bag}')
        with tqdm(total=plan.num_frames, unit='frame', disable=None) as bar:
            render_drives(plan, bag, progress=bar.update)
    _say(
        f'2/3 starting the detector node in its own process and playing {plan.num_frames} frames '
        f'to it over DDS at {settings.rate:g} Hz'
    )
    frames = settings.out / 'frames'

    def write_sheets(run: EvaluatedRun, painter: FramePainter) -> None:
        _say('3/3 evaluating what came back, drawing pictures and the report')
        _write_sheets(run, painter, frames, every=settings.every)

    run, _ = evaluate_bag(
        EvaluateBag(
            bag=bag,
            out=settings.out,
            model=settings.model,
            backend=settings.backend,
            mode='realtime',
            title='Anomaly detection on rendered streets',
        ),
        with_painter=write_sheets,
    )
    return run


def _check_needs(settings: Demo) -> None:
    if importlib.util.find_spec('rclpy') is None:
        raise DemoError(
            'ROS 2 (rclpy) is not installed in this Python; run `make demo`, which installs it, '
            "or: pip install '.[ros,openvino,replay]'"
        )
    if not settings.model.is_file():
        raise DemoError(
            f'no model file {settings.model}; name one with --model, or make one: '
            'python -m training.train, then python -m training.export'
        )
    if settings.frames_per_drive < 1 or settings.every < 1 or not settings.rate > 0:
        raise DemoError('--frames-per-drive, --every and --rate must be positive')


def _write_sheets(run: EvaluatedRun, painter: FramePainter, folder: Path, *, every: int) -> None:
    """Write frames/NNN.png of every `every`-th frame with a result, and no others."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob('[0-9][0-9][0-9].png'):
        old.unlink()
    for frame in [each for each in run.frames if each.status == 'ok'][::every]:
        sheet_rgb = contact_sheet(painter.panels(frame))
        sheet_bgr = cv2.cvtColor(sheet_rgb, cv2.COLOR_RGB2BGR)
        path = folder / f'{frame.index:03d}.png'
        if not cv2.imwrite(str(path), sheet_bgr):
            raise OutputFolderError(f'cannot write {path}; is the disk full?')


def _closing_words(settings: Demo, run: EvaluatedRun, took_s: float) -> str:
    latency = latency_percentiles_ms(run)
    lines = [
        f'{len(run.latencies_ms)} of {run.num_in} frames came back '
        f'({run.num_dropped} dropped, {run.num_rejected} rejected), '
        f'median latency {latency["p50"]:.0f} ms on {run.model.backend} '
        f'{run.model.precision}; {took_s:.0f} s in all.',
        'Look at:',
    ]
    looks = {
        'report.html': 'open it in a browser',
        'frames': 'pictures: camera, labels, energy, regions',
        'summary.json': 'the figures, for scripts',
        'result.jsonl': 'one line a frame',
    }
    lines += [f'  {settings.out / name}  ({what})' for name, what in looks.items()]
    return '\n'.join(lines)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == '__main__':
    sys.exit(main())

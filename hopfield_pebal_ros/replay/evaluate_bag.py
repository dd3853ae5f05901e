"""`python -m hopfield_pebal_ros.replay.evaluate_bag --bag BAG --model M --out DIR`: a report."""

import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tyro
from tqdm import tqdm

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.metadata import DeploymentError
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.inference.engine import Backend, EngineError, RunPrecision
from hopfield_pebal_ros.inference.output_folder import OutputFolderError, prepare_output_folder
from hopfield_pebal_ros.node.image_messages import ImageMessageError
from hopfield_pebal_ros.replay.bags import Bag, BagError, ImageTopic, open_bag
from hopfield_pebal_ros.replay.camera_images import to_pixels
from hopfield_pebal_ros.replay.detector_process import NodeError, NodeSettings, exit_on_sigterm
from hopfield_pebal_ros.replay.earlier_results import remove_earlier_bag
from hopfield_pebal_ros.replay.evaluated_run import (
    EvaluatedRun,
    evaluate_run,
    write_frame_lines,
)
from hopfield_pebal_ros.replay.frame_pictures import FramePainter
from hopfield_pebal_ros.replay.ground_truth import GroundTruth
from hopfield_pebal_ros.replay.offline import run_offline
from hopfield_pebal_ros.replay.playback import (
    BYTES_PER_PIXEL,
    OVERLAY_BYTES_PER_PIXEL,
    SENT_BYTES_PER_PIXEL,
    Mode,
    Playback,
)
from hopfield_pebal_ros.replay.run_report import run_page
from hopfield_pebal_ros.replay.run_summary import summarise
from hopfield_pebal_ros.report.page import render_page

RESULT_BAG: Final = 'result_bag'
FRAME_LINES: Final = 'result.jsonl'
SUMMARY: Final = 'summary.json'
REPORT: Final = 'report.html'
REPORT_BYTES: Final = 20_000_000

USER_ERRORS: Final = (
    BagError,
    DeploymentError,
    EngineError,
    FileNotFoundError,
    NodeError,
    OutputFolderError,
)
"""What a command reports in a line, without a traceback."""


@dataclass(frozen=True, kw_only=True)
class EvaluateBag:
    """Run a bag's camera images through the detector: result bag, figures and report."""

    bag: Path
    """rosbag2 folder (mcap or sqlite3), .mcap, .db3 or rosbag1 .bag file."""
    out: Path
    """Folder for result_bag/, result.jsonl, summary.json and report.html; results of an earlier
    run there are replaced."""
    model: Path = DEFAULT_MODEL
    """Deployable ONNX file."""
    mode: Mode = 'offline'
    """offline: every frame, no ROS. realtime: the node in its own process, played over DDS."""
    topic: str | None = None
    """Camera topic; needed where the bag has several."""
    backend: Backend = 'openvino'
    """Inference runtime."""
    precision: RunPrecision | None = None
    """Of the arithmetic; that of the file where not given."""
    threshold: float | None = None
    """Energy above which a pixel is anomalous; the calibrated one of the file where not given."""
    min_region_area_px: int = 100
    """Smaller regions are not listed [px of the camera image]."""
    title: str | None = None
    """Of the report; made of the name of the bag where not given."""


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(EvaluateBag, prog='evaluate_bag', args=arguments)
    try:
        with exit_on_sigterm():
            run = evaluate_bag(settings)
    except USER_ERRORS as error:
        print(f'evaluate_bag: {error}', file=sys.stderr)  # noqa: T201
        return 1
    playback = run.playback
    print(  # noqa: T201
        f'{len(playback.latency_ms)} of {len(playback.frames_in)} frames with result, '
        f'{playback.num_dropped} dropped, {playback.num_rejected} rejected\n'
        f'report: {settings.out / REPORT}'
    )
    return 0


def evaluate_bag(
    settings: EvaluateBag,
    *,
    with_painter: Callable[[EvaluatedRun, FramePainter], None] = lambda *_: None,
) -> EvaluatedRun:
    """Write everything that `EvaluateBag.out` names and return the run.

    Args:
        settings: what to run.
        with_painter: called once the run is evaluated, to paint frames while the bags are open.

    Raises:
        FileNotFoundError: no such bag or model.
        BagError: the bag cannot be used; or labels do not fit.
        DeploymentError: the model file is not deployable.
        EngineError: the model cannot run as asked.
        OutputFolderError: the results cannot be written, or need too much space.
    """
    with open_bag(settings.bag) as bag:
        topic = bag.image_topic(settings.topic) if settings.topic else bag.camera_topic()
        camera_recorded_ns = bag.recorded_by_stamp(topic.name)
        truth = GroundTruth(bag)
        label_set = read_metadata(settings.model).label_set
        with contextlib.suppress(ImageMessageError):  # counted and named when its turn comes
            truth.check_first(topic.name, camera_recorded_ns, label_set)
        frame_pixels = _first_frame_pixels(bag, topic)
        _prepare(settings, topic, frame_pixels)
        result_path = settings.out / RESULT_BAG
        playback = _play(settings, bag, topic, frame_pixels, result_path)
        with open_bag(result_path) as result_bag:
            run = evaluate_run(playback, result_bag, truth)
            painter = FramePainter(
                bag=bag,
                camera_recorded_ns=camera_recorded_ns,
                topic=topic.name,
                result_bag=result_bag,
                truth=truth,
                model=playback.model,
            )
            with_painter(run, painter)
            _write(settings, run, painter)
    return run


def _prepare(settings: EvaluateBag, topic: ImageTopic, frame_pixels: int) -> None:
    """Find out that the results can be written before any work starts."""
    overlay = OVERLAY_BYTES_PER_PIXEL if settings.mode == 'realtime' else 0
    bytes_per_frame = frame_pixels * (BYTES_PER_PIXEL + overlay)
    prepare_output_folder(
        settings.out, needed_bytes=REPORT_BYTES + topic.num_messages * bytes_per_frame
    )
    remove_earlier_bag(settings.out / RESULT_BAG)
    for name in (FRAME_LINES, SUMMARY, REPORT):  # what fails must not leave an old report
        (settings.out / name).unlink(missing_ok=True)


def _first_frame_pixels(bag: Bag, topic: ImageTopic) -> int:
    """Return the number of pixels of the first frame that can be decoded."""
    for frame in bag.messages([topic.name]):
        with contextlib.suppress(ImageMessageError):
            pixels, _ = to_pixels(frame.message)
            return len(pixels) * len(pixels[0])
    return 0


def _play(
    settings: EvaluateBag, bag: Bag, topic: ImageTopic, frame_pixels: int, result_path: Path
) -> Playback:
    with tqdm(total=topic.num_messages, unit='frame', disable=None) as bar:
        if settings.mode == 'realtime':
            # ROS is needed in this mode only
            from hopfield_pebal_ros.replay.realtime import run_realtime

            return run_realtime(
                bag,
                topic,
                _node_settings(settings),
                result_bag=result_path,
                bytes_per_frame=frame_pixels * SENT_BYTES_PER_PIXEL,
                progress=bar.update,
            )
        detector = AnomalyDetector.open(
            settings.model,
            backend=settings.backend,
            precision=settings.precision,
            threshold=settings.threshold,
            min_region_area_px=settings.min_region_area_px,
        )
        try:
            return run_offline(bag, topic, detector, result_bag=result_path, progress=bar.update)
        finally:
            detector.close()


def _node_settings(settings: EvaluateBag) -> NodeSettings:
    return NodeSettings(
        model=settings.model,
        backend=settings.backend,
        precision=settings.precision,
        threshold=settings.threshold,
        min_region_area_px=settings.min_region_area_px,
    )


def _write(settings: EvaluateBag, run: EvaluatedRun, painter: FramePainter) -> None:
    write_frame_lines(run, settings.out / FRAME_LINES)
    summary = json.dumps(summarise(run), indent=1, allow_nan=False)
    (settings.out / SUMMARY).write_text(f'{summary}\n', 'utf-8')
    title = settings.title or f'Anomaly detection on {settings.bag.resolve().name}'
    page = run_page(run, painter, title=title)
    (settings.out / REPORT).write_text(render_page(page), 'utf-8')


if __name__ == '__main__':
    sys.exit(main())

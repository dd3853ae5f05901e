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
from hopfield_pebal_ros.replay.bags import Bag, BagError, open_bag
from hopfield_pebal_ros.replay.camera_images import first_frame_pixels
from hopfield_pebal_ros.replay.cameras import BagCamera, choose_cameras
from hopfield_pebal_ros.replay.detector_process import NodeError, NodeSettings, exit_on_sigterm
from hopfield_pebal_ros.replay.earlier_results import remove_earlier_bag
from hopfield_pebal_ros.replay.evaluated_run import (
    EvaluatedRun,
    evaluate_run,
    write_frame_lines,
)
from hopfield_pebal_ros.replay.frame_pictures import CameraFrames, FramePainter
from hopfield_pebal_ros.replay.label_sources import find_truths, parse_label_topics
from hopfield_pebal_ros.replay.offline import run_offline
from hopfield_pebal_ros.replay.playback import (
    BYTES_PER_PIXEL,
    OVERLAY_BYTES_PER_PIXEL,
    SENT_BYTES_PER_PIXEL,
    Mode,
    Playback,
)
from hopfield_pebal_ros.replay.requirements import (
    RequirementError,
    Verdict,
    as_table,
    judge,
    parse_requirements,
)
from hopfield_pebal_ros.replay.run_report import run_page
from hopfield_pebal_ros.replay.run_summary import summarise
from hopfield_pebal_ros.report.page import render_page

RESULT_BAG: Final = 'result_bag'
FRAME_LINES: Final = 'result.jsonl'
SUMMARY: Final = 'summary.json'
REPORT: Final = 'report.html'
REPORT_BYTES: Final = 20_000_000
REQUIREMENT_FAILS: Final = 3

USER_ERRORS: Final = (
    BagError,
    DeploymentError,
    EngineError,
    FileNotFoundError,
    NodeError,
    OutputFolderError,
    RequirementError,
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
    """offline: every frame, no ROS. realtime: the node in its own process, played over DDS.
    Figures of one are not to be compared with those of the other."""
    topic: str | None = None
    """Camera topic; needed where the bag has several."""
    cameras: tuple[str, ...] = ()
    """Several cameras: each NAME, of the one topic with /NAME/ in it, or NAME:=TOPIC; or only the
    word all."""
    labels: Path | None = None
    """Folder with ground truth: PNGs of class ids, 254 outlier, 255 ignore, named by the header
    stamp of their camera image (NANOSECONDS.png or SECONDS.NANOSECONDS.png); of several cameras
    in folders of their names. Without it, the label topic of the bag is taken where it has one."""
    label_topics: tuple[str, ...] = ()
    """Topics with ground truth: TOPIC, or CAMERA:=TOPIC each; /ground_truth/labels, or
    /CAMERA/ground_truth/labels of several cameras, where not given."""
    require: tuple[str, ...] = ()
    """What must hold, each KEY:min=NUMBER or KEY:max=NUMBER with a key of summary.json, such as
    figures.ap:min=0.4 latency_ms.p95:max=100. The exit code is 3 where one does not."""
    rate: float = 1.0
    """How many times as fast as recorded; realtime only."""
    use_sim_time: bool = False
    """The node takes its time from /clock, which the replay publishes; realtime only."""
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
    """Run the command; return 0, 1 after an error, or 3 where a requirement does not hold."""
    settings = tyro.cli(EvaluateBag, prog='evaluate_bag', args=arguments)
    try:
        with exit_on_sigterm():
            run, verdicts = evaluate_bag(settings)
    except USER_ERRORS as error:
        print(f'evaluate_bag: {error}', file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print('evaluate_bag: interrupted', file=sys.stderr)  # noqa: T201
        return 130
    print(  # noqa: T201
        f'{len(run.latencies_ms)} of {run.num_in} frames with result, '
        f'{run.num_dropped} dropped, {run.num_rejected} rejected\n'
        f'report: {settings.out / REPORT}'
    )
    if verdicts:
        print(as_table(verdicts))  # noqa: T201
    return 0 if all(each.holds for each in verdicts) else REQUIREMENT_FAILS


def evaluate_bag(
    settings: EvaluateBag,
    *,
    with_painter: Callable[[EvaluatedRun, FramePainter], None] = lambda *_: None,
) -> tuple[EvaluatedRun, tuple[Verdict, ...]]:
    """Write everything that `EvaluateBag.out` names; return the run and what came of `require`.

    Args:
        settings: what to run.
        with_painter: called once the run is evaluated, to paint frames while the bags are open.

    Raises:
        FileNotFoundError: no such bag or model.
        BagError: the bag cannot be used; or labels do not fit.
        DeploymentError: the model file is not deployable.
        EngineError: the model cannot run as asked.
        NodeError: the node did not start, died, or answered nothing.
        OutputFolderError: the results cannot be written, or need too much space.
        RequirementError: a requirement that no run can have.
    """
    _check_realtime_only(settings)
    with open_bag(settings.bag) as bag:
        cameras = choose_cameras(
            bag,
            settings.cameras,
            topic=settings.topic,
            label_topics=parse_label_topics(settings.label_topics).values(),
        )
        requirements = parse_requirements(settings.require, [each.name for each in cameras])
        sources = _find_sources(settings, bag, cameras)
        frame_pixels = max(first_frame_pixels(bag, each.topic.name) for each in cameras)
        _prepare(settings, cameras, frame_pixels)
        playbacks = _play(settings, bag, cameras, frame_pixels)
        with open_bag(settings.out / RESULT_BAG) as result_bag:
            truths = {name: each.truth for name, each in sources.items()}
            run = evaluate_run(playbacks, result_bag, truths, notices=_notices(bag))
            painter = FramePainter(
                bag=bag, cameras=sources, result_bag=result_bag, model=run.model
            )
            with_painter(run, painter)
            verdicts = judge(requirements, summarise(run))
            _write(settings, run, painter, verdicts)
    return run, verdicts


def _check_realtime_only(settings: EvaluateBag) -> None:
    if not settings.rate > 0:
        raise BagError(f'--rate must be positive, got {settings.rate:g}')
    if settings.mode == 'offline' and (settings.rate != 1 or settings.use_sim_time):
        raise BagError(
            '--rate and --use-sim-time are of --mode realtime; offline runs every frame, as fast '
            'as it can'
        )


def _find_sources(
    settings: EvaluateBag, bag: Bag, cameras: Sequence[BagCamera]
) -> dict[str, CameraFrames]:
    """Return by name where the images and labels of each camera are."""
    truths = find_truths(
        bag, cameras, folder=settings.labels, topics=parse_label_topics(settings.label_topics)
    )
    label_set = read_metadata(settings.model).label_set
    sources = {}
    for camera in cameras:
        name, truth = camera.topic.name, truths[camera.name]
        recorded_ns = bag.recorded_by_stamp(name)
        with contextlib.suppress(ImageMessageError):  # counted and named when its turn comes
            truth.check_first(bag, name, recorded_ns, label_set)
        sources[camera.name] = CameraFrames(topic=name, recorded_ns=recorded_ns, truth=truth)
    return sources


def _notices(bag: Bag) -> list[str]:
    if bag.unclosed_segment is None:
        return []
    return [f'{bag.unclosed_segment.name} was never closed and cannot be read; it is left out.']


def _prepare(settings: EvaluateBag, cameras: Sequence[BagCamera], frame_pixels: int) -> None:
    """Find out that the results can be written before any work starts."""
    overlay = OVERLAY_BYTES_PER_PIXEL if settings.mode == 'realtime' else 0
    num_frames = sum(each.topic.num_messages for each in cameras)
    bytes_per_frame = frame_pixels * (BYTES_PER_PIXEL + overlay)
    prepare_output_folder(settings.out, needed_bytes=REPORT_BYTES + num_frames * bytes_per_frame)
    remove_earlier_bag(settings.out / RESULT_BAG)
    for name in (FRAME_LINES, SUMMARY, REPORT):  # what fails must not leave an old report
        (settings.out / name).unlink(missing_ok=True)


def _play(
    settings: EvaluateBag, bag: Bag, cameras: Sequence[BagCamera], frame_pixels: int
) -> tuple[Playback, ...]:
    result_path = settings.out / RESULT_BAG
    with tqdm(
        total=sum(each.topic.num_messages for each in cameras), unit='frame', disable=None
    ) as bar:
        if settings.mode == 'realtime':
            # ROS is needed in this mode only
            from hopfield_pebal_ros.replay.realtime import run_realtime

            return run_realtime(
                bag,
                cameras,
                _node_settings(settings, cameras),
                result_bag=result_path,
                bytes_per_frame=frame_pixels * SENT_BYTES_PER_PIXEL,
                rate=settings.rate,
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
            return run_offline(bag, cameras, detector, result_bag=result_path, progress=bar.update)
        finally:
            detector.close()


def _node_settings(settings: EvaluateBag, cameras: Sequence[BagCamera]) -> NodeSettings:
    return NodeSettings(
        model=settings.model,
        backend=settings.backend,
        precision=settings.precision,
        threshold=settings.threshold,
        min_region_area_px=settings.min_region_area_px,
        cameras=tuple(each.name for each in cameras),
        use_sim_time=settings.use_sim_time,
    )


def _write(
    settings: EvaluateBag, run: EvaluatedRun, painter: FramePainter, verdicts: Sequence[Verdict]
) -> None:
    write_frame_lines(run, settings.out / FRAME_LINES)
    summary = json.dumps(summarise(run, verdicts), indent=1, allow_nan=False)
    (settings.out / SUMMARY).write_text(f'{summary}\n', 'utf-8')
    title = settings.title or f'Anomaly detection on {settings.bag.resolve().name}'
    page = run_page(run, painter, title=title, verdicts=verdicts)
    (settings.out / REPORT).write_text(render_page(page), 'utf-8')


if __name__ == '__main__':
    sys.exit(main())

"""Go through the results of a played bag: statistics of every frame, figures of the run."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from hopfield_pebal_ros.replay.bags import Bag
from hopfield_pebal_ros.replay.frame_statistics import FrameStatistics
from hopfield_pebal_ros.replay.ground_truth import GroundTruth
from hopfield_pebal_ros.replay.playback import Mode, Playback, RunningModel
from hopfield_pebal_ros.replay.results import read_result
from hopfield_pebal_ros.replay.run_evaluation import RunEvaluator

FrameStatus = Literal['ok', 'dropped', 'rejected', 'no result']
"""'no result': dropped or rejected, where the node counts both and does not say which is which."""


@dataclass(frozen=True, kw_only=True)
class FrameRecord:
    """One frame that went in, and what came of it."""

    camera: str = ''
    index: int
    """Among the frames of its camera."""
    stamp_ns: int
    status: FrameStatus
    reason: str = ''
    """Why it was rejected."""
    frame_id: str = ''
    latency_ms: Mapping[str, float]
    statistics: FrameStatistics | None = None

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return f'{self.camera} {self.index}' if self.camera else str(self.index)

    def to_json(self) -> str:
        """Return the line of result.jsonl; what does not apply is absent."""
        line: dict[str, Any] = {'camera': self.camera} if self.camera else {}
        line |= {'frame': self.index, 'stamp_ns': self.stamp_ns, 'status': self.status}
        if self.reason:
            line['reason'] = self.reason
        if self.statistics is not None:
            line['frame_id'] = self.frame_id
            line['latency_ms'] = {key: round(ms, 3) for key, ms in self.latency_ms.items()}
            line |= asdict(self.statistics)
        return json.dumps(line, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class EvaluatedRun:
    """A played bag and all that was found out about it, of one camera or of all together."""

    playbacks: tuple[Playback, ...]
    """One for each camera."""
    frames: tuple[FrameRecord, ...]
    """In the order of their stamps."""
    evaluator: RunEvaluator
    figures: dict[str, float]
    """Fractions 0..1; empty where nothing was labelled."""
    notices: tuple[str, ...] = ()
    """What a reader of the results must know."""
    cameras: tuple['EvaluatedRun', ...] = ()
    """The same of each camera, where they have names."""

    @property
    def mode(self) -> Mode:
        return self.playbacks[0].mode

    @property
    def rate(self) -> float:
        return self.playbacks[0].rate

    @property
    def model(self) -> RunningModel:
        return self.playbacks[0].model

    @property
    def camera(self) -> str:
        """Name, of a run of one camera."""
        return self.playbacks[0].camera

    @property
    def topics(self) -> str:
        return ', '.join(each.topic for each in self.playbacks)

    @property
    def start_ns(self) -> int:
        """Stamp of the first frame."""
        return min(frame.stamp_ns for frame in self.frames)

    @property
    def num_in(self) -> int:
        return len(self.frames)

    @property
    def num_dropped(self) -> int:
        return self._sum(lambda each: each.num_dropped)

    @property
    def num_rejected(self) -> int:
        return self._sum(lambda each: each.num_rejected)

    @property
    def latencies_ms(self) -> list[Mapping[str, float]]:
        """Of each frame with a result: 'total', and its parts where they are known."""
        return [ms for each in self.playbacks for ms in each.latency_ms.values()]

    @property
    def inference_ms(self) -> list[float]:
        """Of as many frames as are known."""
        return [ms for each in self.playbacks for ms in each.inference_ms]

    def _sum(self, number: Callable[[Playback], int]) -> int:
        return sum(number(each) for each in self.playbacks)


def evaluate_run(
    playbacks: Sequence[Playback],
    result_bag: Bag,
    truths: Mapping[str, GroundTruth],
    *,
    notices: Sequence[str] = (),
) -> EvaluatedRun:
    """Evaluate every frame that has a result.

    Args:
        playbacks: one for each camera.
        result_bag: with the results of all.
        truths: {camera: its ground truth}.
        notices: what a reader must know of the whole run.

    Raises:
        BagError: a result or a label image is damaged, of the wrong size or has unknown ids.
    """
    runs = tuple(_evaluate_camera(each, result_bag, truths[each.camera]) for each in playbacks)
    if not runs[0].camera:
        return replace(runs[0], notices=(*notices, *runs[0].notices))
    pooled = runs[0].evaluator
    if len(runs) > 1:
        pooled = pooled.like()
        for each in runs:
            pooled.merge(each.evaluator)
    frames = sorted((frame for each in runs for frame in each.frames), key=lambda f: f.stamp_ns)
    said = [f'{each.camera}: {notice}' for each in runs for notice in each.notices]
    return EvaluatedRun(
        playbacks=tuple(playbacks),
        frames=tuple(frames),
        evaluator=pooled,
        figures=pooled.figures(),
        notices=(*notices, *said),
        cameras=runs,
    )


def write_frame_lines(run: EvaluatedRun, path: Path) -> None:
    """Write result.jsonl: one line for each frame that went in."""
    path.write_text(''.join(f'{frame.to_json()}\n' for frame in run.frames), 'utf-8')


def _evaluate_camera(playback: Playback, result_bag: Bag, truth: GroundTruth) -> EvaluatedRun:
    model = playback.model
    evaluator = RunEvaluator(model.metadata.label_set, min_region_area_px=model.min_region_area_px)
    frames = tuple(
        _record(index, stamp_ns, playback, result_bag, truth, evaluator)
        for index, stamp_ns in enumerate(playback.frames_in)
    )
    notices = [*playback.notices]
    if num_unpaired := truth.num_unpaired(playback.frames_in):
        notices.append(
            f'Label images of {truth.source} with the stamp of no frame, left out: {num_unpaired}.'
        )
    return EvaluatedRun(
        playbacks=(playback,),
        frames=frames,
        evaluator=evaluator,
        figures=evaluator.figures(),
        notices=tuple(notices),
    )


def _record(
    index: int,
    stamp_ns: int,
    playback: Playback,
    result_bag: Bag,
    truth: GroundTruth,
    evaluator: RunEvaluator,
) -> FrameRecord:
    latency_ms = playback.latency_ms.get(stamp_ns)
    if latency_ms is None:
        reason = playback.rejected.get(stamp_ns, '')
        status: FrameStatus = 'no result' if playback.num_rejected_unnamed else 'dropped'
        return FrameRecord(
            camera=playback.camera,
            index=index,
            stamp_ns=stamp_ns,
            status='rejected' if reason else status,
            reason=reason,
            latency_ms={},
        )
    result = read_result(result_bag, stamp_ns, camera=playback.camera)
    return FrameRecord(
        camera=playback.camera,
        index=index,
        stamp_ns=stamp_ns,
        status='ok',
        frame_id=result.frame_id,
        latency_ms=latency_ms,
        statistics=evaluator.add(result, truth.at(stamp_ns)),
    )

"""Go through the results of a played bag: statistics of every frame, figures of the run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from hopfield_pebal_ros.replay.bags import Bag
from hopfield_pebal_ros.replay.frame_statistics import FrameStatistics
from hopfield_pebal_ros.replay.ground_truth import GroundTruth
from hopfield_pebal_ros.replay.playback import Playback
from hopfield_pebal_ros.replay.results import read_result
from hopfield_pebal_ros.replay.run_evaluation import RunEvaluator

FrameStatus = Literal['ok', 'dropped', 'rejected', 'no result']
"""'no result': dropped or rejected, where the node counts both and does not say which is which."""


@dataclass(frozen=True, kw_only=True)
class FrameRecord:
    """One frame that went in, and what came of it."""

    index: int
    stamp_ns: int
    status: FrameStatus
    reason: str = ''
    """Why it was rejected."""
    frame_id: str = ''
    latency_ms: Mapping[str, float]
    statistics: FrameStatistics | None = None

    def to_json(self) -> str:
        """Return the line of result.jsonl; what does not apply is absent."""
        line: dict[str, Any] = {
            'frame': self.index,
            'stamp_ns': self.stamp_ns,
            'status': self.status,
        }
        if self.reason:
            line['reason'] = self.reason
        if self.statistics is not None:
            line['frame_id'] = self.frame_id
            line['latency_ms'] = {key: round(ms, 3) for key, ms in self.latency_ms.items()}
            line |= asdict(self.statistics)
        return json.dumps(line, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class EvaluatedRun:
    """A played bag and all that was found out about it."""

    playback: Playback
    frames: tuple[FrameRecord, ...]
    evaluator: RunEvaluator
    figures: dict[str, float]
    """Fractions 0..1; empty where nothing was labelled."""


def evaluate_run(playback: Playback, result_bag: Bag, truth: GroundTruth) -> EvaluatedRun:
    """Evaluate every frame that has a result.

    Raises:
        BagError: a result or a label image is damaged, of the wrong size or has unknown ids.
    """
    model = playback.model
    evaluator = RunEvaluator(model.metadata.label_set, min_region_area_px=model.min_region_area_px)
    frames = tuple(
        _record(index, stamp_ns, playback, result_bag, truth, evaluator)
        for index, stamp_ns in enumerate(playback.frames_in)
    )
    return EvaluatedRun(
        playback=playback, frames=frames, evaluator=evaluator, figures=evaluator.figures()
    )


def write_frame_lines(run: EvaluatedRun, path: Path) -> None:
    """Write result.jsonl: one line for each frame that went in."""
    path.write_text(''.join(f'{frame.to_json()}\n' for frame in run.frames), 'utf-8')


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
            index=index,
            stamp_ns=stamp_ns,
            status='rejected' if reason else status,
            reason=reason,
            latency_ms={},
        )
    result = read_result(result_bag, stamp_ns)
    return FrameRecord(
        index=index,
        stamp_ns=stamp_ns,
        status='ok',
        frame_id=result.frame_id,
        latency_ms=latency_ms,
        statistics=evaluator.add(result, truth.at(stamp_ns)),
    )

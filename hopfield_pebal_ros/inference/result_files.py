"""Write what the detector says of frames as files: label, energy, mask and overlay pictures."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.frame_sources import Frame, FrameSource
from hopfield_pebal_ros.inference.overlay import draw_overlay

Result = Literal['labels', 'energy', 'mask', 'overlay']

BYTES_PER_PIXEL: Final[dict[Result, float]] = {
    'labels': 0.2,
    'energy': 4.0,
    'mask': 0.1,
    'overlay': 3.0,
}
"""Upper estimates at camera size, for the check of free space."""


class ResultFiles:
    """The files of a run: OUT/labels, OUT/energy, OUT/mask, OUT/overlay, OUT/regions.jsonl.

    All at camera size. Use it as a context manager.
    """

    def __init__(self, folder: Path, metadata: Metadata, results: Sequence[Result]) -> None:
        self._folder = folder
        self._metadata = metadata
        self._palette_rgb = metadata.label_set.palette_rgb()
        self._results = results
        for result in results:
            (folder / result).mkdir(exist_ok=True)
        self._regions = (folder / 'regions.jsonl').open('w', encoding='utf-8')
        self._videos: dict[str, Any] = {}

    def __enter__(self) -> 'ResultFiles':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._regions.close()
        for video in self._videos.values():
            video.release()

    def write(self, source: FrameSource, frame: Frame, detection: Detection) -> None:
        """Write the files of one frame.

        Raises:
            OSError: one cannot be written; the disk may be full.
        """
        name = frame.name
        if 'labels' in self._results:
            self._write_picture('labels', name, detection.labels_at_camera())
        if 'energy' in self._results:
            np.save(self._folder / 'energy' / f'{name}.npy', detection.energy_at_camera())
        if 'mask' in self._results:
            self._write_picture('mask', name, detection.mask_at_camera())
        if 'overlay' in self._results:
            overlay = draw_overlay(
                frame.image_bgr, detection, self._palette_rgb, color_order='bgr'
            )
            self._write_picture('overlay', name, overlay)
            if source.rate_hz is not None:
                self._video_of(source, source.rate_hz, overlay).write(overlay)
        self._regions.write(self._line(source, frame, detection) + '\n')

    def _line(self, source: FrameSource, frame: Frame, detection: Detection) -> str:
        return json.dumps(
            {
                'source': source.origin,
                'name': frame.name,
                'camera_hw': detection.placement.camera_hw,
                'threshold': detection.threshold,
                'energy_unit': self._metadata.energy.unit,
                'inference_ms': round(detection.inference_ms, 2),
                'regions': [asdict(region) for region in detection.regions],
            }
        )

    def _write_picture(self, result: Result, name: str, picture: npt.NDArray[np.uint8]) -> None:
        path = self._folder / result / f'{name}.png'
        if not cv2.imwrite(str(path), picture):
            raise OSError(f'cannot write {path}; the disk may be full')

    def _video_of(
        self, source: FrameSource, rate_hz: float, overlay: npt.NDArray[np.uint8]
    ) -> Any:
        """Return the overlay video of a source, opened at its first frame."""
        if source.name not in self._videos:
            path = self._folder / f'{source.name}_overlay.mp4'
            height, width = overlay.shape[:2]
            video = cv2.VideoWriter(
                str(path), cv2.VideoWriter.fourcc(*'mp4v'), rate_hz, (width, height)
            )
            if not video.isOpened():
                raise OSError(
                    f'cannot write {path}: this OpenCV has no MPEG-4 encoder or the disk is '
                    'full; leave overlay out with --save'
                )
            self._videos[source.name] = video
        return self._videos[source.name]

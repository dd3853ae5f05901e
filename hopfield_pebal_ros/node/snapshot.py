"""Snapshots: the newest frame of every camera with its results, as files."""

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.node.camera_frame import CameraFrame

WAIT_S: Final = 3.0
"""For a frame of each camera."""

OnDone = Callable[[bool, str], None]


class Snapshots:
    """Asks the worker for one frame of each camera and writes them; one snapshot at a time.

    Args:
        cameras: names.
        clock: seconds of a clock that does not jump.
    """

    def __init__(
        self, cameras: Sequence[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cameras = tuple(cameras)
        self._clock = clock
        self._lock = threading.Lock()
        self._missing: set[str] = set()
        self._taken: list[tuple[CameraFrame, Detection]] = []
        self._asked_s = 0.0
        self._finish: Callable[[list[tuple[CameraFrame, Detection]], list[str]], None] | None = (
            None
        )

    def ask(self, folder: Path, metadata: Metadata, on_done: OnDone) -> bool:
        """Begin a snapshot; return False where one is under way.

        Args:
            folder: that gets one folder for each camera.
            metadata: of the model.
            on_done: called once from another thread: whether all went well, and what to say.
        """

        def finish(taken: list[tuple[CameraFrame, Detection]], missing: list[str]) -> None:
            on_done(*_write_all(folder, taken, missing, metadata))

        with self._lock:
            if self._finish is not None:
                return False
            self._missing, self._taken = set(self._cameras), []
            self._asked_s = self._clock()
            self._finish = finish
        return True

    def is_asked(self, camera: str) -> bool:
        with self._lock:
            return self._finish is not None and camera in self._missing

    def offer(self, frame: CameraFrame, detection: Detection) -> None:
        """Take a frame where one is asked for."""
        with self._lock:
            if self._finish is not None and frame.camera in self._missing:
                self._missing.remove(frame.camera)
                self._taken.append((frame, detection))
        self.end_if_due()

    def end_if_due(self) -> None:
        """Write what there is when every camera gave a frame or the time is over."""
        with self._lock:
            is_over = self._clock() - self._asked_s > WAIT_S
            if self._finish is None or (self._missing and not is_over):
                return
            finish, self._finish = self._finish, None
            arguments = (self._taken, sorted(self._missing))
        threading.Thread(target=finish, args=arguments, name='snapshot').start()


def _write_all(
    folder: Path,
    taken: Sequence[tuple[CameraFrame, Detection]],
    missing: Sequence[str],
    metadata: Metadata,
) -> tuple[bool, str]:
    written = []
    try:
        for frame, detection in taken:
            written.append(str(write_snapshot(folder, frame, detection, metadata)))
    except (OSError, cv2.error) as error:
        return False, f'cannot write a snapshot into {folder}: {error}'
    silent = ', '.join(repr(each) for each in missing)
    if missing:
        return False, f'no image of camera {silent} in {WAIT_S:g} s; wrote {written or "nothing"}'
    return True, ', '.join(written)


def write_snapshot(
    folder: Path, frame: CameraFrame, detection: Detection, metadata: Metadata
) -> Path:
    """Write the files of one frame into a new folder, whole or not at all; return the folder.

    Raises:
        OSError: it cannot be written; the disk may be full.
    """
    folder = folder.expanduser().absolute()  # told to who asked, wherever the node was started
    folder.mkdir(parents=True, exist_ok=True)
    name = f'{frame.stamp_ns:020d}' + (f'_{frame.camera}' if frame.camera else '')
    unfinished = Path(tempfile.mkdtemp(prefix=f'.{name}_', dir=folder))
    try:
        _write_files(unfinished, frame, detection, metadata)
        unfinished.chmod(0o755)
        final = folder / name
        number = 1
        while final.exists():  # the same image again
            number += 1
            final = folder / f'{name}_{number}'
        return unfinished.rename(final)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_files(
    folder: Path, frame: CameraFrame, detection: Detection, metadata: Metadata
) -> None:
    palette = metadata.label_set.palette_rgb()
    overlay = draw_overlay(frame.image, detection, palette, color_order=frame.color_order)
    pictures = {
        'camera': _bgr(frame.image, frame),
        'overlay': _bgr(overlay, frame),
        'labels': detection.labels_at_camera(),
        'mask': detection.mask_at_camera(),
    }
    for name, picture in pictures.items():
        _write_picture(folder / f'{name}.png', picture)
    np.save(folder / 'energy.npy', detection.energy_at_camera())
    (folder / 'result.json').write_text(
        json.dumps(_facts(frame, detection, metadata), indent=1) + '\n', 'utf-8'
    )


def _facts(frame: CameraFrame, detection: Detection, metadata: Metadata) -> dict[str, Any]:
    return {
        'camera': frame.camera,
        'frame_id': frame.header.frame_id,
        'stamp_ns': frame.stamp_ns,
        'model': metadata.name,
        'threshold': detection.threshold,
        'energy_unit': metadata.energy.unit,
        'inference_ms': round(detection.inference_ms, 2),
        'regions': [asdict(region) for region in detection.regions],
    }


def _bgr(picture: npt.NDArray[np.uint8], frame: CameraFrame) -> npt.NDArray[np.uint8]:
    if frame.color_order == 'bgr':
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)


def _write_picture(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Encode first: OpenCV's own writing does not say what went wrong."""
    encoded = cv2.imencode('.png', picture, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1]
    path.write_bytes(encoded.tobytes())

"""Render procedural drives with ground truth into a bag, or find that it is there already."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hopfield_pebal_ros.scenes
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, LABEL_TOPIC
from hopfield_pebal_ros.replay.earlier_results import remove_earlier_bag
from hopfield_pebal_ros.scenes.drive import Drive

FIRST_STAMP_NS: Final = 1_700_000_000_000_000_000


@dataclass(frozen=True, kw_only=True)
class DrivePlan:
    """Which drives are rendered, one after the other."""

    seeds: tuple[int, ...]
    frames_per_drive: int
    rate_hz: float
    """Frames per second, in the drive and in the bag."""
    image_hw: tuple[int, int] = (512, 1024)

    @property
    def num_frames(self) -> int:
        return len(self.seeds) * self.frames_per_drive

    def fingerprint(self) -> str:
        """Return what tells this plan, rendered by this source, from any other."""
        folder = Path(hopfield_pebal_ros.scenes.__path__[0])
        digest = hashlib.sha256(repr(self).encode())
        for path in sorted(folder.glob('*.py')):
            digest.update(path.read_bytes())
        return digest.hexdigest()


def is_rendered(plan: DrivePlan, bag: Path) -> bool:
    """Return whether `bag` was rendered to the end from this plan by this source."""
    note = _note(bag)
    return bag.is_dir() and note.is_file() and note.read_text('utf-8') == plan.fingerprint()


def render_drives(
    plan: DrivePlan, bag: Path, *, progress: Callable[[], Any] = lambda: None
) -> None:
    """Render a plan into a new bag; a bag of another plan makes way.

    Raises:
        OutputFolderError: there is something else at `bag`.
        BagError: the bag cannot be made.
    """
    _note(bag).unlink(missing_ok=True)
    remove_earlier_bag(bag)
    step_ns = round(1e9 / plan.rate_hz)
    stamp_ns = FIRST_STAMP_NS
    with BagWriter(bag, {CAMERA_TOPIC: 'reliable', LABEL_TOPIC: 'reliable'}) as writer:
        for seed in plan.seeds:
            drive = Drive(seed, image_hw=plan.image_hw)
            for index in range(plan.frames_per_drive):
                frame = drive.frame(index, rate_hz=plan.rate_hz)
                pictures = {
                    CAMERA_TOPIC: ('rgb8', frame.image_rgb),
                    LABEL_TOPIC: ('mono8', frame.label_map),
                }
                for topic, (encoding, pixels) in pictures.items():
                    message = image_message(pixels, encoding, stamp_ns=stamp_ns, frame_id='camera')
                    writer.write(topic, stamp_ns, message)
                stamp_ns += step_ns
                progress()
    _note(bag).write_text(plan.fingerprint(), 'utf-8')


def _note(bag: Path) -> Path:
    """Return the file beside the bag that says what it was rendered from."""
    return bag.with_name(f'{bag.name}.sha256')

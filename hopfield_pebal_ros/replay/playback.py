"""What happened when a bag went through the detector: the same facts in both modes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from hopfield_pebal_ros.contract.metadata import Metadata

Mode = Literal['offline', 'realtime']

SEGMENTATION_TOPIC: Final = '/segmentation'
ENERGY_TOPIC: Final = '/energy'
MASK_TOPIC: Final = '/anomaly_mask'
RESULT_TOPICS: Final = (SEGMENTATION_TOPIC, ENERGY_TOPIC, MASK_TOPIC)
"""As the node names them; a result bag has them at the stamps of the camera images."""

OVERLAY_TOPIC: Final = '/overlay'
"""bgr8; recorded in real time only, where the node draws it."""

RECORDED_TOPICS: Final = (*RESULT_TOPICS, OVERLAY_TOPIC)

BYTES_PER_PIXEL: Final = 6
"""Of the three result images: uint8 labels, float32 energy, uint8 mask."""

OVERLAY_BYTES_PER_PIXEL: Final = 3

SENT_BYTES_PER_PIXEL: Final = 3 + BYTES_PER_PIXEL + OVERLAY_BYTES_PER_PIXEL
"""Over DDS for one frame, with its camera image."""


def camera_topic(camera: str, topic: str) -> str:
    """Return an absolute topic of one camera: '/front/energy', or '/energy' without a name."""
    return f'/{camera}{topic}' if camera else topic


@dataclass(frozen=True, kw_only=True)
class RunningModel:
    """The model that ran, and what it really ran on."""

    metadata: Metadata
    sha256: str
    backend: str
    device: str
    precision: str
    threshold: float
    """Energy above which a pixel is anomalous, in the unit of the model's energy."""
    min_region_area_px: int


@dataclass(frozen=True, kw_only=True)
class Playback:
    """One camera: frames in, results out, how long each took; frames are named by stamp [ns]."""

    mode: Mode
    camera: str = ''
    """Name; '' where a run has one camera without a name."""
    topic: str
    """In the bag."""
    model: RunningModel
    rate: float = 1.0
    """How many times as fast as recorded it was played, in real time."""
    frames_in: tuple[int, ...]
    """In the order they were played."""
    latency_ms: Mapping[int, Mapping[str, float]]
    """Of each frame with a result: 'total', and its parts where they are known."""
    inference_ms: tuple[float, ...]
    """Of as many frames as are known."""
    rejected: Mapping[int, str] = field(default_factory=dict)
    """Frames that could not be decoded, with the reason."""
    num_rejected_unnamed: int = 0
    """Frames the node rejected, of which it does not say which they were."""
    notices: tuple[str, ...] = ()
    """What a reader of the results must know."""

    @property
    def num_rejected(self) -> int:
        return len(self.rejected) + self.num_rejected_unnamed

    @property
    def num_dropped(self) -> int:
        return len(self.frames_in) - len(self.latency_ms) - self.num_rejected

"""Every number of a run: frozen settings, two presets, JSON beside the checkpoints."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

from training.data.outlier_exposure import OutlierExposure
from training.losses.abstention import Payoff


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Size of the network; the default has 2.7 million weights, 15 MB hold 3.7 million."""

    widths: tuple[int, ...] = (32, 64, 128, 216)
    """Channels at strides 4, 8, 16, 32."""
    blocks: tuple[int, ...] = (1, 2, 3, 2)
    """Residual blocks at the same strides."""
    decoder_width: int = 64
    """Channels of the decoder."""


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """Weights of the anomaly stage's terms; cross-entropy has weight 1."""

    abstention_weight: float = 1.0
    """Of the PEBAL abstention loss."""
    outlier_abstention_weight: float = 0.1
    """Of its outlier term, inside the abstention loss."""
    margin_weight: float = 2.0
    """Of the squared energy hinges, in units of the squared distance between the margins."""
    smoothness_weight: float = 0.0
    """Of the mean squared energy difference between neighbours [1/nat^2]."""
    sparsity_weight: float = 5e-4
    """Of the mean absolute energy of outliers [1/nat]."""
    inlier_margin_quantile: float = 0.5
    """The inlier margin m_in is this quantile of the closed-set network's own inlier energies."""
    outlier_margin_quantile: float = 0.995
    """The outlier margin m_out is this quantile of the same energies; above the other one."""
    class_balance: float = 0.5
    """Classes weigh as (share of pixels)^-class_balance in cross-entropy; 0: all alike."""
    loss_stride: int = 2
    """Losses are taken on every n-th row and column of the crop [px]."""

    def __post_init__(self) -> None:
        if not 0 < self.inlier_margin_quantile < self.outlier_margin_quantile < 1:
            raise ValueError(
                'margin quantiles must satisfy 0 < inlier < outlier < 1, got '
                f'{self.inlier_margin_quantile} and {self.outlier_margin_quantile}'
            )


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """One run. Sizes are height, width in pixels; energies are in nats."""

    seed: int = 0
    """Of weights, order of samples and every random choice."""

    camvid: Path | None = None
    """Folder with CamVid training images/ and labels/ (11 classes); none: drives alone."""
    val_camvid: Path | None = None
    """Folder of the same form for validation and calibration, never trained on."""
    camvid_repeats: int = 3
    """How often each CamVid frame counts in an epoch; each rendered frame counts once."""
    num_drives: int = 160
    """Procedural drives for training."""
    frames_per_drive: int = 5
    """Frames rendered of each, a second apart."""
    held_back_drives: int = 10
    """Further drives for validation, and as many for calibration; three frames of each."""
    frame_cache: Path | None = None
    """Where rendered frames are kept, to be shared between runs; default: RUN/frames."""

    network_hw: tuple[int, int] = (512, 1024)
    """Input of the deployed network; training scales are relative to it [px]."""
    crop_hw: tuple[int, int] = (320, 640)
    """Training crop [px]."""
    scale: tuple[float, float] = (0.6, 1.7)
    """Smallest and largest scale of a crop, 1: as the network will see the whole frame."""
    exposed_share: float = 0.9
    """Share of the anomaly stage's samples that get outliers pasted in."""
    exposure: OutlierExposure = field(default_factory=OutlierExposure)

    network: NetworkSettings = field(default_factory=NetworkSettings)

    batch_size: int = 10
    """Samples a step."""
    closed_set_steps: int = 1400
    """Steps of plain cross-entropy, before any outlier is shown."""
    anomaly_steps: int = 400
    """Steps of anomaly fine-tuning after them."""
    learning_rate: float = 3e-3
    """Peak of the closed-set stage (AdamW, linear warm-up, cosine decay)."""
    anomaly_learning_rate: float = 5e-4
    """Peak of the anomaly stage."""
    weight_decay: float = 0.02
    warmup_share: float = 0.05
    """Share of each stage in which the rate rises."""
    losses: LossSettings = field(default_factory=LossSettings)
    payoff: Payoff = field(default_factory=Payoff)

    precision: Literal['bf16', 'fp32'] = 'bf16'
    """Of convolutions in training; losses are always fp32."""
    num_threads: int = 2
    """CPU threads of the network; 1 is far faster where other programs use the cores too."""
    num_workers: int = 1
    """Processes that prepare samples; 0: none. The samples do not depend on it."""
    log_every: int = 20
    """Steps between two lines of log.jsonl."""
    validate_every: int = 700
    """Steps between two validations; each writes last.pt."""

    def __post_init__(self) -> None:
        for name in (
            *('batch_size', 'num_threads'),
            *('num_drives', 'frames_per_drive', 'held_back_drives'),
        ):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} must be at least 1, got {getattr(self, name)}')
        if self.closed_set_steps < 0 or self.anomaly_steps < 0 or self.total_steps < 1:
            raise ValueError('a run needs at least one step, none of them negative')
        if any(side < 32 or side % 32 for side in self.network_hw):
            raise ValueError(f'network_hw must be multiples of 32, got {self.network_hw}')
        if any(side < 32 or side % 32 for side in self.crop_hw):
            raise ValueError(f'crop_hw must be multiples of 32, got {self.crop_hw}')
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(f'scale must be 0 < smallest <= largest, got {self.scale}')

    @property
    def total_steps(self) -> int:
        return self.closed_set_steps + self.anomaly_steps

    def warnings(self, *, num_classes: int) -> list[str]:
        """Return what is allowed but probably not meant."""
        found = []
        if self.payoff.minimum >= num_classes:
            found.append(
                f'payoff minimum {self.payoff.minimum:g} >= {num_classes} classes: outliers will '
                'be taught uniform class probabilities, never to abstain; lower --payoff.minimum'
            )
        if self.camvid is not None and self.camvid == self.val_camvid:
            found.append('camvid and val_camvid are the same folder: its figures mean nothing')
        return found

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, default=str)


def settings_from_json(text: str) -> TrainSettings:
    """Return the settings that `to_json` wrote.

    Raises:
        ValueError: entries are missing or unknown: another version wrote them.
    """
    document: dict[str, Any] = json.loads(text)
    known = {each.name for each in fields(TrainSettings)}
    if set(document) != known:
        raise ValueError(
            f'settings differ in {sorted(set(document) ^ known)} from those of this version; '
            'use the version that wrote them, or start a new run'
        )
    nested = {
        'exposure': OutlierExposure,
        'network': NetworkSettings,
        'losses': LossSettings,
        'payoff': Payoff,
    }
    for name, kind in nested.items():
        document[name] = kind(**{key: _plain(value) for key, value in document[name].items()})
    for name in ('camvid', 'val_camvid', 'frame_cache'):
        document[name] = None if document[name] is None else Path(document[name])
    return TrainSettings(**{key: _plain(value) for key, value in document.items()})


def _plain(value: Any) -> Any:
    """JSON has lists where settings have tuples."""
    return tuple(value) if isinstance(value, list) else value


REALTIME: Final = TrainSettings()
DEMO: Final = replace(
    REALTIME,
    num_drives=80,
    frames_per_drive=4,
    closed_set_steps=350,
    anomaly_steps=200,
    validate_every=100,
)
PRESETS: Final = {'demo': DEMO, 'realtime': REALTIME}

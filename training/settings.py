"""Every number of a run: frozen settings, checked when they are made."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from training.data.augmentations import CameraVariation
from training.data.inlier_sets import InlierSettings
from training.data.outlier_exposure import OutlierExposure
from training.loss_settings import LossSettings
from training.losses.abstention import Payoff
from training.memory.pattern_memory import MemorySettings
from training.models.anomaly_network import BranchSettings
from training.models.scales import Scales
from training.network_settings import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """One run. Sizes are height, width in pixels; energies are in nats."""

    seed: int = 0
    """Of weights, order of samples and every random choice."""

    inliers: Annotated[InlierSettings, tyro.conf.arg(name='')] = field(
        default_factory=InlierSettings
    )
    val_camvid: Path | None = None
    """CamVid for validation and calibration, never trained on: a folder with images/ and labels/,
    or val/ and valannot/."""
    val_sets: tuple[str, ...] = ()
    """Real anomaly sets that the run is measured on, NAME=DIR each, names as those of
    training.evaluate; the mean of their AP then chooses best.pt."""
    num_drives: int = 160
    """Procedural drives for training; 0: real frames alone."""
    frames_per_drive: int = 5
    """Frames rendered of each, a second apart."""
    held_back_drives: int = 10
    """Further drives for validation; three frames of each. With another --label-set as many
    frames of the set's own validation part, and outliers pasted into them."""
    calibration_drives: int = 99
    """Further drives for thresholds, one frame of each: frames of one drive resemble each other.
    99 are the fewest that guarantee a false-positive rate of 1 %. With another --label-set as
    many other frames of the set's own validation part."""
    frame_cache: Path | None = None
    """Where rendered frames are kept, to be shared between runs; default: RUN/frames."""

    network_hw: tuple[int, int] = (512, 1024)
    """Input of the deployed network; training scales are relative to it [px]."""
    crop_hw: tuple[int, int] = (320, 640)
    """Training crop [px]."""
    scale: tuple[float, float] = (0.6, 1.7)
    """Smallest and largest scale of a crop, 1: as the network will see the whole frame."""
    crops_stay_inside: bool = False
    """Whether crops show the frame alone; else some show the padding of the letterbox, as the
    network will see it beside narrow frames."""
    camera: CameraVariation = field(default_factory=CameraVariation)
    flipped_share: float = 0.5
    """Share of samples that are mirrored."""
    exposed_share: float = 0.9
    """Share of the anomaly stage's samples that get outliers pasted in."""
    exposure: OutlierExposure = field(default_factory=OutlierExposure)
    kept_composites: int = 0
    """Of a frozen network: train its heads on crops of this many composites of the network's size,
    rendered once; its maps of them are kept in the folder of the run until it ends (about 20 MB
    each for ESPNetv2). 0: every sample is rendered afresh, at the size of the crop."""
    composites_seed: int = 0
    """Of what is kept: runs of several seeds are trained on the same composites."""
    composites_folder: Path | None = None
    """Where composites are kept for good, for other runs of the same data and network."""

    network: NetworkSettings = field(default_factory=NetworkSettings)
    branch: BranchSettings = field(default_factory=BranchSettings)
    memory: MemorySettings = field(default_factory=MemorySettings)
    start_from: Path | None = None
    """Checkpoint of an earlier run whose weights this run begins with, where names and shapes
    agree; the others start at random, and are named."""
    energies: tuple[str, ...] = ('pebal_energy',)
    """What is published: one energy, or several to be fused. Of free_energy, pebal_energy,
    abstention_energy, background_energy, outlier_logit, dense_hybrid_energy,
    hopfield_boosting_energy, retrieval_energy, modern_hopfield_energy."""
    further_scales: tuple[float, ...] = ()
    """The published energy is the mean of those of the picture as it is and of the picture at
    these scales, relative to the network's size; each costs its share of pixels again."""
    fine_scale: float | None = None
    """Above 1: the greater of that mean and the energy at this scale is published, for objects of
    a few pixels."""
    fine_weights: tuple[float, ...] = ()
    """What each of several energies counts at the fine scale, 0 to leave it out; none: as at the
    others."""
    fusion_weights: tuple[float, ...] = ()
    """What each of several energies counts, in standard deviations of its inliers; none: fitted on
    training composites."""

    batch_size: int = 10
    """Samples a step, of all processes and accumulations together."""
    accumulation_steps: int = 1
    """Parts that each process takes its samples of a step in; more need less memory. Losses are
    means over the pixels of a part."""
    closed_set_steps: int = 1400
    """Steps of plain cross-entropy, before any outlier is shown."""
    anomaly_steps: int = 400
    """Steps of anomaly fine-tuning after them."""
    learning_rate: float = 3e-3
    """Peak of the closed-set stage (AdamW, linear warm-up, then `schedule`)."""
    anomaly_learning_rate: float = 5e-4
    """Peak of the anomaly stage."""
    weight_decay: float = 0.02
    average_decay: float = 0.0
    """Of a moving average of the weights in the anomaly stage, which is then what is measured and
    exported; 0: none."""
    warmup_share: float = 0.05
    """Share of each stage in which the rate rises."""
    schedule: Literal['cosine', 'poly', 'constant'] = 'cosine'
    """How the rate falls after that; poly: (1 - share of steps done)^0.9."""
    decay_steps: int = 0
    """Steps of a stage in which it falls; 0: all of them."""
    smallest_rate: float = 0.0
    """Where it stops falling."""
    adam_epsilon: float = 1e-8
    losses: LossSettings = field(default_factory=LossSettings)
    payoff: Payoff = field(default_factory=Payoff)

    device: Literal['auto', 'cpu', 'cuda'] = 'auto'
    """auto: CUDA where there is a GPU."""
    precision: Literal['bf16', 'fp16', 'fp32'] = 'bf16'
    """Of convolutions in training; losses are always fp32. fp16 needs CUDA."""
    is_compiled: bool = False
    """Whether torch.compile is applied; the first steps then take minutes."""
    is_deterministic: bool = False
    """Whether CUDA may only use algorithms whose results do not vary; a CPU always does."""
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
            *('batch_size', 'accumulation_steps', 'num_threads'),
            *('frames_per_drive', 'held_back_drives', 'calibration_drives'),
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
        if self.network.is_frozen and self.closed_set_steps:
            raise ValueError(
                f'closed_set_steps is {self.closed_set_steps}, but the network is frozen; set '
                '--closed-set-steps 0, or --network.no-is-frozen'
            )
        if self.kept_composites and not self.network.is_frozen:
            raise ValueError(
                'kept_composites keeps what a frozen network says, but this one is trained; set '
                '--kept-composites 0, or --network.is-frozen'
            )
        if (
            any(crop > whole for crop, whole in zip(self.crop_hw, self.network_hw, strict=True))
            and self.kept_composites
        ):
            raise ValueError(
                f'crops are cut out of composites of {self.network_hw}, got crop_hw '
                f'{self.crop_hw}; lower --crop-hw'
            )
        if self.val_camvid is not None and self.inliers.camvid == self.val_camvid:
            raise ValueError(
                f'--camvid and --val-camvid are both {self.val_camvid}; figures on training '
                'images mean nothing: give the validation part'
            )
        self._check_weights()
        self._check_heads()
        self._check_label_set()

    def _check_weights(self) -> None:
        """Refuse weights that are not one for each energy."""
        weights = self.fusion_weights
        if weights and (len(weights) != len(self.energies) or min(weights) <= 0):
            raise ValueError(
                f'fusion_weights must be one number above 0 for each of {self.energies}, or none '
                f'to have them fitted, got {weights}'
            )
        fine_weights = self.scales.fine_weights
        if fine_weights and not (weights and len(fine_weights) == len(weights)):
            raise ValueError(
                f'fine_weights must be one number for each of {self.energies}, beside '
                f'fusion_weights that are given and not fitted, got {fine_weights}'
            )

    def _check_label_set(self) -> None:
        """Refuse frames and objects with Cityscapes' ids where other classes are taught."""
        label_set, exposure, sources = self.inliers.label_set, self.exposure, self.exposure.sources
        if label_set == 'cityscapes':
            return
        wanted = [
            (self.num_drives > 0, '--num-drives 0'),
            (self.val_camvid is not None, 'no --val-camvid'),
            (exposure.most_street_objects > 0, '--exposure.most-street-objects 0'),
            (exposure.photographs_share > 0, '--exposure.photographs-share 0'),
            (exposure.on_ground_share > 0, '--exposure.on-ground-share 0'),
            (
                label_set == 'coco20' and any((sources.coco, sources.yolo, sources.masks)),
                'no objects of COCO, some of which are taught',
            ),
        ]
        missing = [remedy for is_wrong, remedy in wanted if is_wrong]
        if missing:
            raise ValueError(
                f'--label-set {label_set} leaves out what has the classes of Cityscapes: give '
                f'{", ".join(missing)}'
            )

    def _check_heads(self) -> None:
        """Refuse losses without the head that they train."""
        losses, branch = self.losses, self.branch
        for weight, taps in (
            *([] if self.network.has_posterior else [('posterior_weight', 'posterior_taps')]),
            *(
                (f'{name}_weight', 'embedding_taps')
                for name in ('hopfield', 'pattern_class', 'border', 'prototype')
            ),
            ('pseudo_label_weight', 'residual_taps'),
            ('entropy_consistency_weight', 'residual_taps'),
        ):
            if getattr(losses, weight) > 0 and not getattr(branch, taps):
                raise ValueError(
                    f'losses.{weight} is {getattr(losses, weight)}, but the branch has no head '
                    f'for it; name feature maps in --branch.{taps.replace("_", "-")}'
                )

    @property
    def scales(self) -> Scales:
        return Scales(
            further=self.further_scales, fine=self.fine_scale, fine_weights=self.fine_weights
        )

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
        return found

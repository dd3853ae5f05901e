"""Recipes of the published methods on the published networks, with every number's source.

Numbers are read from the code of tianyu0207/PEBAL (0293bee), matejgrcic/DenseHybrid (742ceab) and
yyliu01/RPL; where the code needs sizes that are no multiple of 32 the next one is taken. All need
--network.weights, and --cityscapes or --folder; pictures to paste come from --exposure.coco,
--exposure.ade20k and others.
"""

from dataclasses import replace
from typing import Final

from training.data.inlier_sets import InlierSettings
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.mixture import OutlierSources
from training.loss_settings import LossSettings
from training.losses.abstention import Payoff
from training.models.anomaly_network import BranchSettings
from training.network_settings import NetworkSettings
from training.presets import HOPFIELD_PEBAL, PRESETS
from training.settings import TrainSettings

_CITYSCAPES_IMAGES: Final = 2975
_CITYSCAPES_HW: Final = (1024, 2048)
_PEBAL_MIXES: Final = 297  # each epoch: COCO images pasted into a tenth of the frames
_PEBAL_EPOCH: Final = (_CITYSCAPES_IMAGES + _PEBAL_MIXES) // 8  # batches of 8
_EBM: Final = 0.1  # PEBAL's main.py: weight of energy terms beside the abstention loss
_MARGIN_DISTANCE: Final = 6.0  # nat, from -12 to -6

_PASTED_ONLY: Final = OutlierSources(procedural_share=0.0)
_HARD_PASTE: Final = OutlierExposure(
    sources=_PASTED_ONLY,
    most_objects=3,
    smallest_px=60.0,
    largest_px=640.0,
    on_ground_share=0.0,
    scene_texture_share=0.0,
    feather_px=(0.0, 0.0),
    blurred_share=0.0,
    matches_resolution=False,
)
"""AnomalyMix: masks copied as they are, anywhere. COCO's longest side is 640 pixels."""

PEBAL: Final = TrainSettings(
    num_drives=0,
    network_hw=_CITYSCAPES_HW,
    crop_hw=(896, 896),  # 900
    scale=(0.5, 2.0),
    exposed_share=_PEBAL_MIXES / (_CITYSCAPES_IMAGES + _PEBAL_MIXES),
    exposure=OutlierExposure(sources=_PASTED_ONLY, largest_px=640.0),
    network=NetworkSettings(kind='deepwv3plus', trained_parts=('final.',), has_frozen_norm=True),
    energies=('pebal_energy',),
    batch_size=8,
    closed_set_steps=0,
    anomaly_steps=40 * _PEBAL_EPOCH,
    anomaly_learning_rate=1e-5,
    weight_decay=0.0,
    warmup_share=0.0,
    schedule='poly',
    smallest_rate=1e-8,
    losses=LossSettings(
        cross_entropy_weight=0.0,  # the abstention loss knows the classes
        abstention_weight=1.0,
        outlier_abstention_weight=0.1,
        margin_weight=_EBM * _MARGIN_DISTANCE**2,  # ours is in units of the squared distance
        inlier_margin=-12.0,
        outlier_margin=-6.0,
        smoothness_weight=_EBM * 3e-6 * 8 * 900 * 900,  # of a mean instead of a sum
        sparsity_weight=_EBM * 5e-4,
        class_balance=0.0,
        loss_stride=1,
    ),
    validate_every=_PEBAL_EPOCH,
)
"""PEBAL's mathematics: batch norm stays as it is, reductions do not depend on the batch."""

PEBAL_AS_PUBLISHED: Final = replace(
    PEBAL,
    flipped_share=0.8,
    exposure=replace(_HARD_PASTE, size_by='native'),
    network=replace(PEBAL.network, has_frozen_norm=False),
    decay_steps=40 * (_CITYSCAPES_IMAGES // 8),  # counts clean frames only, then rests at 1e-8
    losses=replace(
        PEBAL.losses,
        has_published_reductions=True,
        smoothness_weight=_EBM * 3e-6,
    ),
    payoff=Payoff(minimum=1.000001, maximum=1e12, is_detached=False, is_blurred=True),
)
"""Batch norm of the whole network counts the batches of fine-tuning, smoothness is a sum, the
payoff has no bounds but 1, below which it is singular. Logits are enlarged without aligned
corners; up to three objects are pasted one by one, not all of one picture together."""

_DEEPWV3PLUS_TAPS: Final = ('mod2', 'mod4', 'context', 'penultimate', 'logits')

HOPFIELD_PEBAL_DEEPWV3PLUS: Final = replace(
    HOPFIELD_PEBAL,
    network_hw=_CITYSCAPES_HW,
    crop_hw=(512, 1024),
    scale=(0.5, 2.0),
    network=NetworkSettings(kind='deepwv3plus', is_frozen=True),
    branch=BranchSettings(
        residual_taps=('context', 'penultimate', 'logits'),
        embedding_taps=('mod4', 'context', 'penultimate'),
        posterior_taps=_DEEPWV3PLUS_TAPS,
        embedding_width=256,  # RohithThota97/hopfield-pebal-project, main.py
    ),
)
"""The branch and memory of hopfield-pebal on a frozen DeepWV3Plus; the released project cannot be
trained, so there are no published figures to reach."""

_DENSE_HYBRID_BETA: Final = 0.03

_DENSE_HYBRID_LOSSES: Final = LossSettings(
    cross_entropy_weight=1.0,
    abstention_weight=0.0,
    margin_weight=0.0,
    sparsity_weight=0.0,
    likelihood_push_weight=_DENSE_HYBRID_BETA,  # ours ends at energy 0
    posterior_weight=10 * _DENSE_HYBRID_BETA,
    has_published_reductions=True,
    class_balance=0.0,
    loss_stride=1,
)

DENSEHYBRID_DEEPLAB: Final = TrainSettings(
    num_drives=0,
    network_hw=_CITYSCAPES_HW,
    crop_hw=(512, 512),
    scale=(0.5, 2.0),
    exposed_share=1.0,
    exposure=replace(_HARD_PASTE, most_objects=1, smallest_px=16.0, largest_px=192.0),
    network=NetworkSettings(kind='deepwv3plus', has_abstention=False, has_posterior=True),
    energies=('dense_hybrid_energy',),
    batch_size=12,
    closed_set_steps=0,
    anomaly_steps=10 * (_CITYSCAPES_IMAGES // 12),
    anomaly_learning_rate=1e-6,
    weight_decay=0.0,
    warmup_share=0.0,
    schedule='constant',
    adam_epsilon=1e-7,
    losses=_DENSE_HYBRID_LOSSES,
    validate_every=_CITYSCAPES_IMAGES // 12,
)
"""All weights, batch norm in training mode, one ADE20K patch an image; unlabelled pixels are no
inliers of the posterior here. From NVIDIA's cityscapes_cv0 file."""

_STREETHAZARDS_IMAGES: Final = 5125

DENSEHYBRID_LDN121: Final = replace(
    DENSEHYBRID_DEEPLAB,
    network_hw=(736, 1280),  # 720 x 1280, letterboxed
    crop_hw=(768, 768),
    inliers=InlierSettings(label_set='streethazards'),
    exposure=replace(_HARD_PASTE, most_objects=1, smallest_px=16.0, largest_px=384.0),
    network=NetworkSettings(
        kind='ladder-densenet121',
        has_abstention=False,
        has_posterior=True,
        slow_parts=('backbone.',),
        slow_rate=0.25,
    ),
    closed_set_steps=120 * (_STREETHAZARDS_IMAGES // 16),
    learning_rate=4e-4,
    anomaly_steps=40 * (_STREETHAZARDS_IMAGES // 12),
    anomaly_learning_rate=1e-5,
    schedule='cosine',
    smallest_rate=1e-7,
    validate_every=_STREETHAZARDS_IMAGES // 12,
)
"""StreetHazards (--streethazards) with the 13 classes of its authors, of which DenseHybrid
ignores 'other'; the closed-set stage starts from torchvision's densenet121 and has batches of 12
instead of 16."""

RPL: Final = TrainSettings(
    num_drives=0,
    network_hw=_CITYSCAPES_HW,
    crop_hw=(704, 704),  # 700
    scale=(0.5, 2.0),
    exposed_share=1.0,
    exposure=replace(_HARD_PASTE, most_objects=3, smallest_px=48.0, largest_px=480.0),
    network=NetworkSettings(kind='deepwv3plus', has_abstention=False, is_frozen=True),
    branch=BranchSettings(residual_taps=('mod7', 'context', 'penultimate'), width=256),
    energies=('pebal_energy',),
    batch_size=8,
    closed_set_steps=0,
    anomaly_steps=40 * (_CITYSCAPES_IMAGES // 8),
    anomaly_learning_rate=7.5e-4,  # 10 times 7.5e-5, as RPL's layers that start at random
    weight_decay=0.0,
    warmup_share=0.0,
    schedule='poly',
    losses=LossSettings(
        cross_entropy_weight=0.0,
        abstention_weight=0.0,
        margin_weight=0.0,
        sparsity_weight=0.0,
        pseudo_label_weight=1.0,
        entropy_consistency_weight=1.0,
        likelihood_push_weight=0.05,
        class_balance=0.0,
        loss_stride=1,
    ),
    validate_every=_CITYSCAPES_IMAGES // 16,
)
"""The residual is added to the logits, where RPL adds it to the decoder's input; objects are
scaled between 0.1 and 0.75 of COCO's size."""

REFERENCE_PRESETS: Final = {
    'pebal': PEBAL,
    'pebal-as-published': PEBAL_AS_PUBLISHED,
    'hopfield-pebal-deepwv3plus': HOPFIELD_PEBAL_DEEPWV3PLUS,
    'densehybrid-deeplab': DENSEHYBRID_DEEPLAB,
    'densehybrid-ldn121': DENSEHYBRID_LDN121,
    'rpl': RPL,
}

ALL_PRESETS: Final = {**PRESETS, **REFERENCE_PRESETS}

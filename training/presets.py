"""Named recipes: where the flags of training.train start from."""

from dataclasses import replace
from typing import Final

from training.data.augmentations import CameraVariation
from training.data.inlier_sets import InlierSettings
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.mixture import OutlierSources
from training.loss_settings import LossSettings
from training.models.anomaly_network import BranchSettings
from training.network_settings import NetworkSettings
from training.settings import TrainSettings

REALTIME: Final = TrainSettings()

DEMO: Final = replace(
    REALTIME,
    num_drives=80,
    frames_per_drive=4,
    closed_set_steps=350,
    anomaly_steps=200,
    anomaly_learning_rate=1e-3,
    branch=BranchSettings(posterior_taps=('s4', 's8', 'decoder')),
    losses=LossSettings(posterior_weight=1.0),
    energies=('pebal_energy', 'outlier_logit'),
    validate_every=350,
)

CAMVID: Final = replace(
    REALTIME,
    num_drives=0,
    network_hw=(384, 512),
    crop_hw=(288, 384),
    closed_set_steps=900,
    anomaly_steps=300,
    validate_every=300,
)
"""Needs --camvid."""

_ALL_TAPS: Final = ('l2', 'l3', 'l4', 'd1', 'd2', 'd3', 'logits')

HOPFIELD_PEBAL: Final = TrainSettings(
    inliers=InlierSettings(camvid_repeats=1, cityscapes_repeats=30),
    num_drives=0,
    kept_composites=390,
    crop_hw=(256, 512),
    scale=(0.9, 2.0),
    crops_stay_inside=True,
    camera=CameraVariation(strength=0.5, jpeg_share=0.8),
    exposed_share=0.92,
    exposure=OutlierExposure(
        sources=OutlierSources(
            procedural_share=0.15, yolo_share=0.5, masks_share=0.05, regions_share=0.3
        ),
        most_objects=5,
        size_by='area',
        smallest_area=0.008,
        largest_area=0.2,
        enlarges=True,
        small_share=0.35,
        on_ground_share=0.5,
        stays_inside=True,
        any_light_above_px=64,
        color_match_share=0.4,
        most_street_objects=3,
        vehicle_share=0.3,
        turned_hue_share=0.3,
        scene_blur_share=0.07,
        recolored_share=0.1,
        photographs_share=0.1,
    ),
    network=NetworkSettings(kind='espnetv2', is_frozen=True),
    branch=BranchSettings(
        residual_taps=_ALL_TAPS,
        embedding_taps=_ALL_TAPS,
        posterior_taps=('logits',),
        posterior_width=32,
        encoder_dropout=0.35,
        decoder_dropout=0.2,
    ),
    energies=(
        *('hopfield_boosting_energy', 'abstention_energy'),
        *('outlier_logit', 'background_energy'),
    ),
    further_scales=(0.75,),
    fine_scale=1.25,
    fine_weights=(0.5, 1.0, 0.25, 0.5),
    fusion_weights=(1.0, 0.5, 0.5, 0.25),
    batch_size=8,
    closed_set_steps=0,
    anomaly_steps=450,
    anomaly_learning_rate=3e-3,
    weight_decay=1e-2,
    average_decay=0.99,
    warmup_share=0.25,
    losses=LossSettings(
        cross_entropy_weight=0.0,
        abstention_weight=0.0,
        margin_weight=0.0,
        sparsity_weight=0.0,
        hopfield_weight=1.0,
        pattern_class_weight=0.1,
        abstention_energy_weight=1.0,
        pseudo_label_weight=0.1,
        posterior_weight=1.0,
        hard_inlier_share=0.5,
        object_size_exponent=0.5,
        outlier_cell_share=0.3,
        loss_stride=4,
    ),
    validate_every=450,
)
"""Needs --network.weights, and --camvid or --cityscapes."""

_LADDER_TAPS: Final = ('s4', 's8', 's16', 's32', 'decoder', 'logits')

REALTIME_BRANCH: Final = replace(
    HOPFIELD_PEBAL,
    network=replace(REALTIME.network, is_frozen=True),
    branch=replace(
        HOPFIELD_PEBAL.branch,
        residual_taps=_LADDER_TAPS,
        embedding_taps=_LADDER_TAPS,
        posterior_taps=_LADDER_TAPS,
        posterior_width=None,
    ),
    further_scales=(),
    fine_scale=None,
    fine_weights=(),
    num_drives=40,
    kept_composites=520,
    anomaly_steps=600,
    validate_every=300,
)
"""Needs --start-from, a run of `realtime`, and --camvid or --cityscapes."""

PRESETS: Final = {
    'demo': DEMO,
    'camvid': CAMVID,
    'realtime': REALTIME,
    'realtime-branch': REALTIME_BRANCH,
    'hopfield-pebal': HOPFIELD_PEBAL,
}

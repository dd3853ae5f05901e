"""Every ROS parameter of the node, declared once: default, meaning, unit, range, when read."""

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, cast, get_args

from hopfield_pebal_ros.inference.engine import (
    Backend,
    PerformanceMode,
    RunPrecision,
    Tuning,
)
from hopfield_pebal_ros.node.parameter_table import Table, declared, read


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What an operator can set for the whole node."""

    autostart: bool = declared(
        True,
        'Configure and activate by itself; if that fails, the process ends with exit code 1.',
        when='start',
    )
    cameras: tuple[str, ...] = declared(
        ('',),
        "Names of the cameras; the topics of camera 'front' are front/image, front/energy and so "
        "on. [''] is one camera whose topics have no prefix.",
        when='start',
    )
    executor: str = declared(
        'single',
        "What serves the callbacks: rclpy's SingleThreadedExecutor, or its EventsExecutor where "
        'that one works.',
        when='start',
        choices=('single', 'events'),
    )
    diagnostics_period_s: float = declared(
        1.0, 'Time between two diagnostics [s].', when='start', at_least=0.1, at_most=60.0
    )
    model: str = declared('', 'Deployable ONNX file; empty takes the bundled default model.')
    backend: str = declared(
        'openvino', 'Inference runtime; no other takes its place.', choices=get_args(Backend)
    )
    device: str = declared('CPU', 'Device, as the runtime names it.')
    precision: str = declared(
        '',
        'Precision of the arithmetic; empty is the precision of the file.',
        choices=('', *get_args(RunPrecision)),
    )
    num_threads: int = declared(
        0, 'Threads of the runtime; 0 is one for every core.', at_least=0, at_most=1024
    )
    performance_mode: str = declared(
        'latency',
        'Mode: latency gives every core to one run of the engine; throughput runs several at '
        'once, each slower (openvino only; it needs a pipeline_depth of that many and one).',
        choices=get_args(PerformanceMode),
    )
    num_streams: int = declared(
        0,
        'Runs of the engine at once; 0 is 1 for latency, and the choice of OpenVINO for '
        'throughput.',
        at_least=0,
        at_most=64,
    )
    cache_folder: str = declared(
        '',
        'Folder where compiled models are kept for the next start; empty is that of the runtime.',
    )
    max_batch_size: int = declared(
        1,
        'Images of different cameras that go through the engine together; worth more than 1 on a '
        'GPU.',
        at_least=1,
        at_most=64,
    )
    pipeline_depth: int = declared(
        1,
        'Batches in work at once: 1 does one after another; from 2 on the next is prepared and '
        'the last published during a run of the engine, which gives more images a second and, '
        'where cameras are faster than the engine, older ones. Their order is kept.',
        at_least=1,
        at_most=16,
    )
    image_converter: str = declared(
        'builtin', 'What reads uncompressed image messages.', choices=('builtin', 'cv_bridge')
    )
    image_transport: str = declared(
        'auto',
        'Message type of the images: sensor_msgs/Image is raw, CompressedImage is compressed; '
        'auto takes the type that is published.',
        choices=('auto', 'raw', 'compressed'),
    )
    image_reliability: str = declared(
        'auto',
        'Reliability of the image subscription. auto takes that of the publishers, and '
        'best_effort until there is one; best_effort fits every camera; reliable gets large '
        'images through where the transport loses them, and needs a reliable publisher.',
        choices=('auto', 'best_effort', 'reliable'),
    )
    output_size: str = declared(
        'camera',
        'Size of segmentation, energy and anomaly_mask: that of the camera image, or that of the '
        "network's output.",
        choices=('camera', 'network'),
    )
    ignore_mask: str = declared(
        '',
        'PNG of camera size, not black where the vehicle sees itself: no anomalies there, energy '
        'is NaN. Empty is none.',
    )
    region_ground_classes: tuple[str, ...] = declared(
        ('',),
        "Only regions that stand on these classes are listed, such as ['road']; [''] lists all.",
    )
    base_frame: str = declared('base_link', 'Frame of anomaly_points: x ahead, y left, z up.')
    energy_threshold: float = declared(
        math.nan,
        'Energy above which a pixel is anomalous, in the energy unit of the model (see '
        'diagnostics); NaN is target_false_positive_rate or else the threshold calibrated in the '
        'model file.',
        when='any time',
    )
    target_false_positive_rate: float = declared(
        math.nan,
        'Share of inlier pixels that may be above the threshold, between the rates fitted in the '
        'model file; NaN leaves it to energy_threshold.',
        when='any time',
        at_least=0.0,
        at_most=1.0,
    )
    energy_smoothing: float = declared(
        0.0,
        'Share of the earlier frames in the energy, 0 to 0.95; 0 shows each frame on its own.',
        when='any time',
        at_least=0.0,
        at_most=0.95,
    )
    min_region_area_px: int = declared(
        100,
        'Anomalous regions below this area are neither listed nor marked [camera px].',
        when='any time',
        at_least=0,
        at_most=100_000_000,
    )
    overlay_label_alpha: float = declared(
        0.35,
        'Share of the class colour in the overlay, 0 to 1.',
        when='any time',
        at_least=0.0,
        at_most=1.0,
    )
    max_rate_hz: float = declared(
        0.0,
        'Images of a camera are taken no more often than this [Hz]; 0 is as often as the engine '
        'can.',
        when='any time',
        at_least=0.0,
        at_most=1000.0,
    )
    camera_height_m: float = declared(
        math.nan,
        'Height of the camera above the ground [m], for anomaly_points; NaN takes the static '
        'transform from base_frame to the camera.',
        when='any time',
        at_least=0.0,
        at_most=100.0,
    )
    camera_pitch_deg: float = declared(
        0.0,
        'How far the camera looks down [deg]; read with camera_height_m.',
        when='any time',
        at_least=-90.0,
        at_most=90.0,
    )
    camera_yaw_deg: float = declared(
        0.0,
        'How far the camera looks to the left [deg]; read with camera_height_m.',
        when='any time',
        at_least=-180.0,
        at_most=180.0,
    )
    image_timeout_s: float = declared(
        2.0,
        'A warning is given when no image came for this long [s].',
        when='any time',
        at_least=0.1,
        at_most=3600.0,
    )
    max_allowed_processing_time_ms: float = declared(
        0.0,
        'Diagnostics warn when an image takes longer than this from take to publish [ms]; 0 is '
        'never.',
        when='any time',
        at_least=0.0,
        at_most=60_000.0,
    )
    max_acceptable_consecutive_delay_ms: float = declared(
        0.0,
        'Diagnostics are an error when every image of this time took too long [ms]; 0 is never.',
        when='any time',
        at_least=0.0,
        at_most=600_000.0,
    )
    max_energy_drift: float = declared(
        3.0,
        'Diagnostics warn when the mean inlier energy of the last minute is further than this '
        'from that of the calibration, in its standard deviations; 0 is never.',
        when='any time',
        at_least=0.0,
        at_most=1000.0,
    )
    snapshot_folder: str = declared(
        'snapshots', 'Folder that the service save_snapshot writes into.', when='any time'
    )

    @classmethod
    def read_from(cls, node: Any) -> 'Parameters':
        """Return the present values."""
        return cls(**{name: read(node, name) for name in PARAMETERS})

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `AnomalyDetector.open` that these parameters decide."""
        tuning = Tuning(
            num_threads=self.num_threads,
            performance_mode=cast(PerformanceMode, self.performance_mode),
            num_streams=self.num_streams,
            cache_folder=Path(self.cache_folder).expanduser() if self.cache_folder else None,
        )
        return {
            'backend': self.backend,
            'device': self.device,
            'precision': self.precision or None,
            'tuning': tuning,
            'max_batch_size': min(self.max_batch_size, len(self.cameras)),
        }


PARAMETERS: Final[Table] = {each.name: each for each in fields(Parameters)}

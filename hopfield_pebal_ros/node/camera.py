"""One camera of the node: its subscription, its view, its outputs and its diagnostics."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticStatus

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.camera_view import CameraView
from hopfield_pebal_ros.node.camera_input import CameraInput
from hopfield_pebal_ros.node.camera_parameters import CameraParameters, read_camera, topic_of
from hopfield_pebal_ros.node.diagnostics import (
    Limits,
    camera_status,
    energy_drift_status,
    processing_time_status,
)
from hopfield_pebal_ros.node.drift import EnergyDrift
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.geometry_input import GeometryInput
from hopfield_pebal_ros.node.health import Health
from hopfield_pebal_ros.node.outputs import GEOMETRY_TOPICS, Outputs
from hopfield_pebal_ros.node.parameter_table import SettingError
from hopfield_pebal_ros.node.parameters import Parameters
from hopfield_pebal_ros.node.static_transforms import StaticTransforms
from hopfield_pebal_ros.node.thresholds import threshold_for

CAMERA_INFO: Final = 'image/camera_info'
"""Of the camera; the node's own, of its results, is `camera_info`."""


class Camera:
    """What the node holds for one camera from configure to cleanup.

    Args:
        node: that publishers and subscriptions belong to.
        name: of the camera, '' without one.
        metadata: of the model.
        slots: where its images go.
        health: told of every image.
        transforms: of the vehicle.
        on_listeners: called when a subscriber of an output comes or goes.

    Raises:
        SettingError: a mask that cannot be read, an unknown class, or a threshold out of reach.
    """

    def __init__(
        self,
        node: Any,
        name: str,
        *,
        metadata: Metadata,
        slots: FrameSlots[Any],
        health: Health,
        transforms: StaticTransforms,
        on_listeners: Callable[[], None],
    ) -> None:
        self.name = name
        self._metadata = metadata
        self._slots = slots
        self._health = health
        parameters: Parameters = node.parameters
        own = read_camera(node, name, parameters)
        self.view = CameraView(
            self._threshold(parameters, own),
            ignore_mask=read_mask(own.ignore_mask),
            ground_ids=ground_ids(metadata, parameters.region_ground_classes),
        )
        self.drift = EnergyDrift(metadata.calibration)
        self._geometry = GeometryInput(
            node,
            topic_of(name, CAMERA_INFO),
            transforms=transforms,
            base_frame=parameters.base_frame,
        )
        self.outputs = Outputs(
            node, name, metadata=metadata, geometry=self._geometry, on_listeners=on_listeners
        )
        self._input = CameraInput(
            node,
            name,
            topic=topic_of(name, 'image'),
            transport=parameters.image_transport,
            reliability=parameters.image_reliability,
            slots=slots,
            health=health,
        )
        self.apply(parameters, own)

    def apply(self, parameters: Parameters, own: CameraParameters) -> None:
        """Take over the parameters that may change at any time.

        Raises:
            SettingError: a false-positive rate that was not fitted.
        """
        self.view.threshold = self._threshold(parameters, own)
        self.view.min_region_area_px = parameters.min_region_area_px
        self.view.smoothing = parameters.energy_smoothing
        self._slots.limit(self.name, own.max_rate_hz)
        self._geometry.mount = own

    def _threshold(self, parameters: Parameters, own: CameraParameters) -> float:
        return threshold_for(
            self._metadata.calibration,
            energy=own.energy_threshold,
            false_positive_rate=parameters.target_false_positive_rate,
        )

    def want_images(self, is_working: bool, *, even_unheard: bool = False) -> None:
        """Subscribe while somebody listens, if the node works; else let go."""
        wanted = self.outputs.wanted() if is_working else ()
        self._input.want(bool(wanted) or (is_working and even_unheard))
        self._geometry.want(not GEOMETRY_TOPICS.isdisjoint(wanted))

    def look(self) -> None:
        """Fit the subscription to the publishers where nothing comes."""
        self._input.look()

    def statuses(self, limits: Limits) -> list[DiagnosticStatus]:
        """Return the diagnostics of this camera, and log why no image comes, if none does."""
        health = self._health.of(self.name)
        if health.silent_s > limits.image_timeout_s:
            self._input.warn_of_silence()
        statuses = [
            camera_status(
                health,
                camera=self.name,
                topic=self._input.topic,
                threshold=self.view.threshold,
                geometry_problem=self._geometry.problem,
                num_dropped=self._slots.num_dropped(self.name),
                limits=limits,
            ),
            processing_time_status(health, limits=limits),
            energy_drift_status(
                mean=self.drift.mean(),
                mean_of_model=self._metadata.calibration.inlier_mean,
                deviations=self.drift.deviations(),
                limits=limits,
            ),
        ]
        for status in statuses:
            status.name = topic_of(self.name, status.name)
        return statuses

    def close(self) -> None:
        self._input.close()
        self._geometry.close()
        self.outputs.close()


def read_mask(path: str) -> npt.NDArray[np.uint8] | None:
    """Return an ignore mask, (H, W) uint8; None for ''.

    Raises:
        SettingError: there is no such picture.
    """
    if not path:
        return None
    picture = cv2.imread(str(Path(path).expanduser()), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise SettingError(f'ignore_mask {path} is not a readable picture; give a PNG file')
    return np.asarray(picture, np.uint8)


def ground_ids(metadata: Metadata, class_names: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of the classes that regions must stand on; '' is left out.

    Raises:
        SettingError: the model has no such class.
    """
    try:
        return tuple(metadata.label_set.id_of(name) for name in class_names if name)
    except KeyError as error:
        raise SettingError(f'region_ground_classes: {error.args[0]}') from None

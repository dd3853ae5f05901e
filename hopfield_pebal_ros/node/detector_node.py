"""ros2 run hopfield_pebal_ros detector_node: lifecycle node, camera images in, anomalies out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter

from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.node.camera import Camera
from hopfield_pebal_ros.node.camera_parameters import camera_table, check_cameras, read_camera
from hopfield_pebal_ros.node.compressed_images import any_to_color
from hopfield_pebal_ros.node.diagnostics import (
    Limits,
    diagnostic_array,
    node_status,
    summary_of,
)
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import Health
from hopfield_pebal_ros.node.image_converter import ImageConverter, open_image_converter
from hopfield_pebal_ros.node.opening import open_in_thread
from hopfield_pebal_ros.node.parameter_table import SettingError, declare, reason_to_refuse
from hopfield_pebal_ros.node.parameters import PARAMETERS, Parameters
from hopfield_pebal_ros.node.process import run_process
from hopfield_pebal_ros.node.services import Services
from hopfield_pebal_ros.node.snapshot import OnDone, Snapshots
from hopfield_pebal_ros.node.static_transforms import StaticTransforms
from hopfield_pebal_ros.node.thresholds import reason_against_thresholds
from hopfield_pebal_ros.node.transitions import logged, refuse_illegal_transitions
from hopfield_pebal_ros.node.vision_messages import vision_msgs
from hopfield_pebal_ros.node.worker import Worker

_LOOK_PERIOD_S: Final = 0.5
"""Between two looks at the publishers of a camera that sends nothing."""

_PATIENCE_S: Final = 10.0
"""With a model that is being opened, until it is told, and told again."""


class DetectorNode(LifecycleNode):
    """Runs the model on the newest image of each camera, and publishes what somebody listens to.

    Args:
        open_detector: opens the model; takes the arguments of `AnomalyDetector.open`.
        is_stopped: whether the process was asked to stop; ends a wait for the model.
        **node_arguments: of rclpy's Node.
    """

    def __init__(
        self,
        *,
        open_detector: Callable[..., AnomalyDetector] = AnomalyDetector.open,
        is_stopped: Callable[[], bool] = lambda: False,
        **node_arguments: Any,
    ) -> None:
        super().__init__('detector', **node_arguments)
        declare(self, PARAMETERS)
        self.parameters = Parameters.read_from(self)
        check_cameras(self.parameters.cameras)
        if reason := reason_against_thresholds({}, self.parameters, None):
            raise SettingError(reason)
        self._table = {**PARAMETERS, **camera_table(self.parameters.cameras)}
        declare(self, camera_table(self.parameters.cameras))
        self.problem = ''
        self._is_active = False
        self._is_enabled = True
        self._open_detector = open_detector
        self._is_stopped = is_stopped
        self._detector: AnomalyDetector | None = None
        self._convert: ImageConverter = any_to_color
        self._cameras: dict[str, Camera] = {}
        self._worker: Worker | None = None
        self._health = Health(self.parameters.cameras)
        self._health.allowed_processing_ms = self.parameters.max_allowed_processing_time_ms
        self._slots: FrameSlots[Any] = FrameSlots(self.parameters.cameras)
        self._slots.close()
        self._snapshots = Snapshots(self.parameters.cameras)
        Services(self)
        self._transforms = StaticTransforms(self)
        refuse_illegal_transitions(self)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # goes on while a bag is paused
        self.create_timer(
            self.parameters.diagnostics_period_s, self.publish_diagnostics, clock=steady
        )
        self.create_timer(_LOOK_PERIOD_S, self._look, clock=steady)

    @property
    def state(self) -> str:
        """Lifecycle state, such as 'active'."""
        return str(self._state_machine.current_state[1])

    def autostart(self) -> bool:
        """Configure and activate; return whether the node is active."""
        self.publish_diagnostics()
        success = TransitionCallbackReturn.SUCCESS
        return bool(self.trigger_configure() == success and self.trigger_activate() == success)

    @logged
    def on_configure(self) -> None:
        """Open the model, warm it up, and advertise the results."""
        asked = self.parameters
        model = Path(asked.model).expanduser() if asked.model else DEFAULT_MODEL
        self._detector = open_in_thread(
            lambda: self._open_detector(model, **asked.engine_options()),
            is_stopped=self._is_stopped,
            still_opening=lambda seconds: self._still_opening(model, seconds),
        )
        try:
            self._convert = open_image_converter(asked.image_converter)
            for name in asked.cameras:
                self._cameras[name] = Camera(
                    self,
                    name,
                    metadata=self._detector.metadata,
                    slots=self._slots,
                    health=self._health,
                    transforms=self._transforms,
                    on_listeners=self._update_inputs,
                )
        except Exception:
            self._release()
            raise
        self.get_logger().info(summary_of(self._detector))
        if vision_msgs() is None:
            self.get_logger().info(
                'vision_msgs is not installed: anomaly_regions and label_info are off'
            )

    def _still_opening(self, model: Path, seconds: float) -> None:
        """Say so, and go on with the diagnostics, whose timer waits for the transition."""
        self.publish_diagnostics()
        if seconds >= _PATIENCE_S:
            self.get_logger().info(
                f'still opening {model} on {self.parameters.backend}, {seconds:.0f} s so far',
                throttle_duration_sec=_PATIENCE_S,
            )

    @logged
    def on_activate(self) -> None:
        """Start the worker, and subscribe to the cameras that somebody listens to."""
        assert self._detector is not None
        self._worker = Worker(
            detector=self._detector,
            max_batch_size=self.parameters.max_batch_size,
            pipeline_depth=self.parameters.pipeline_depth,
            convert=self._convert,
            slots=self._slots,
            cameras=self._cameras,
            snapshots=self._snapshots,
            health=self._health,
            logger=self.get_logger(),
            ros_time_ns=lambda: self.get_clock().now().nanoseconds,
        )
        self._worker.start()
        self._is_active = True
        try:
            self._update_inputs()
        except Exception:
            self._stop_working()
            raise

    @logged
    def on_deactivate(self) -> None:
        """Stop the worker; the model stays open."""
        self._stop_working()

    @logged
    def on_cleanup(self) -> None:
        self._release()

    @logged
    def on_shutdown(self) -> None:
        self._stop_working()
        self._release()

    @logged
    def on_error(self) -> None:
        self._stop_working()
        self._release()

    def destroy_node(self) -> None:
        self._stop_working()
        self._release()
        super().destroy_node()

    def publish_diagnostics(self) -> None:
        """Publish the state of node and camera, whether images come or not."""
        limits = Limits.of(self.parameters)
        statuses = [
            node_status(
                lifecycle_state=self.state,
                problem=self.problem,
                detector=self._detector,
                is_enabled=self._is_enabled,
            )
        ]
        for camera in self._cameras.values() if self._is_active else ():
            statuses += camera.statuses(limits)
        self._diagnostics.publish(
            diagnostic_array(
                statuses, node_name=self.get_name(), stamp=self.get_clock().now().to_msg()
            )
        )

    def enable(self, is_enabled: bool) -> None:
        """Ask for images, or for none; the node stays active and the model open."""
        self._is_enabled = is_enabled
        self._update_inputs()

    def reset_statistics(self) -> None:
        """Begin counts, rates, percentiles and drift again."""
        self._health.reset()
        self._slots.reset_counts()
        for camera in self._cameras.values():
            camera.drift.reset()

    def ask_for_snapshot(self, folder: Path, on_done: OnDone) -> str:
        """Begin a snapshot; return why not, or ''. See `Snapshots.ask`."""
        if self._detector is None or not (self._is_active and self._is_enabled):
            return f'the node is {self.state} and not at work; activate and enable it'
        if not self._snapshots.ask(folder, self._detector.metadata, on_done):
            return 'a snapshot is under way'
        self._update_inputs()
        return ''

    def _check_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        detector = self._detector
        values = {each.name: each.value for each in changed}
        reason = reason_to_refuse(
            values.items(), self._table, is_configured=detector is not None
        ) or reason_against_thresholds(
            values, self.parameters, None if detector is None else detector.metadata.calibration
        )
        return SetParametersResult(successful=not reason, reason=reason)

    def _apply_parameters(self, _: Sequence[Parameter]) -> None:
        self.parameters = Parameters.read_from(self)
        self._health.allowed_processing_ms = self.parameters.max_allowed_processing_time_ms
        for name, camera in self._cameras.items():
            camera.apply(self.parameters, read_camera(self, name, self.parameters))

    def _update_inputs(self) -> None:
        """Subscribe to the cameras whose results somebody listens to, and to no others."""
        for camera in self._cameras.values():
            camera.want_images(
                self._is_active and self._is_enabled,
                even_unheard=self._snapshots.is_asked(camera.name),
            )

    def _look(self) -> None:
        if self._waits_for_clock():
            self.get_logger().warning(
                'use_sim_time is set and nothing comes on /clock: play the bag with --clock, or '
                'set use_sim_time to false',
                throttle_duration_sec=_PATIENCE_S,
                skip_first=True,
            )
        self._snapshots.end_if_due()
        self._update_inputs()
        for camera in self._cameras.values():
            camera.look()

    def _waits_for_clock(self) -> bool:
        clock = self.get_clock()
        return bool(clock.ros_time_is_active and not clock.now().nanoseconds)

    def _stop_working(self) -> None:
        self._is_active = False
        self._update_inputs()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _release(self) -> None:
        for camera in self._cameras.values():
            camera.close()
        self._cameras.clear()
        if self._detector is not None:
            self._detector.close()
            self._detector = None


def main(args: list[str] | None = None) -> int:
    """Run the node until a signal stops it; return the exit code."""
    return run_process(lambda is_stopped: DetectorNode(is_stopped=is_stopped), args)


if __name__ == '__main__':
    raise SystemExit(main())

"""ros2 run hopfield_pebal_ros detector_node: lifecycle node, camera images in, anomalies out."""

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from sensor_msgs.msg import Image

from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.node.camera_input import CameraInput
from hopfield_pebal_ros.node.diagnostics import Limits, diagnostic_array, node_status
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import Health
from hopfield_pebal_ros.node.image_converter import ImageConverter, open_image_converter
from hopfield_pebal_ros.node.image_messages import to_color
from hopfield_pebal_ros.node.outputs import Outputs
from hopfield_pebal_ros.node.parameters import Parameters, reason_to_refuse
from hopfield_pebal_ros.node.stop_signals import ignore_stop_signals, on_stop_signal
from hopfield_pebal_ros.node.transitions import logged, refuse_illegal_transitions
from hopfield_pebal_ros.node.worker import Worker

CAMERA: Final = ''
"""The one camera of this version, on the topic `image`."""


class DetectorNode(LifecycleNode):
    """Runs the model on the newest image, and publishes what somebody listens to.

    Args:
        open_detector: opens the model; takes the arguments of `AnomalyDetector.open`.
        **node_arguments: of rclpy's Node.
    """

    def __init__(
        self,
        *,
        open_detector: Callable[..., AnomalyDetector] = AnomalyDetector.open,
        **node_arguments: Any,
    ) -> None:
        super().__init__('detector', **node_arguments)
        self.parameters = Parameters.declare_on(self)
        self.problem = ''
        self._open_detector = open_detector
        self._detector: AnomalyDetector | None = None
        self._convert: ImageConverter = to_color
        self._outputs: dict[str, Outputs] = {}
        self._worker: Worker | None = None
        self._input: CameraInput | None = None
        self._health = Health([CAMERA])
        self._slots: FrameSlots[Image] = FrameSlots([CAMERA])
        self._slots.close()
        refuse_illegal_transitions(self)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self.create_timer(
            self.parameters.diagnostics_period_s,
            self.publish_diagnostics,
            clock=Clock(clock_type=ClockType.STEADY_TIME),  # goes on while a bag is paused
        )

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
        self._detector = self._open_detector(
            Path(asked.model).expanduser() if asked.model else DEFAULT_MODEL,
            backend=asked.backend,
            device=asked.device,
            precision=asked.precision or None,
            num_threads=asked.num_threads,
        )
        try:
            self._apply_to_detector()
            self._convert = open_image_converter(asked.image_converter)
            palette_rgb = self._detector.metadata.label_set.palette_rgb()
            self._outputs[CAMERA] = Outputs(
                self, palette_rgb, label_alpha=lambda: self.parameters.overlay_label_alpha
            )
        except Exception:
            self._release()
            raise
        self._log_model(self._detector)

    @logged
    def on_activate(self) -> None:
        """Subscribe to the images and start the worker."""
        assert self._detector is not None
        try:
            self._health.watch()
            self._worker = Worker(
                detector=self._detector,
                convert=self._convert,
                slots=self._slots,
                outputs=self._outputs,
                health=self._health,
                logger=self.get_logger(),
                ros_time_ns=lambda: self.get_clock().now().nanoseconds,
            )
            self._worker.start()
            self._input = CameraInput(
                self,
                CAMERA,
                topic='image',
                reliability=self.parameters.image_reliability,
                slots=self._slots,
                health=self._health,
            )
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
        parameters = self.parameters
        limits = Limits(
            image_timeout_s=parameters.image_timeout_s,
            max_allowed_processing_time_ms=parameters.max_allowed_processing_time_ms,
        )
        statuses = [
            node_status(lifecycle_state=self.state, problem=self.problem, detector=self._detector)
        ]
        if self._input is not None:
            statuses += self._input.statuses(limits)
        self._diagnostics.publish(
            diagnostic_array(
                statuses, node_name=self.get_name(), stamp=self.get_clock().now().to_msg()
            )
        )

    def _log_model(self, detector: AnomalyDetector) -> None:
        engine, metadata = detector.engine, detector.metadata
        self.get_logger().info(
            f'model {metadata.name} (sha256 {detector.model_sha256[:12]}) on {engine.backend} '
            f'{engine.device} at {engine.precision}, anomalous above {detector.threshold:g} '
            f'{metadata.energy.unit}'
        )

    def _check_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        reason = reason_to_refuse(
            [(each.name, each.value) for each in changed],
            is_configured=self._detector is not None,
        )
        return SetParametersResult(successful=not reason, reason=reason)

    def _apply_parameters(self, _: Sequence[Parameter]) -> None:
        self.parameters = Parameters.read_from(self)
        self._apply_to_detector()

    def _apply_to_detector(self) -> None:
        self._slots.max_rate_hz = self.parameters.max_rate_hz
        if self._detector is not None:
            self._detector.threshold = self.parameters.threshold_for(self._detector.metadata)
            self._detector.min_region_area_px = self.parameters.min_region_area_px

    def _stop_working(self) -> None:
        if self._input is not None:
            self._input.close()
            self._input = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _release(self) -> None:
        for outputs in self._outputs.values():
            outputs.close()
        self._outputs.clear()
        if self._detector is not None:
            self._detector.close()
            self._detector = None


def main(args: list[str] | None = None) -> int:
    """Run the node until a signal stops it; return the exit code."""
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    stopped = Future()
    on_stop_signal(lambda: stopped.set_result(None))
    try:
        return _run(stopped)
    finally:
        rclpy.shutdown()
        ignore_stop_signals()


def _run(stopped: Future) -> int:
    try:
        node = DetectorNode()
    except (ParameterException, ValueError) as error:
        rclpy.logging.get_logger('detector').fatal(f'cannot start: {error}')
        return 1
    try:
        if not node.parameters.autostart:
            node.get_logger().info('waiting for the transition configure (autostart is false)')
        elif not node.autostart():
            return 1
        _spin(node, stopped)
    finally:
        node.destroy_node()
    return 0


def _spin(node: DetectorNode, stopped: Future) -> None:
    """Serve callbacks until stopped; what one of them raises is logged and ends nothing."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not stopped.done():
        try:
            executor.spin_until_future_complete(stopped)
        except Exception:
            node.get_logger().error(traceback.format_exc(), throttle_duration_sec=1)
    executor.shutdown()


if __name__ == '__main__':
    raise SystemExit(main())

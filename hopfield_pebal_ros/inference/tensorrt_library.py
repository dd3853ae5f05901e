"""Whether TensorRT is here, and which."""

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_precision import check_version


def require_tensorrt() -> str:
    """Return the version of TensorRT.

    Raises:
        EngineError: it cannot be imported, or is of a version that this package does not know.
    """
    try:
        import tensorrt

        version = str(tensorrt.__version__)
    except (ImportError, AttributeError, OSError) as error:  # stubs alone have no version
        raise EngineError(
            f"backend 'tensorrt' was asked for, but TensorRT cannot be imported ({error}); "
            'pip install tensorrt cuda-python onnx (on a Jetson it comes with JetPack: make the '
            "virtual environment with --system-site-packages), or ask for backend 'openvino'"
        ) from error
    check_version(version)
    return version

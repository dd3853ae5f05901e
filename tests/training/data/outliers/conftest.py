import cv2
import numpy as np
import pytest


@pytest.fixture
def write_image():
    """Write a picture or a mask, making its folder."""

    def write(path, pixels):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
        return path

    return write


@pytest.fixture
def noisy_picture():
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)

"""Images that an exported file is verified and calibrated on, as the vehicle would show them."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Geometry, place
from hopfield_pebal_ros.contract.resizing import image_to_network
from hopfield_pebal_ros.scenes.drive import Drive
from training.data.frames import read_image_rgb
from training.data.outliers.picture_files import find_pictures
from training.run_data import FIRST_CALIBRATION_SEED

FIRST_VERIFICATION_SEED: Final = FIRST_CALIBRATION_SEED + 10_000
"""Of drives that nothing was trained, calibrated or quantised on."""

_MOST_IMAGES: Final = 32
_VERIFICATION_DRIVES: Final = 2
_CALIBRATION_DRIVES: Final = 12
_SECONDS_APART: Final = 5.0

Image = npt.NDArray[np.uint8]


def verification_images(folder: Path | None, network_hw: tuple[int, int]) -> list[Image]:
    """Return images to compare on, from a folder or else rendered, as `images_of_folder`."""
    if folder is not None:
        return images_of_folder(folder, network_hw)
    return _rendered(network_hw, FIRST_VERIFICATION_SEED, _VERIFICATION_DRIVES)


def calibration_images(folder: Path | None, network_hw: tuple[int, int]) -> list[Image]:
    """Return images to quantise on, from a folder or else rendered, as `images_of_folder`."""
    if folder is not None:
        return images_of_folder(folder, network_hw)
    return _rendered(network_hw, FIRST_CALIBRATION_SEED, _CALIBRATION_DRIVES)


def images_of_folder(folder: Path, network_hw: tuple[int, int]) -> list[Image]:
    """Return images (H, W, 3) uint8 RGB of network size, evenly taken from a folder.

    Raises:
        FileNotFoundError: no folder, or no picture in it.
        ValueError: one cannot be read.
    """
    found = find_pictures(
        folder,
        wanted='name a folder of camera pictures, or leave the flag out to use rendered drives',
    )
    taken = np.linspace(0, len(found) - 1, min(_MOST_IMAGES, len(found))).round().astype(int)
    geometry, images = Geometry(), list[Image]()
    for index in taken:
        image = read_image_rgb(found[index])
        placement = place((image.shape[0], image.shape[1]), network_hw, geometry.mode)
        images.append(image_to_network(image, placement, geometry))
    return images


def _rendered(network_hw: tuple[int, int], first_seed: int, num_drives: int) -> list[Image]:
    """Return two frames of each of some procedural drives."""
    drives = [
        Drive(seed, image_hw=network_hw) for seed in range(first_seed, first_seed + num_drives)
    ]
    return [
        drive.frame(index, rate_hz=1 / _SECONDS_APART).image_rgb
        for drive in drives
        for index in range(2)
    ]

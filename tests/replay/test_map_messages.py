"""One-channel images of a bag: row padding, byte order, and refusals."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hopfield_pebal_ros.replay.bags import BagError
from hopfield_pebal_ros.replay.map_messages import to_map


def message(encoding: str, data: bytes, **changes: int) -> Any:
    fields = {'height': 2, 'width': 3, 'step': 3, 'is_bigendian': 0, **changes}
    return SimpleNamespace(encoding=encoding, data=np.frombuffer(data, np.uint8), **fields)


def test_row_padding_is_left_out() -> None:
    padded = message('mono8', bytes([1, 2, 3, 99, 4, 5, 6, 99]), step=4)
    assert to_map(padded, source='x').tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(('is_bigendian', 'order'), [(0, '<'), (1, '>')])
def test_energies_are_read_in_either_byte_order(is_bigendian: int, order: str) -> None:
    values = np.array([[0.5, -1.0, 3.25], [np.nan, 1e-9, 7.0]], np.float32)
    data = values.astype(f'{order}f4').tobytes()
    energy_map = to_map(message('32FC1', data, step=12, is_bigendian=is_bigendian), source='x')
    assert energy_map.dtype == np.float32
    np.testing.assert_array_equal(energy_map, values)


def test_colour_is_refused() -> None:
    with pytest.raises(BagError, match="/labels has encoding 'bgr8', expected one of mono8"):
        to_map(message('bgr8', bytes(18), step=9), source='/labels')


@pytest.mark.parametrize(
    'broken',
    [
        message('mono8', bytes(5)),  # a byte short
        message('mono8', bytes(6), step=2),  # rows overlap
        message('mono8', bytes(6), height=0),
    ],
)
def test_a_damaged_image_is_refused(broken: Any) -> None:
    with pytest.raises(BagError, match='it is damaged'):
        to_map(broken, source='/energy')

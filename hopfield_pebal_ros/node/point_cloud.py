"""Points with their energies as sensor_msgs/PointCloud2."""

import array
import sys
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import PointCloud2, PointField

FIELDS: Final = ('x', 'y', 'z', 'energy', 'width_m')


def point_cloud(values: npt.NDArray[np.float32], *, frame_id: str, stamp: Any) -> PointCloud2:
    """Return a cloud of one row.

    Args:
        values: (N, 5) float32, a column for each of `FIELDS`.
        frame_id: of the points.
        stamp: of the image.
    """
    message = PointCloud2()
    message.header.frame_id, message.header.stamp = frame_id, stamp
    message.height, message.width = 1, len(values)
    message.fields = [
        PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
        for index, name in enumerate(FIELDS)
    ]
    message.point_step = 4 * len(FIELDS)
    message.row_step = message.point_step * len(values)
    message.is_bigendian = sys.byteorder == 'big'
    message.is_dense = True
    message.data = array.array('B', np.ascontiguousarray(values, np.float32).tobytes())
    return message

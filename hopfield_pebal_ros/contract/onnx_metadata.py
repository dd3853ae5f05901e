"""Read the metadata entries of an ONNX file straight from its bytes, skipping the weights.

An ONNX file is one protobuf message, `ModelProto`; its field 14 holds the metadata as pairs of
strings (`StringStringEntryProto`: field 1 key, field 2 value). Reading just these needs no ONNX
library on the vehicle and no megabytes of weights in memory.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_IR_VERSION_FIELD: Final = 1
_GRAPH_FIELD: Final = 7
_METADATA_FIELD: Final = 14

_VARINT: Final = 0
_FIXED64: Final = 1
_BYTES: Final = 2
_FIXED32: Final = 5

_LONGEST_ENTRY: Final = 16 * 2**20


def read_onnx_metadata(path: Path) -> dict[str, str]:
    """Return the metadata entries of an ONNX file.

    Raises:
        ValueError: the file is empty, truncated, or no ONNX model.
    """
    entries: dict[str, str] = {}
    seen: set[int] = set()
    with path.open('rb') as file:
        for number, size in _fields(file):
            seen.add(number)
            if number == _METADATA_FIELD:
                key, value = _entry(file, size)
                entries[key] = value
            else:
                file.seek(size, os.SEEK_CUR)
    if not {_IR_VERSION_FIELD, _GRAPH_FIELD} <= seen:
        raise ValueError('no ONNX graph inside')
    return entries


def _fields(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield the number and byte length of each top-level field, the file standing at its value."""
    end = os.fstat(file.fileno()).st_size
    while file.tell() < end:
        tag = _read_varint(file)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise ValueError('not a protobuf message')
        if wire_type == _VARINT:
            _read_varint(file)
            yield number, 0
            continue
        if wire_type == _BYTES:
            size = _read_varint(file)
        elif wire_type in (_FIXED32, _FIXED64):
            size = 4 if wire_type == _FIXED32 else 8
        else:
            raise ValueError(f'unknown protobuf wire type {wire_type}')
        after = file.tell() + size
        if after > end:
            raise ValueError(f'truncated: {after - end} bytes are missing')
        yield number, size
        if file.tell() != after:
            raise ValueError('not a protobuf message')


def _entry(file: BinaryIO, size: int) -> tuple[str, str]:
    if size > _LONGEST_ENTRY:
        raise ValueError(f'metadata entry of {size} bytes, at most {_LONGEST_ENTRY} are read')
    end = file.tell() + size
    strings = {1: '', 2: ''}
    while file.tell() < end:
        tag = _read_varint(file)
        length = _read_varint(file)
        if tag & 7 != _BYTES or file.tell() + length > end:
            raise ValueError('not a metadata entry')
        strings[tag >> 3] = file.read(length).decode('utf-8')
    return strings[1], strings[2]


def _read_varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError('truncated')
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError('not a protobuf message')

from pathlib import Path

import pytest

from hopfield_pebal_ros.contract.onnx_metadata import read_onnx_metadata


def varint(value: int) -> bytes:
    encoded = b''
    while value >= 0x80:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def field(number: int, payload: bytes) -> bytes:
    """Return a length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def entry(key: str, value: str) -> bytes:
    return field(14, field(1, key.encode()) + field(2, value.encode()))


IR_VERSION = varint(1 << 3) + varint(8)
GRAPH = field(7, bytes(300))


def read(tmp_path: Path, content: bytes) -> dict[str, str]:
    path = tmp_path / 'model.onnx'
    path.write_bytes(content)
    return read_onnx_metadata(path)


def test_entries_are_found_before_and_after_the_graph(tmp_path: Path):
    content = IR_VERSION + entry('a', 'first') + GRAPH + entry('b', 'zweiter Ä')
    assert read(tmp_path, content) == {'a': 'first', 'b': 'zweiter Ä'}


def test_a_model_without_entries_has_none(tmp_path: Path):
    assert read(tmp_path, IR_VERSION + GRAPH) == {}


def test_fields_of_every_fixed_width_are_passed_over(tmp_path: Path):
    fixed = varint(20 << 3 | 1) + bytes(8) + varint(21 << 3 | 5) + bytes(4)
    assert read(tmp_path, IR_VERSION + fixed + GRAPH + entry('a', 'b')) == {'a': 'b'}


def test_it_agrees_with_the_onnx_library(tiny_model: Path):
    onnx = pytest.importorskip('onnx')
    model = onnx.load(tiny_model)
    expected = {each.key: each.value for each in model.metadata_props}
    assert read_onnx_metadata(tiny_model) == expected
    assert expected


def test_every_truncation_is_refused_or_has_lost_whole_fields(tmp_path: Path):
    content = IR_VERSION + GRAPH + entry('key', 'value')
    whole_without_entry = len(IR_VERSION + GRAPH)
    for length in range(len(content)):
        if length == whole_without_entry:
            continue  # a valid file; its lacking metadata is refused by read_metadata
        with pytest.raises(ValueError, match=r'truncated|no ONNX graph'):
            read(tmp_path, content[:length])


def test_a_truncated_file_says_how_much_is_missing(tmp_path: Path):
    with pytest.raises(ValueError, match='truncated: 100 bytes are missing'):
        read(tmp_path, (IR_VERSION + GRAPH)[:-100])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'no ONNX graph inside'),
        (IR_VERSION, 'no ONNX graph inside'),
        (GRAPH, 'no ONNX graph inside'),
        (bytes(64), 'not a protobuf message'),
        (b'\xff' * 64, 'not a protobuf message'),
        (varint(1 << 3 | 3) + bytes(9), 'wire type 3'),
        (IR_VERSION + GRAPH + field(14, field(1, b'\xff\xfe')), 'utf-8'),
        (IR_VERSION + GRAPH + field(14, varint(1 << 3) + b'\x01'), 'not a metadata entry'),
        (IR_VERSION + GRAPH + field(14, b'\x0a\x7fabc'), 'not a metadata entry'),
    ],
)
def test_bytes_that_are_no_model_are_refused(tmp_path: Path, content: bytes, message: str):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, content)


def test_an_entry_of_absurd_length_is_not_read_into_memory(tmp_path: Path):
    content = IR_VERSION + GRAPH + field(14, bytes(16 * 2**20 + 1))
    with pytest.raises(ValueError, match='16777217 bytes, at most 16777216'):
        read(tmp_path, content)

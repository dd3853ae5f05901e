import json

import pytest

from training.data.outliers import json_stream
from training.data.outliers.json_stream import as_text, stream_elements

DOCUMENT = {
    'info': {'year': 2017, 'nested': [1, 2, {'images': [9]}]},
    'images': [{'id': 1, 'file_name': 'größe ].jpg'}, {'id': 12, 'file_name': '}'}],
    'count': 12345,
    'annotations': [[1.5, 2], {'counts': '61X1"\\'}],
    'empty': [],
}


@pytest.mark.parametrize('chunk_bytes', [1, 7, 64, 10_000])
@pytest.mark.parametrize('indent', [None, 2])
@pytest.mark.parametrize('ascii_only', [True, False])
def test_elements_come_as_json_reads_them(tmp_path, monkeypatch, chunk_bytes, indent, ascii_only):
    monkeypatch.setattr(json_stream, 'CHUNK_BYTES', chunk_bytes)
    path = tmp_path / 'large.json'
    text = json.dumps(DOCUMENT, indent=indent, ensure_ascii=ascii_only)
    path.write_text(text, 'utf-8')
    content = path.read_bytes()
    found = {'images': [], 'annotations': [], 'empty': []}
    for each in stream_elements(path, found):
        part = content[each.start : each.start + each.num_bytes]
        found[each.section].append(json.loads(part))
    assert found == {key: DOCUMENT[key] for key in found}


def test_names_survive_the_byte_by_byte_reading(tmp_path):
    path = tmp_path / 'large.json'
    path.write_text(json.dumps(DOCUMENT, ensure_ascii=False), 'utf-8')
    first = next(stream_elements(path, {'images'}))
    assert as_text(first.value['file_name']) == 'größe ].jpg'


@pytest.mark.parametrize('num_bytes', [0, 40, 150])
def test_a_truncated_file_is_refused(tmp_path, num_bytes):
    path = tmp_path / 'cut.json'
    path.write_bytes(json.dumps(DOCUMENT).encode()[:num_bytes])
    with pytest.raises(ValueError, match=r'cut\.json is no whole JSON object'):
        list(stream_elements(path, {'images', 'annotations'}))

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip('onnx')

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    METADATA_KEY,
    TensorSpec,
    check_tensors,
    expected_tensors,
    read_metadata,
)
from hopfield_pebal_ros.contract.metadata import DeploymentError
from tests.tiny_model import TINY_METADATA, write_tiny_model

METADATA = replace(TINY_METADATA, network_hw=(64, 128), output_hw=(32, 64))
IMAGE = TensorSpec(IMAGE_INPUT, 'uint8', (None, 64, 128, 3))
LABELS = TensorSpec(LABEL_OUTPUT, 'uint8', (None, 32, 64))
ENERGY = TensorSpec(ENERGY_OUTPUT, 'float32', (None, 32, 64))


def test_metadata_of_a_file_is_what_was_written(tmp_path: Path):
    written = write_tiny_model(tmp_path / 'm.onnx', output_hw=(16, 32))
    assert read_metadata(tmp_path / 'm.onnx') == written


def test_a_missing_file_is_refused_with_how_to_make_one(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r'no model file .*m\.onnx; .*training\.export'):
        read_metadata(tmp_path / 'm.onnx')


def test_a_folder_is_no_model_file(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='no model file'):
        read_metadata(tmp_path)


@pytest.mark.parametrize('content', [b'', b'<html>not found</html>', bytes(1000)])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / 'm.onnx').write_bytes(content)
    with pytest.raises(DeploymentError, match=r'm\.onnx is not a readable ONNX file'):
        read_metadata(tmp_path / 'm.onnx')


def test_a_truncated_download_is_refused(tiny_model: Path):
    tiny_model.write_bytes(tiny_model.read_bytes()[:300])
    with pytest.raises(DeploymentError, match=r'not a readable ONNX file \(truncated'):
        read_metadata(tiny_model)


def test_a_model_of_another_project_is_refused_with_what_it_has(tmp_path: Path):
    write_tiny_model(tmp_path / 'm.onnx', metadata_text='')
    with pytest.raises(DeploymentError, match=f"no '{METADATA_KEY}' metadata; found none"):
        read_metadata(tmp_path / 'm.onnx')


def test_a_newer_schema_is_refused_with_the_file_it_is_in(tmp_path: Path):
    write_tiny_model(tmp_path / 'm.onnx', metadata_text='{"schema_version": 99}')
    with pytest.raises(DeploymentError, match=r'm\.onnx: metadata has schema 99'):
        read_metadata(tmp_path / 'm.onnx')


def test_the_expected_tensors_follow_from_the_metadata():
    assert expected_tensors(METADATA) == (IMAGE, LABELS, ENERGY)


def test_fitting_tensors_pass_in_any_order_and_with_others_beside_them():
    check_tensors((ENERGY, TensorSpec('logits', 'f', ()), LABELS, IMAGE), METADATA, source='x')


def test_a_fixed_batch_length_passes():
    fixed = replace(IMAGE, shape=(1, 64, 128, 3))
    check_tensors((fixed, LABELS, ENERGY), METADATA, source='x')


@pytest.mark.parametrize(
    'found',
    [
        (IMAGE, LABELS),
        (LABELS, ENERGY),
        (replace(IMAGE, dtype='float32'), LABELS, ENERGY),
        (replace(IMAGE, shape=(None, 3, 64, 128)), LABELS, ENERGY),
        (replace(IMAGE, shape=(None, None, None, 3)), LABELS, ENERGY),
        (IMAGE, replace(LABELS, dtype='int64'), ENERGY),
        (IMAGE, LABELS, replace(ENERGY, dtype='float16')),
        (IMAGE, LABELS, replace(ENERGY, shape=(None, 1, 32, 64))),
        (IMAGE, LABELS, replace(ENERGY, shape=(None, 64, 128))),
        (IMAGE, LABELS, replace(ENERGY, shape=())),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(found: tuple[TensorSpec, ...]):
    with pytest.raises(DeploymentError, match=r'm\.onnx: expected tensor .*, found .*export'):
        check_tensors(found, METADATA, source='m.onnx')

import os
import pickle

import numpy as np
import pytest

torch = pytest.importorskip('torch')
from safetensors.torch import save_file

from training.checkpoint_files.weight_file import WeightFileError, read_document


class RunsACommand:
    def __reduce__(self):
        return os.system, ('touch /tmp/must_not_appear',)


@pytest.mark.parametrize('is_zip', [True, False])
@pytest.mark.parametrize('scalar', [np.float64(0.75), np.float32(0.5), np.int64(3)])
def test_numpy_scalars_are_allowed(tmp_path, scalar, is_zip):
    torch.save({'mean_iu': scalar}, tmp_path / 'a.pth', _use_new_zipfile_serialization=is_zip)
    assert read_document(tmp_path / 'a.pth') == {'mean_iu': scalar}


def test_scalars_under_the_name_of_numpy_1_are_allowed(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'mean_iu': np.float64(0.75)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b'numpy._core.', b'numpy.core.'))
    assert read_document(path) == {'mean_iu': 0.75}


def test_tensors_of_another_device_come_to_the_cpu(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'a': torch.arange(3.0)}, path, _use_new_zipfile_serialization=False)
    saved = path.read_bytes()
    there = b'X\x06\x00\x00\x00cuda:7'  # pickle's text of 6 letters
    path.write_bytes(saved.replace(b'X\x03\x00\x00\x00cpu', there))
    assert there in path.read_bytes()
    found = read_document(path)['a']
    assert (found.device.type, found.tolist()) == ('cpu', [0.0, 1.0, 2.0])


@pytest.mark.parametrize('is_zip', [True, False])
def test_code_is_refused_and_not_run(tmp_path, is_zip):
    path = tmp_path / 'a.pth'
    torch.save({'x': RunsACommand()}, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(WeightFileError, match=r'needs \w+\.system, .* may run code'):
        read_document(path)


def test_a_plain_pickle_and_foreign_bytes_are_refused(tmp_path):
    path = tmp_path / 'a.pth'
    for content in (pickle.dumps({'a': 1}, protocol=2), b'', b'\x89PNG\r\n', b'<html>' * 99):
        path.write_bytes(content)
        with pytest.raises(WeightFileError, match='truncated or no weight file'):
            read_document(path)


def test_a_truncated_safetensors_file_is_refused(tmp_path):
    path = tmp_path / 'a.safetensors'
    save_file({'a': torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightFileError, match='truncated or no weight file'):
        read_document(path)

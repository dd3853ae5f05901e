from pathlib import Path

import pytest

from hopfield_pebal_ros.inference import engine as engine_module
from hopfield_pebal_ros.inference import memory_check
from hopfield_pebal_ros.inference.engine import EngineError, open_engine
from tests.tiny_model import TINY_METADATA


def machine(folder: Path, monkeypatch: pytest.MonkeyPatch, *, limit: str | None = None) -> None:
    """Pretend a machine with 1000 kB to spare, and a container of this limit [bytes]."""
    (folder / 'meminfo').write_text('MemTotal: 9000 kB\nMemAvailable:    1000 kB\nHugePages: 0\n')
    monkeypatch.setattr(memory_check, '_MEMORY_INFO', folder / 'meminfo')
    monkeypatch.setattr(memory_check, '_CONTROL_GROUP', folder)
    if limit is not None:
        (folder / 'memory.max').write_text(f'{limit}\n')
        (folder / 'memory.current').write_text('300\n')
        (folder / 'memory.stat').write_text('anon 1\ninactive_file 200\n')


@pytest.mark.parametrize(
    ('limit', 'expected'),
    [(None, 1_024_000), ('max', 1_024_000), ('5000', 4_900), ('9000000', 1_024_000)],
)
def test_the_container_s_limit_counts_where_it_is_the_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None, expected: int
):
    machine(tmp_path, monkeypatch, limit=limit)
    assert memory_check.available_bytes() == expected


def test_a_machine_that_does_not_say_is_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(memory_check, '_MEMORY_INFO', tmp_path / 'none')
    assert memory_check.available_bytes() is None


def test_weights_count_twice_and_one_image_with_its_maps(tmp_path: Path):
    (tmp_path / 'm.onnx').write_bytes(bytes(1000))
    image, labels, energies = 64 * 128 * 3, 64 * 128, 4 * 64 * 128
    expected = 2000 + image + labels + energies
    assert memory_check.needed_bytes(tmp_path / 'm.onnx', TINY_METADATA) == expected


@pytest.mark.parametrize('backend', ['openvino', 'onnxruntime', 'tensorrt'])
def test_a_model_too_large_for_the_memory_is_refused_before_it_is_opened(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, backend: str
):
    monkeypatch.setattr(engine_module, 'available_bytes', lambda: 50_000)
    with pytest.raises(
        EngineError, match=r'at least 0 MB of memory, and 0 MB are free; end other'
    ):
        open_engine(tiny_model, TINY_METADATA, backend=backend)

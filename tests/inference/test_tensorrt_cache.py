import os
from dataclasses import replace
from pathlib import Path

import pytest

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_cache import (
    default_cache_folder,
    find_plans,
    read_plan,
    stored_plans,
    write_atomically,
    write_plan,
)
from hopfield_pebal_ros.inference.tensorrt_plan import PlanKey
from tests.inference.plan_keys import ORIN, PLAN, record


def found(folder: Path, key: PlanKey = ORIN) -> list[bytes]:
    plans = find_plans(folder, key, model_path=Path('m.onnx'), model_name='tiny')
    return [read_plan(each) for each in plans]


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path):
    write_plan(tmp_path, record(), PLAN)
    assert found(tmp_path) == [PLAN]


def test_plans_of_several_batch_sizes_come_smallest_first(tmp_path: Path):
    for batch_size in (10, 2, 1):
        plan = b'batch %d' % batch_size
        write_plan(tmp_path, record(plan=plan, batch_size=batch_size), plan)
    assert found(tmp_path) == [b'batch 1', b'batch 2', b'batch 10']


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'tensorrt': '10.13.0'}, r'has TensorRT 10\.3\.0, here it is 10\.13\.0'),
        ({'gpu': 'NVIDIA Thor'}, r'has GPU NVIDIA Orin \(nvgpu\), here it is NVIDIA Thor'),
        ({'compute_capability': '11.0'}, r'has compute capability 8\.7, here it is 11\.0'),
        ({'platform': 'linux-x86_64'}, 'has platform linux-aarch64, here it is linux-x86_64'),
        ({'precision': 'fp32'}, 'has precision fp16, here it is fp32'),
        ({'model_sha256': 'cd' * 32}, 'has model contents (ab){8}, here it is (cd){8}'),
    ],
)
def test_a_plan_for_anything_else_is_refused_with_the_reason(
    tmp_path: Path, change: dict[str, str], reason: str
):
    write_plan(tmp_path, record(), PLAN)
    remedy = 'build it here: python -m .*build_tensorrt m.onnx'
    with pytest.raises(EngineError, match=f'no TensorRT plan of m.onnx .*{reason}; {remedy}'):
        found(tmp_path, replace(ORIN, **change))


def test_the_nearest_plan_is_the_one_that_is_explained(tmp_path: Path):
    write_plan(tmp_path, record(replace(ORIN, tensorrt='10.1.0', gpu='other')), PLAN)
    write_plan(tmp_path, record(replace(ORIN, tensorrt='10.2.0')), PLAN)
    with pytest.raises(EngineError, match=r'has TensorRT 10\.2\.0, here it is 10\.3\.0; build'):
        found(tmp_path)


def test_plans_of_other_models_are_not_explained(tmp_path: Path):
    other = replace(ORIN, model_sha256='cd' * 32)
    write_plan(tmp_path, record(other, name='another'), PLAN)
    with pytest.raises(EngineError, match=r"none of 'tiny' among 1 plans; build it here"):
        found(tmp_path)


def test_a_folder_that_is_not_there_holds_no_plan(tmp_path: Path):
    with pytest.raises(EngineError, match=r'among 0 plans; build it here'):
        found(tmp_path / 'none')


def test_a_damaged_plan_is_refused(tmp_path: Path):
    stored = write_plan(tmp_path, record(), PLAN)
    stored.path.write_bytes(PLAN[:-1])
    with pytest.raises(EngineError, match=r'not the one of its sidecar: damaged.*--rebuild'):
        found(tmp_path)
    stored.path.unlink()
    with pytest.raises(EngineError, match=r'cannot read TensorRT plan.*--rebuild'):
        found(tmp_path)


def test_a_plan_without_its_sidecar_is_as_good_as_none(tmp_path: Path):
    stored = write_plan(tmp_path, record(), PLAN)
    stored.path.with_name(stored.path.name + '.json').write_text('{')
    assert stored_plans(tmp_path) == []


def test_a_write_that_breaks_off_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / 'plan'
    write_atomically(path, b'old')

    def full_disk(_: int) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full_disk)
    with pytest.raises(EngineError, match=r'cannot write .*No space left.*make room'):
        write_atomically(path, b'new')
    assert [each.name for each in tmp_path.iterdir()] == ['plan']
    assert path.read_bytes() == b'old'


def test_a_reader_never_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / 'plan'
    write_atomically(path, b'old')
    seen = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.append(path.read_bytes())
        fsync(descriptor)

    monkeypatch.setattr(os, 'fsync', look)
    write_atomically(path, b'new')
    assert (seen, path.read_bytes()) == ([b'old'], b'new')


def test_a_new_plan_with_the_old_sidecar_is_refused(tmp_path: Path):
    """What a reader meets between the two writes of `write_plan`."""
    stored = write_plan(tmp_path, record(), PLAN)
    write_atomically(stored.path, b'new plan')
    with pytest.raises(EngineError, match='being written right now'):
        found(tmp_path)


def test_the_folder_is_in_the_cache_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert default_cache_folder() == tmp_path / 'hopfield_pebal_ros' / 'tensorrt'
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert default_cache_folder() == tmp_path / '.cache' / 'hopfield_pebal_ros' / 'tensorrt'


def test_a_user_without_a_home_is_told_to_name_a_folder(monkeypatch: pytest.MonkeyPatch):
    def homeless() -> Path:
        raise RuntimeError('Could not determine home directory.')

    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setattr(Path, 'home', homeless)
    with pytest.raises(EngineError, match=r'home directory.*name a cache_folder'):
        default_cache_folder()

"""Our TensorRT code against the real bindings of both generations; no GPU, no libraries."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip('mypy')

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_precision import rounding_flag
from tests.inference.tensorrt_bindings import (
    OURS,
    Bindings,
    check_types,
    installed,
    mend_stubs,
    open_bindings,
)

VERSIONS = ('10.3', '11.4')
LAST_VERSION_WITH = {
    'plan.num_bindings': (8, 6),
    'trt.BuilderFlag.FP16': (10, 16),
    'trt.Builder(log).platform_has_fast_fp16': (10, 16),
    'trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH': (10, 16),
    'plan.device_memory_size': (10, 16),
    'plan.device_memory_size_v2': (11, 4),
    'plan.num_io_tensors': (11, 4),
}


@pytest.fixture(scope='module', params=VERSIONS)
def bindings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bindings:
    return open_bindings(request.param, tmp_path_factory.mktemp('libraries'))


@pytest.fixture(scope='module')
def stubs(bindings: Bindings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('stubs')
    bindings.write_stubs(folder)
    return folder


def test_the_files_that_use_tensorrt_are_looked_at() -> None:
    names = {Path(file).name for file in OURS}
    assert {'tensorrt_engine.py', 'tensorrt_builder.py', 'tensorrt_log.py'} <= names


def test_everything_we_use_exists_in_the_bindings(stubs: Path) -> None:
    assert check_types(stubs, *OURS) == ''


def test_everything_we_use_exists_in_the_published_stubs(tmp_path: Path) -> None:
    for name in ('tensorrt', 'tensorrt_bindings'):
        shutil.copytree(installed('stubs') / name, tmp_path / name)
    mend_stubs(tmp_path)
    assert check_types(tmp_path, *OURS) == ''


def test_the_check_finds_what_was_removed(bindings: Bindings, stubs: Path, tmp_path: Path) -> None:
    code = tmp_path / 'uses_them.py'
    uses = ''.join(f'    {line}\n' for line in LAST_VERSION_WITH)
    code.write_text(
        f'import tensorrt as trt\ndef use(log: trt.ILogger, plan: trt.ICudaEngine):\n{uses}'
    )
    found = check_types(stubs, code)
    version = tuple(map(int, bindings.folder.name.split('.')))
    for number, (line, last) in enumerate(LAST_VERSION_WITH.items(), start=3):
        assert (f':{number}: error:' in found) == (version > last), line


def test_a_flag_we_name_by_text_exists_where_we_use_it(bindings: Bindings) -> None:
    code = (
        'import json, tensorrt as t; '
        'print(json.dumps([t.__version__, list(t.BuilderFlag.__members__)]))'
    )
    version, flags = json.loads(bindings.run(code))
    for precision in ('fp16', 'bf16'):
        try:
            assert rounding_flag(precision, 'fp32', version) in flags
        except EngineError:
            assert precision.upper() not in flags


def test_our_modules_import_with_the_real_bindings(bindings: Bindings) -> None:
    modules = [file.removesuffix('.py').replace('/', '.') for file in OURS]
    code = f'import importlib\nfor name in {modules}: importlib.import_module(name)\nprint("all")'
    assert bindings.run(code) == 'all\n'


def test_tensorrt_tells_our_log_and_monitor_what_it_wants(bindings: Bindings) -> None:
    """The bindings call what we override, with the arguments we take."""
    code = """
import tensorrt as trt
from hopfield_pebal_ros.inference.tensorrt_builder import _Monitor
from hopfield_pebal_ros.inference.tensorrt_log import TensorRtLog
from hopfield_pebal_ros.inference.tensorrt_progress import BuildProgress
log = TensorRtLog()
log.log(trt.ILogger.Severity.ERROR, ' no kernel ')
log.log(trt.ILogger.Severity.VERBOSE, 'timing')
print(log.reason())
progress = BuildProgress()
monitor = _Monitor(progress)
monitor.phase_start('Building engine', None, 7)
print(monitor.step_complete('Building engine', 2), progress.line(12.3))
progress.cancel()
print(monitor.step_complete('Building engine', 3))
monitor.phase_finish('Building engine')
print(progress.line(15))
"""
    assert bindings.run(code).splitlines() == [
        'no kernel',
        'True 12 s: Building engine 3/7',
        'False',
        '15 s: preparing',
    ]


@pytest.mark.parametrize('kind', ['Builder', 'Runtime'])
def test_a_tensorrt_that_cannot_start_says_so(bindings: Bindings, kind: str) -> None:
    """The stand-in returns null pointers, as the real library does without a GPU."""
    code = f"""
import tensorrt as trt
from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_log import TensorRtLog, start
try:
    start(trt.{kind}, TensorRtLog())
except EngineError as error:
    print(error)
"""
    assert 'TensorRT cannot start: TensorRT gave no reason; install' in bindings.run(code)

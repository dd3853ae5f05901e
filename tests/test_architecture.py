"""Who may import whom: the table of README, checked on every file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = 'hopfield_pebal_ros'
ROS = {
    'rclpy', 'rcl_interfaces', 'sensor_msgs', 'std_msgs', 'std_srvs', 'diagnostic_msgs',
    'lifecycle_msgs', 'builtin_interfaces', 'rosgraph_msgs', 'cv_bridge', 'vision_msgs',
}  # fmt: skip
RUNTIMES = {'openvino', 'onnxruntime', 'tensorrt', 'cuda'}
LEARNING = {'torch', 'torchvision', 'onnx', 'tensorboard', 'safetensors', 'lightning'}
HEAVY = (
    ROS
    | RUNTIMES
    | LEARNING
    | {'rosbags', 'jinja2', 'matplotlib', 'scipy', 'launch', 'launch_ros'}
)


def allowed(*heavy: str, ours: tuple[str, ...] = ()) -> tuple[set[str], tuple[str, ...]]:
    return set(heavy), ours


RULES = {
    'hopfield_pebal_ros/contract': allowed(ours=('contract',)),
    'hopfield_pebal_ros/scenes': allowed(ours=('scenes', 'contract')),
    'hopfield_pebal_ros/inference': allowed(ours=('inference', 'contract')),
    'hopfield_pebal_ros/evaluation': allowed('scipy', ours=('evaluation', 'contract')),
    'hopfield_pebal_ros/report': allowed(
        'jinja2', 'matplotlib', ours=('report', 'contract', 'evaluation', 'inference.overlay')
    ),
    'hopfield_pebal_ros/node': allowed(*ROS, ours=('node', 'contract', 'inference')),
    'hopfield_pebal_ros/replay': allowed(
        'rosbags',
        ours=(
            'replay', 'contract', 'scenes', 'inference', 'evaluation', 'report',
            'node.image_messages',
        ),
    ),
    'training': allowed(
        *LEARNING, 'onnxruntime', 'matplotlib', 'scipy',
        ours=('contract', 'scenes', 'inference', 'evaluation', 'report'),
    ),
    'training/onnx_graph': allowed('torch', 'onnx', 'onnxruntime', ours=('contract',)),
    'training/models': allowed('torch', 'torchvision', ours=('contract', 'scenes')),
    'training/memory': allowed('torch', 'torchvision', 'safetensors', ours=('contract', 'scenes')),
    'training/losses': allowed('torch', 'torchvision', ours=('contract', 'scenes')),
    'training/calibration': allowed('torch', ours=('contract', 'evaluation')),
    'training/scores': allowed('torch', 'torchvision', 'safetensors', ours=('contract', 'scenes')),
    'training/data': allowed('torch', 'torchvision', ours=('contract', 'scenes')),
}  # fmt: skip
EXTRA = {
    'hopfield_pebal_ros/inference/openvino_engine.py': {'openvino'},
    'hopfield_pebal_ros/inference/openvino_graph.py': {'openvino'},
    'hopfield_pebal_ros/inference/onnxruntime_engine.py': {'onnxruntime'},
    'hopfield_pebal_ros/inference/tensorrt_engine.py': {'tensorrt'},
    'hopfield_pebal_ros/inference/tensorrt_launch.py': {'tensorrt'},
    'hopfield_pebal_ros/inference/tensorrt_library.py': {'tensorrt'},
    'hopfield_pebal_ros/inference/tensorrt_log.py': {'tensorrt'},
    'hopfield_pebal_ros/inference/tensorrt_builder.py': {'tensorrt'},
    'hopfield_pebal_ros/inference/tensorrt_graph.py': {'onnx'},
    'hopfield_pebal_ros/inference/cuda_python_stream.py': {'cuda'},
    'hopfield_pebal_ros/inference/cuda_torch_stream.py': {'torch'},
    'hopfield_pebal_ros/replay/play_bag.py': ROS,
    'hopfield_pebal_ros/replay/realtime.py': ROS,
    'training/data/outliers/region_folder.py': {'scipy'},
}
NOT_FOR_LOSSES = ('training.models', 'training.data')
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ('hopfield_pebal_ros', 'training')
    for path in (ROOT / folder).rglob('*.py')
    if path.stat().st_size
)


def imported_modules(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text('utf-8'))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: absolute imports only'
            names |= {f'{node.module}.{alias.name}' for alias in node.names}
    return names


def rule_for(file: str) -> tuple[set[str], tuple[str, ...]]:
    folders = [folder for folder in RULES if file.startswith(f'{folder}/')]
    assert folders, f'{file} lies in no folder of the import table'
    return RULES[max(folders, key=len)]


def is_allowed(name: str, file: str) -> bool:
    heavy, ours = rule_for(file)
    top = name.partition('.')[0]
    if file.startswith('training/losses/') and name.startswith(NOT_FOR_LOSSES):
        return False
    if top == 'training':
        return file.startswith('training/')
    if top == OURS:
        return any(f'{name}.'.startswith(f'{OURS}.{each}.') for each in ours)
    return top not in HEAVY or top in heavy | EXTRA.get(file, set())


@pytest.mark.parametrize('file', FILES)
def test_a_file_imports_only_what_its_folder_may(file: str) -> None:
    broken = sorted(name for name in imported_modules(ROOT / file) if not is_allowed(name, file))
    assert broken == []


def test_the_table_refuses_what_it_should() -> None:
    assert not is_allowed('torch.nn', 'hopfield_pebal_ros/inference/detector.py')
    assert not is_allowed('openvino', 'hopfield_pebal_ros/inference/detector.py')
    assert not is_allowed('hopfield_pebal_ros.node.health', 'training/export.py')
    assert not is_allowed('training.models.lraspp', 'training/losses/abstention.py')
    assert not is_allowed('training.train', 'hopfield_pebal_ros/replay/demo.py')
    assert is_allowed('hopfield_pebal_ros.contract.labels', 'training/losses/abstention.py')


def test_the_launch_folder_is_no_package() -> None:
    """An __init__.py there would hide ROS's own `launch`."""
    assert not (ROOT / 'launch' / '__init__.py').exists()


def test_the_whole_runtime_imports_without_torch() -> None:
    modules = [
        file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')
        for file in FILES
        if file.startswith('hopfield_pebal_ros/') and 'tensorrt' not in file
    ]
    code = (
        'import importlib, sys\n'
        f'for name in {modules!r}: importlib.import_module(name)\n'
        "unwanted = {'torch', 'torchvision', 'onnx', 'training'}\n"
        "sys.exit(' '.join(sorted(unwanted & set(sys.modules))) or 0)"
    )
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr

"""README says what the tree says: its file map, its commands and its parameters."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text('utf-8')
FOLDERS = (
    'hopfield_pebal_ros/contract',
    'hopfield_pebal_ros/scenes',
    'hopfield_pebal_ros/inference',
    'hopfield_pebal_ros/node',
    'hopfield_pebal_ros/replay',
    'hopfield_pebal_ros/report',
    'hopfield_pebal_ros/evaluation',
    'training',
    'training/models',
    'training/memory',
    'training/losses',
    'training/scores',
    'training/image_level',
    'training/calibration',
    'training/checkpoint_files',
    'training/onnx_graph',
    'training/data',
    'training/data/benchmarks',
    'training/data/outliers',
    'training/evaluation',
    'benchmarks',
    'launch',
)


def purpose(path: Path) -> str:
    """Return the first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text('utf-8')))
    assert docstring, f'{path} needs a docstring that says its purpose'
    return docstring.splitlines()[0]


def file_map() -> str:
    lines = []
    for folder in FOLDERS:
        lines += ['', f'{folder}/']
        for path in sorted((ROOT / folder).glob('*.py')):
            if path.stat().st_size:
                lines.append(f'  {path.name:<26} {purpose(path)}')
    return '\n'.join(lines).strip()


def test_the_file_map_is_what_the_files_say() -> None:
    (shown,) = re.findall(r'<!-- file map -->\n```\n(.*?)\n```', README, re.DOTALL)
    assert shown == file_map(), f'put this between the fences of the file map:\n{file_map()}'


def test_every_folder_with_code_is_on_the_map() -> None:
    found = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ('hopfield_pebal_ros', 'training', 'benchmarks', 'launch')
        for path in (ROOT / top).rglob('*.py')
        if path.stat().st_size
    }
    assert found == set(FOLDERS)


COMMANDS = sorted(set(re.findall(r'python -m ([a-z_]+(?:\.\w+)*)', README)))


@pytest.mark.parametrize('module', COMMANDS)
def test_every_command_of_readme_exists_or_is_said_to_come(module: str) -> None:
    path = ROOT / f'{module.replace(".", "/")}.py'
    line = next(line for line in README.splitlines() if f'python -m {module}' in line)
    assert path.is_file() or 'still to come' in line


def test_every_parameter_is_in_readme() -> None:
    document = yaml.safe_load((ROOT / 'config/detector.yaml').read_text('utf-8'))
    names = document['/**']['ros__parameters']
    assert [name for name in names if f'`{name}`' not in README] == []

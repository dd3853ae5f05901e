"""TensorRT's own Python bindings with stand-in libraries: they import and can be read, not run."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(sys.prefix) / 'tensorrt'
"""Where Makefile installs them, each version in a folder of its own."""
OURS = tuple(
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / 'hopfield_pebal_ros' / 'inference').glob('*tensorrt*.py')
    )
)


@dataclass(frozen=True)
class Bindings:
    """One version of the bindings, and the libraries that let it be imported."""

    folder: Path
    libraries: Path

    def run(self, code: str) -> str:
        """Run Python code for which these bindings are `tensorrt`, and return what it prints."""
        start = 'import sys, tensorrt_bindings; sys.modules["tensorrt"] = tensorrt_bindings\n'
        paths = {'PYTHONPATH': f'{self.folder}:{ROOT}', 'LD_LIBRARY_PATH': self._library_path()}
        result = subprocess.run(
            [sys.executable, '-c', start + code],
            env={**os.environ, **paths}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout

    def _library_path(self) -> str:
        return ':'.join(filter(None, (str(self.libraries), os.environ.get('LD_LIBRARY_PATH'))))

    def write_stubs(self, folder: Path) -> None:
        """Write type stubs of everything that is in the bindings, as they describe themselves."""
        self.run(
            'from mypy.stubgen import main\n'
            f'main(["-q", "-p", "tensorrt_bindings", "-o", {str(folder)!r}])'
        )
        (folder / 'tensorrt').mkdir()
        (folder / 'tensorrt' / '__init__.pyi').write_text(
            'from tensorrt_bindings import *\n'
            'from tensorrt_bindings import __version__ as __version__\n'
        )
        mend_stubs(folder)


def open_bindings(version: str, libraries: Path) -> Bindings:
    """Return the bindings of a version; skip the test where they cannot be had."""
    folder = installed(version)
    needed = [name for name in ('cc', 'nm', 'readelf') if not shutil.which(name)]
    if needed:
        pytest.skip(f'no {", ".join(needed)} to make stand-in libraries')
    (binary,) = (folder / 'tensorrt_bindings').glob('tensorrt.*so')
    symbols = [line.split()[-1] for line in output('nm', '-D', '--undefined-only', binary)]
    known = ctypes.CDLL(None)
    source = libraries / 'stand_in.c'
    source.write_text(
        ''.join(
            f'void *{name}(void) {{ return 0; }}\n'
            for name in symbols
            if re.fullmatch('[a-z]\\w+', name) and not hasattr(known, name)
        )
    )
    for line in output('readelf', '-d', binary):
        for name in re.findall(r'libnv\w+\.so\.\d+', line):
            output('cc', '-shared', '-fPIC', f'-Wl,-soname,{name}', '-o', libraries / name, source)
    return Bindings(folder, libraries)


def installed(name: str) -> Path:
    """Return a folder that Makefile installs; skip the test where there was no such wheel."""
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip(f'no {folder}: Makefile installs it where the registry has such a wheel')
    return folder


def output(*command: str | Path) -> list[str]:
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def mend_stubs(folder: Path) -> None:
    """Make stubs valid Python: they were generated from C++ and say so in places."""
    for path in folder.rglob('*.pyi'):
        text = path.read_text('utf-8')
        text = re.sub(r'\bin: ', 'inputs: ', text)
        text = re.sub(r'(power: Weights = [^,]+), channel_axis', r'\1, *, channel_axis', text)
        text = text.replace('typing.SupportsInt', 'int')
        if '__buffer__' not in text:  # Python < 3.12 cannot see this of a class
            buffer = '    def __buffer__(self, flags: int, /) -> memoryview: ...\n'
            text = text.replace('class IHostMemory:\n', f'class IHostMemory:\n{buffer}')
        path.write_text(text, 'utf-8')


def check_types(stubs: Path, *files: str | Path) -> str:
    """Run mypy over files that see these stubs as `tensorrt`, and return what it finds."""
    settings = stubs / 'mypy.ini'
    settings.write_text(
        '[mypy]\nfollow_imports = skip\ncheck_untyped_defs = true\n'
        'disable_error_code = var-annotated\n'  # NumPy is skipped too
        '[mypy-tensorrt.*]\nfollow_imports = normal\nignore_errors = true\n'
        '[mypy-tensorrt_bindings.*]\nfollow_imports = normal\nignore_errors = true\n'
    )
    result = subprocess.run(
        [
            sys.executable, '-m', 'mypy', '--config-file', settings,
            '--cache-dir', os.devnull, *files,
        ],
        cwd=ROOT, env={**os.environ, 'MYPYPATH': str(stubs)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return '' if result.returncode == 0 else result.stdout

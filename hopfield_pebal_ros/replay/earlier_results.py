"""Make way for new results: remove what an earlier run wrote, and nothing else."""

import shutil
from pathlib import Path

from hopfield_pebal_ros.inference.output_folder import OutputFolderError


def remove_earlier_bag(path: Path) -> None:
    """Remove a bag that an earlier run wrote here, and nothing else.

    Raises:
        OutputFolderError: there is something at `path` that is not such a bag.
    """
    if not path.exists():
        return
    expected = {'metadata.yaml', f'{path.name}.mcap'}
    found = {each.name for each in path.iterdir()} if path.is_dir() else {path.name}
    if not path.is_dir() or not found <= expected:
        raise OutputFolderError(
            f'{path} is not a result of an earlier run: expected only {sorted(expected)}, '
            f'found {sorted(found)}; remove it or name another --out'
        )
    shutil.rmtree(path)

"""Make way for new results: remove what an earlier run wrote, and nothing else."""

import re
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
    # files of a bag, and the folder of a segment that a killed recorder left open
    ours = re.compile(rf'metadata\.yaml(\.\w+)?|{re.escape(path.name)}(_\d+)?(\.mcap)?')
    found = sorted(each.name for each in path.iterdir()) if path.is_dir() else [path.name]
    foreign = [name for name in found if not ours.fullmatch(name)]
    if not path.is_dir() or foreign:
        raise OutputFolderError(
            f'{path} is not a result of an earlier run: expected metadata.yaml and '
            f'{path.name}_0.mcap and so on, found {foreign or found}; remove it or name another '
            '--out'
        )
    shutil.rmtree(path)

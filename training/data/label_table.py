"""A label table: a CSV file that says what the ids in the masks of a folder mean.

Its first line is `id,name` or `id,name,class`. One line a mask id (0..255). `class` is the class
of the network that the id is taught as, or `void` (ignored), or `outlier` (an anomaly); without
that column `name` says it.
"""

import csv
from pathlib import Path
from typing import Final

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID, LabelSet
from training.data.labelled_set import DatasetError, IdTable

HEADERS: Final = (['id', 'name'], ['id', 'name', 'class'])
_RESERVED: Final = {'void': IGNORE_ID, 'outlier': OUTLIER_ID}


def read_label_table(path: Path, classes: LabelSet) -> IdTable:
    """Read a table.

    Raises:
        DatasetError: the file is missing, or a line cannot be understood; the message says which.
    """
    if not path.is_file():
        raise DatasetError(
            f'no label table {path}; write a CSV file with the header id,name,class and a line '
            'for each id in the masks, such as "7,asphalt,road" or "0,unlabelled,void"'
        )
    with path.open(encoding='utf-8-sig', newline='') as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    if not rows or rows[0] not in HEADERS:
        raise DatasetError(
            f'{path} starts with {",".join(rows[0]) if rows else "nothing"}, expected the header '
            'id,name or id,name,class'
        )
    our_ids: dict[int, int] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        where = f'{path}, line {number}'
        file_id, class_id = _line(row, len(rows[0]), classes, where=where)
        if file_id in our_ids:
            raise DatasetError(f'{where}: id {file_id} is there a second time; remove one')
        our_ids[file_id] = class_id
    if not our_ids:
        raise DatasetError(f'{path} has a header and no ids; add a line for each id in the masks')
    return IdTable(our_ids, note=f'add a line for each to {path}, with class void to ignore it')


def _line(row: list[str], num_columns: int, classes: LabelSet, *, where: str) -> tuple[int, int]:
    if len(row) != num_columns:
        raise DatasetError(f'{where}: {len(row)} columns, expected {num_columns} as in the header')
    if not (row[0].isascii() and row[0].isdigit() and int(row[0]) <= 255):
        raise DatasetError(f'{where}: the id is {row[0]!r}, expected a whole number 0..255')
    name = row[-1]
    if name in _RESERVED:
        return int(row[0]), _RESERVED[name]
    if name not in classes.names:
        raise DatasetError(
            f'{where}: {name!r} is no class of the network, which are {", ".join(classes.names)}; '
            'name one of them in a third column "class", or void, or outlier'
        )
    return int(row[0]), classes.id_of(name)

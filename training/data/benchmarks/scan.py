"""Go through the labels of a set before anything runs: say what is there, refuse what is wrong."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.benchmarks.benchmark import Benchmark
from training.data.frames import read_label_map
from training.data.labelled_set import DatasetError, Pair


@dataclass(frozen=True, kw_only=True)
class SetSummary:
    """What a set holds."""

    num_pairs: int
    num_left_out: int
    """Pairs that the set's own rule leaves out."""
    num_without_outliers: int
    num_groups: int
    """Scenes or drives; 0 where unknown."""
    outlier_share: float
    """Of the pixels that count, 0..1."""
    void_share: float
    """Of all pixels, 0..1."""
    resolutions: dict[str, int]
    """'2048x1024' -> pairs, the most frequent first."""
    sha256: str
    """Of the sorted list of files: path below the root and size in bytes, one line a file."""

    def lines(self, benchmark: Benchmark) -> tuple[str, ...]:
        """Return the summary as text for people."""
        sizes = ', '.join(f'{count} of {size}' for size, count in self.resolutions.items())
        left_out = f', {self.num_left_out} left out' if self.num_left_out else ''
        scenes = f', {self.num_groups} scenes' if self.num_groups else ''
        return (
            f'{benchmark.name}: {self.num_pairs} pairs{left_out}{scenes} ({benchmark.variant})',
            f'  outliers {100 * self.outlier_share:.3f} % of the pixels that count, in '
            f'{self.num_pairs - self.num_without_outliers} images; void '
            f'{100 * self.void_share:.1f} % of all',
            f'  sizes {sizes}; file list sha256 {self.sha256[:16]}',
            *(f'  note: {each}' for each in benchmark.notices),
        )


def scan(benchmark: Benchmark) -> tuple[Benchmark, SetSummary]:
    """Read all labels of a set.

    Returns:
        The set with the pairs that count, and what it holds.

    Raises:
        DatasetError: an id outside the table, no outlier where there should be some, or no
            pixel that counts.
        ValueError: a label file cannot be decoded.
    """
    kept: list[Pair] = []
    sizes: Counter[str] = Counter()
    pixels, in_files = np.zeros(256, np.int64), np.zeros(256, np.int64)
    num_without_outliers = 0
    for pair in benchmark.pairs:
        file_ids = read_label_map(pair.label_path)
        in_files += np.bincount(file_ids.ravel(), minlength=256)
        label_map = benchmark.ids.apply(file_ids, pair.label_path)
        counts = np.bincount(label_map.ravel(), minlength=256)
        if not _counts(benchmark, counts):
            continue
        kept.append(pair)
        pixels += counts
        sizes[f'{label_map.shape[1]}x{label_map.shape[0]}'] += 1
        num_without_outliers += int(counts[OUTLIER_ID] == 0)
    _refuse_mixed(benchmark, in_files)
    _refuse_empty(benchmark, pixels)
    total, void = int(pixels.sum()), int(pixels[IGNORE_ID])
    return replace(benchmark, pairs=tuple(kept)), SetSummary(
        num_pairs=len(kept),
        num_left_out=len(benchmark.pairs) - len(kept),
        num_without_outliers=num_without_outliers,
        num_groups=len({each.group for each in kept} - {''}),
        outlier_share=int(pixels[OUTLIER_ID]) / (total - void),
        void_share=void / total,
        resolutions=dict(sizes.most_common()),
        sha256=file_list_sha256(benchmark.root, kept),
    )


def file_list_sha256(root: Path, pairs: Sequence[Pair]) -> str:
    """Return the hash of the files' names and sizes, which differ between versions of a set."""
    paths = {
        path
        for pair in pairs
        for path in (pair.image_path, pair.label_path, pair.overlay_path)
        if path is not None
    }
    lines = (f'{_below(path, root)} {path.stat().st_size}\n' for path in paths)
    return hashlib.sha256(''.join(sorted(lines)).encode()).hexdigest()


def _below(path: Path, root: Path) -> str:
    """Return the path below the root, or for images kept elsewhere the name alone."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _counts(benchmark: Benchmark, pixels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    if benchmark.keeps == 'with outliers':
        return bool(pixels[OUTLIER_ID])
    return benchmark.keeps == 'all' or bool(pixels.sum() - pixels[IGNORE_ID])


def _refuse_mixed(
    benchmark: Benchmark, in_files: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> None:
    found = [each for each in benchmark.never_together if in_files[each]]
    if len(found) > 1:
        raise DatasetError(
            f'{benchmark.name}: ids {_text(found)} both occur, but a release uses one of them for '
            'outliers: are two versions mixed, or is it another set?'
        )


def _refuse_empty(
    benchmark: Benchmark, pixels: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> None:
    pairs, first = len(benchmark.pairs), benchmark.pairs[0].label_path
    if pixels.sum() == pixels[IGNORE_ID]:
        raise DatasetError(
            f'{benchmark.name}: no pixel of {pairs} label files counts, all are void or left out '
            f'(first file {first}); expected ids {_meaning(benchmark)}'
        )
    if benchmark.has_outliers and not pixels[OUTLIER_ID]:
        raise DatasetError(
            f'{benchmark.name}: no pixel of {pairs} label files is an outlier (first file '
            f'{first}); expected ids {_meaning(benchmark)}. Anomaly figures need outliers: are '
            'these the labels of a hidden test set, or of another set?'
        )
    if pixels[OUTLIER_ID] and pixels.sum() == pixels[IGNORE_ID] + pixels[OUTLIER_ID]:
        raise DatasetError(
            f'{benchmark.name}: every pixel that counts is an outlier (first file {first}); '
            f'expected ids {_meaning(benchmark)}'
        )


def _meaning(benchmark: Benchmark) -> str:
    outliers = [key for key, ours in benchmark.ids.our_ids.items() if ours == OUTLIER_ID]
    void = [key for key, ours in benchmark.ids.our_ids.items() if ours == IGNORE_ID]
    return f'{_text(outliers)} for outliers and {_text(void)} for void'


def _text(ids: Iterable[int]) -> str:
    listed = sorted(ids)
    if len(listed) > 4:
        return f'{listed[0]}..{listed[-1]}'
    return ' and '.join(map(str, listed)) or 'none'

"""A benchmark's pairs as frames, for validation while a run goes on."""

from training.data.benchmarks.benchmark import Benchmark
from training.data.frames import Frame


class BenchmarkFrames:
    """Frames of a set; inlier pixels without a class are `INLIER_ID`."""

    def __init__(self, benchmark: Benchmark) -> None:
        self._benchmark = benchmark

    def __len__(self) -> int:
        return len(self._benchmark.pairs)

    def __getitem__(self, index: int) -> Frame:
        pair = self._benchmark.pairs[index]
        return Frame(*self._benchmark.read(pair), f'{self._benchmark.name}/{pair.name}')

"""Read-outs of one checkpoint's weights, each as a deployable file of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from training.checkpoints import Checkpoint, save_checkpoint
from training.export import ExportArguments, export
from training.models.fusion import Fusion
from training.models.scales import OWN_SCALE, Scales
from training.trained_model import fusion_of

CLOSED_SET: Final = ('free_energy', 'background_energy')
"""Energies of the network as it was before any outlier was shown; they cost no head."""

Kind = Literal['closed set', 'one component', 'all but one', 'fusion', 'fusion, further scales']


@dataclass(frozen=True, kw_only=True)
class ReadOut:
    """One way of making an energy of the same weights."""

    name: str
    """Of its file, and in the names of its figures."""
    kind: Kind
    fusion: Fusion
    scales: Scales = OWN_SCALE

    def path(self, folder: Path) -> Path:
        return folder / f'{self.name}.onnx'


@dataclass(frozen=True)
class Addition:
    """What a component adds: a read-out that has it beside one that lacks it alone."""

    component: str
    whole: str
    without: str


def read_outs_of(checkpoint: Checkpoint) -> list[ReadOut]:
    """Return what is compared: components alone, all but one, all, and all at further scales.

    Raises:
        ValueError: the checkpoint publishes one energy alone, or has no fitted fusion yet.
    """
    fusion = fusion_of(checkpoint)
    if fusion.is_single:
        raise ValueError(
            f'the checkpoint publishes {fusion.components[0]} alone, so there is nothing to '
            'compare; give one of several --energies'
        )
    names = fusion.components
    found = [] if CLOSED_SET[0] in names else [_free_energy(fusion)]
    for name in names:
        kind: Kind = 'closed set' if name in CLOSED_SET else 'one component'
        alone = [float(each == name) for each in names]
        found.append(ReadOut(name=name, kind=kind, fusion=fusion.reweighted(alone)))
    found += [_all_but(name, fusion) for name in names if len(names) > 2]  # of two: the other
    found.append(ReadOut(name='fusion', kind='fusion', fusion=fusion))
    return found + [
        ReadOut(name=name, kind='fusion, further scales', fusion=fusion, scales=scales)
        for name, scales in _scales_of(checkpoint).items()
    ]


def additions(read_outs: Sequence[ReadOut]) -> list[Addition]:
    """Return which read-outs differ by one component; the last scales come on top of the first."""
    found = [
        Addition(each.name.removeprefix(_LESS), 'fusion', each.name)
        for each in read_outs
        if each.kind == 'all but one'
    ]
    names = {each.name for each in read_outs}
    pairs = [('further_scales', _FURTHER, 'fusion'), ('fine_scale', _FINE, 'fusion')]
    pairs += [('fine_after_further_scales', _ALL_SCALES, _FURTHER)]
    return found + [Addition(*each) for each in pairs if names.issuperset(each[1:])]


def write_files(checkpoint: Checkpoint, read_outs: Sequence[ReadOut], folder: Path) -> None:
    """Export and verify the file of each read-out.

    Thresholds in the files are those of the checkpoint's own energy: the files are for measuring.

    Raises:
        ValueError, OSError: as `training.export`.
    """
    with TemporaryDirectory(dir=folder, prefix='.read_outs_') as scratch:
        for each in read_outs:
            path = Path(scratch) / f'{each.name}.pt'
            save_checkpoint(_with(checkpoint, each), path)
            name = f'{each.name}, for measuring: its thresholds are of another energy'
            export(ExportArguments(path, each.path(folder), name=name))
            path.unlink()


_LESS: Final = 'fusion_less_'
_FURTHER: Final = 'fusion_and_further_scales'
_FINE: Final = 'fusion_and_fine_scale'
_ALL_SCALES: Final = 'fusion_and_all_scales'


def _free_energy(fusion: Fusion) -> ReadOut:
    """Return the closed set's energy, made at the stride of the others, so that times compare."""
    alone = replace(
        fusion,
        components=(CLOSED_SET[0], *fusion.components),
        means=(0.0, *fusion.means),
        standard_deviations=(1.0, *fusion.standard_deviations),
        weights=(1.0, *(0.0 for _ in fusion.weights)),
    )
    return ReadOut(name=CLOSED_SET[0], kind='closed set', fusion=alone)


def _all_but(name: str, fusion: Fusion) -> ReadOut:
    pairs = zip(fusion.components, fusion.weights, strict=True)
    others = fusion.reweighted([0.0 if each == name else weight for each, weight in pairs])
    return ReadOut(name=f'{_LESS}{name}', kind='all but one', fusion=others)


def _scales_of(checkpoint: Checkpoint) -> dict[str, Scales]:
    """Return the checkpoint's scales, and where they are of two kinds each kind alone before."""
    scales = checkpoint.settings.scales
    found = {}
    if scales.further:
        found[_FURTHER] = Scales(further=scales.further)
    if scales.fine is not None:
        found[_FINE] = replace(scales, further=())
    if len(found) == 2:
        found[_ALL_SCALES] = scales
    return found


def _with(checkpoint: Checkpoint, read_out: ReadOut) -> Checkpoint:
    settings = replace(
        checkpoint.settings,
        further_scales=read_out.scales.further,
        fine_scale=read_out.scales.fine,
        fine_weights=read_out.scales.fine_weights,
    )
    return replace(checkpoint, settings=settings, fusion=read_out.fusion)

"""Load the tensors of a file into a network: what is taken, dropped and initialised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from torch import Tensor

from training.checkpoint_files.file_forms import FileForm
from training.checkpoint_files.weight_file import WeightFileError
from training.models.tapped_network import TappedNetwork

AbstentionRow = Literal['kaiming', 'small']

_COUNTER: Final = '.num_batches_tracked'
_POSTERIOR: Final = 'logits_ood.'
_SMALL: Final = 0.1
_SHOWN: Final = 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Where each part of a network's weights comes from."""

    form: FileForm
    taken: tuple[str, ...]
    """Keys of the network."""
    dropped: Mapping[str, str]
    """Keys of the file, without wrappers, to the reason."""
    initialised: Mapping[str, str]
    """Keys of the network that are not or not wholly from the file, to how they were made."""
    converted: tuple[str, ...]
    """Keys of the network that had another precision."""

    def __str__(self) -> str:
        return '\n'.join(
            [
                f'{self.form.name}: {len(self.taken)} keys taken, {len(self.converted)} of them '
                'in another precision',
                *_by_reason('dropped', self.dropped),
                *_by_reason('initialised', self.initialised),
            ]
        )


@dataclass(frozen=True)
class Difference:
    """How a file's keys differ from a network's."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    other_shapes: tuple[str, ...]
    num_fitting: int

    @property
    def is_fit(self) -> bool:
        return not (self.missing or self.unknown or self.other_shapes)

    def __str__(self) -> str:
        groups = (
            ('missing', self.missing),
            ('unknown', self.unknown),
            ('of another shape', self.other_shapes),
        )
        return '; '.join(
            f'{len(names)} keys {what} ({_first_of(names)})' for what, names in groups if names
        )


def renamed(
    tensors: Mapping[str, Tensor], form: FileForm
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return tensors under the network's keys, and what is dropped with the reason."""
    kept, dropped = {}, {}
    for key, tensor in tensors.items():
        reason = next((why for old, why in form.dropped.items() if key.startswith(old)), None)
        if reason is None:
            kept[form.renamed(key)] = tensor
        else:
            dropped[key] = reason
    return kept, dropped


def difference(
    tensors: Mapping[str, Tensor],
    form: FileForm,
    own: Mapping[str, Tensor],
    *,
    has_new_outputs: bool = False,
) -> Difference:
    """Compare renamed tensors with a network's state dict; rows of outputs may differ."""
    absent = (*form.initialised, *(form.outputs if has_new_outputs else ()))
    missing = [
        key
        for key in own
        if key not in tensors and not key.endswith(_COUNTER) and not key.startswith(absent)
    ]
    shared = [key for key in tensors if key in own and not key.startswith(form.initialised)]
    other = [
        f'{key} {tuple(tensors[key].shape)} for {tuple(own[key].shape)}'
        for key in shared
        if tensors[key].shape[key in form.outputs :] != own[key].shape[key in form.outputs :]
    ]
    unknown = set(tensors) - set(shared)
    return Difference(
        tuple(missing), tuple(sorted(unknown)), tuple(other), len(shared) - len(other)
    )


def fit(
    tensors: Mapping[str, Tensor],
    form: FileForm,
    network: TappedNetwork,
    *,
    path: Path,
    abstention_row: AbstentionRow = 'kaiming',
    has_new_outputs: bool = False,
) -> Fit:
    """Load the tensors of a file into a network.

    Args:
        tensors: of the file, without wrappers.
        form: what kind of file it is.
        network: with the random weights that stay where the file has none.
        path: for messages.
        abstention_row: how an output that the file lacks starts; `small` is a tenth of `kaiming`.
        has_new_outputs: whether all outputs start at random, as for other classes.

    Raises:
        WeightFileError: the file does not fit; the network is then unchanged.
    """
    own = network.state_dict()
    kept, dropped = renamed(tensors, form)
    not_wanted = {key: _unwanted(key, form, own, has_new_outputs) for key in kept}
    dropped |= {key: reason for key, reason in not_wanted.items() if reason}
    kept = {key: tensor for key, tensor in kept.items() if not not_wanted[key]}
    found = difference(kept, form, own, has_new_outputs=has_new_outputs)
    if not found.is_fit:
        raise WeightFileError(f'{path} does not fit {form.network} as {form.name}: {found}')
    _check_outputs(kept, form, num_classes=network.num_classes, path=path)
    _check_finite(kept, path)
    changed = _fill(own, kept, form, abstention_row=abstention_row)
    dropped |= {key: why for key, why in changed.items() if key not in own}
    return Fit(
        form=form,
        taken=tuple(key for key in own if key in kept),
        dropped=dropped,
        initialised={key: how for key, how in changed.items() if key in own},
        converted=tuple(key for key in own if key in kept and kept[key].dtype != own[key].dtype),
    )


def _by_reason(what: str, reasons: Mapping[str, str]) -> list[str]:
    """One line for each reason, with the number of keys and the first of them."""
    found: dict[str, list[str]] = {}
    for key, reason in reasons.items():
        found.setdefault(reason, []).append(key)
    return [
        f'{len(keys)} keys {what} ({reason}): {_first_of(keys)}' for reason, keys in found.items()
    ]


def _first_of(names: Sequence[str]) -> str:
    return f'{", ".join(names[:_SHOWN])}{", ..." * (len(names) > _SHOWN)}'


def _fill(
    own: Mapping[str, Tensor],
    kept: Mapping[str, Tensor],
    form: FileForm,
    *,
    abstention_row: AbstentionRow,
) -> dict[str, str]:
    """Copy tensors; return what starts anew and what is cut off, each with the reason."""
    changed = {}
    for key, tensor in own.items():
        if key not in kept:
            changed[key] = 'zero' if key.endswith(_COUNTER) else 'random'
            if key.endswith(_COUNTER):
                tensor.zero_()
        elif key not in form.outputs:
            tensor.copy_(kept[key])
        else:
            rows = min(len(kept[key]), len(tensor))
            tensor[:rows] = kept[key][:rows]
            if len(tensor) > rows:
                tensor[rows:] *= 1.0 if abstention_row == 'kaiming' else _SMALL
                changed[key] = f'row {rows}: {abstention_row}'
            elif len(kept[key]) > rows:
                changed[f'{key}[{rows}]'] = 'abstention, which is not wanted'
    return changed


def _unwanted(
    key: str, form: FileForm, own: Mapping[str, Tensor], has_new_outputs: bool
) -> str | None:
    if has_new_outputs and key in form.outputs:
        return 'outputs of other classes'
    if key.startswith(_POSTERIOR) and key not in own:
        return 'the network has no posterior'
    return None


def _check_outputs(
    kept: Mapping[str, Tensor], form: FileForm, *, num_classes: int, path: Path
) -> None:
    for key in form.outputs:
        rows = len(kept[key]) if key in kept else num_classes
        if rows not in (num_classes, num_classes + 1):
            raise WeightFileError(
                f'{path} has {rows} outputs, expected {num_classes} classes with or without '
                'abstention; set --num-classes to its classes, or --has-new-outputs to start '
                'them at random'
            )


def _check_finite(kept: Mapping[str, Tensor], path: Path) -> None:
    broken = [key for key, tensor in kept.items() if not tensor.isfinite().all()]
    if broken:
        raise WeightFileError(
            f'{path} has values that are not finite in {", ".join(broken[:_SHOWN])}; '
            'its training diverged, give an earlier file of it'
        )

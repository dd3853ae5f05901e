"""Find out what kind of file some tensors come from."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from training.checkpoint_files.file_forms import FORMS, FileForm
from training.checkpoint_files.fitting import Difference, difference, renamed
from training.checkpoint_files.networks_by_name import NETWORKS, implied_arguments
from training.checkpoint_files.weight_file import WeightFileError


class _Attempt(NamedTuple):
    form: FileForm
    found: Difference

    @property
    def num_foreign(self) -> int:
        return sum(map(len, (self.found.missing, self.found.unknown, self.found.other_shapes)))


def form_of(tensors: Mapping[str, Tensor], *, path: Path, network: str | None = None) -> FileForm:
    """Return the kind of file that fits.

    Args:
        tensors: of the file, without wrappers.
        path: for messages.
        network: consider files of this network only; a key of `NETWORKS`.

    Raises:
        WeightFileError: none fits; the message names the nearest and what differs.
    """
    attempts = [_attempt(tensors, form) for form in FORMS if network in (None, form.network)]
    best = min(attempts, key=lambda each: (each.num_foreign, -each.found.num_fitting))
    if best.found.is_fit:
        return best.form
    nearest = max(attempts, key=lambda each: (each.found.num_fitting, -each.num_foreign))
    if not nearest.found.num_fitting:
        raise WeightFileError(
            f'{path} has no key of {network or "any network known here"}; it begins with '
            f'{", ".join(list(tensors)[:3])}. Known are: '
            f'{"; ".join(each.form.name for each in attempts)}'
        )
    raise WeightFileError(
        f'{path} fits no network known here. The nearest is {nearest.form.network} '
        f'({nearest.form.name}), of which {nearest.found.num_fitting} keys fit, but: '
        f'{nearest.found}. Give a file of one of these: '
        f'{"; ".join(each.form.name for each in attempts)}'
    )


def _attempt(tensors: Mapping[str, Tensor], form: FileForm) -> _Attempt:
    kept, _ = renamed(tensors, form)
    arguments = implied_arguments(form.network, tensors)
    own = _shapes_of(form.network, tuple(arguments.items()))
    return _Attempt(form, difference(kept, form, own))


@cache
def _shapes_of(network: str, arguments: tuple[tuple[str, Any], ...]) -> Mapping[str, Tensor]:
    with torch.device('meta'):
        return MappingProxyType(NETWORKS[network](**dict(arguments)).state_dict())

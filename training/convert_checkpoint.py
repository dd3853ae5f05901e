"""python -m training.convert_checkpoint FILE --out clean.safetensors: weights without pickle.

Reads weight files of NVIDIA, PEBAL, RPL, Meta-OoD, DenseHybrid, Hopfield-PEBAL, EdgeNets and
torchvision and writes a clean one, with clean.report.json beside it: every key taken, dropped and
initialised. Nothing in FILE is run. The result goes to training.train as --network.weights.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro

from training.checkpoint_files.clean_file import CleanNetwork, save_clean
from training.checkpoint_files.containers import NamedTensors, named_tensors
from training.checkpoint_files.file_forms import FileForm
from training.checkpoint_files.fitting import AbstentionRow, Fit, fit
from training.checkpoint_files.networks_by_name import (
    ALWAYS_ABSTAINING,
    NETWORKS,
    implied_arguments,
)
from training.checkpoint_files.recognition import form_of
from training.checkpoint_files.weight_file import WeightFileError, read_document, sha256_of


@dataclass(frozen=True)
class ConvertArguments:
    """What to convert and into what."""

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """The weight file: of torch.save in any container named above, or safetensors."""
    out: Path
    """The .safetensors file to write."""
    network: str | None = None
    """What the file is of: deepwv3plus, ladder-densenet121, deeplabv3plus-resnet50,
    deeplabv3plus-resnet101, lraspp or espnetv2; default: found by its keys."""
    num_classes: int = 19
    """Classes K of the network to be written."""
    abstention: Literal['as-in-file', 'yes', 'no'] = 'as-in-file'
    """Whether the network has output K + 1: PEBAL's file has, NVIDIA's has not. yes adds it to a
    file without, no takes it from a file with."""
    abstention_row: AbstentionRow = 'kaiming'
    """How an added output K + 1 starts: kaiming as in PEBAL, small with a tenth of its norm."""
    has_new_outputs: bool = False
    """Whether all outputs start at random, because the file knows other classes."""
    seed: int = 0
    """Of whatever starts at random."""


def convert(arguments: ConvertArguments) -> tuple[NamedTensors, Fit]:
    """Write the clean file and its report.

    Raises:
        OSError: a file cannot be read or written.
        WeightFileError: the file cannot be used.
    """
    path = arguments.checkpoint
    if arguments.out.suffix != '.safetensors':
        raise WeightFileError(f'--out must end in .safetensors, got {arguments.out}')
    if arguments.network not in (None, *NETWORKS):
        raise WeightFileError(
            f'no network {arguments.network!r}; choose from {", ".join(NETWORKS)}'
        )
    found = named_tensors(read_document(path), path)
    form = form_of(found.tensors, path=path, network=arguments.network)
    described = CleanNetwork(
        network=form.network,
        arguments=_network_arguments(found, form, arguments),
        source=path.name,
        source_sha256=sha256_of(path),
    )
    torch.manual_seed(arguments.seed)
    network = described.build()
    result = fit(
        found.tensors,
        form,
        network,
        path=path,
        abstention_row=arguments.abstention_row,
        has_new_outputs=arguments.has_new_outputs,
    )
    result = replace(result, dropped={**found.dropped, **result.dropped})
    save_clean(network.state_dict(), described, arguments.out)
    _report_path(arguments.out).write_text(
        json.dumps(_report(found, result, described), indent=1), 'utf-8'
    )
    return found, result


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(ConvertArguments, args=argv, description=__doc__)
    try:
        found, result = convert(arguments)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    sys.stdout.write(
        f'{arguments.checkpoint}: container {found.container}\n{result}\n'
        f'wrote {arguments.out} and {_report_path(arguments.out)}\n'
    )


def _network_arguments(
    found: NamedTensors, form: FileForm, arguments: ConvertArguments
) -> dict[str, Any]:
    implied = {
        'num_classes': arguments.num_classes,
        **implied_arguments(form.network, found.tensors),
    }
    if form.network not in ALWAYS_ABSTAINING:
        rows = len(found.tensors.get(form.outputs[0], ()))
        in_file = rows != arguments.num_classes  # a file without outputs gets it too
        implied['has_abstention'] = {'as-in-file': in_file, 'yes': True, 'no': False}[
            arguments.abstention
        ]
    elif arguments.abstention == 'no':
        raise WeightFileError(f'{form.network} always has abstention; leave --abstention out')
    return implied


def _report(found: NamedTensors, result: Fit, described: CleanNetwork) -> dict[str, Any]:
    return {
        **vars(described),
        'file': result.form.name,
        'container': found.container,
        'taken': list(result.taken),
        'dropped': dict(result.dropped),
        'initialised': dict(result.initialised),
        'converted_to_float32': list(result.converted),
    }


def _report_path(out: Path) -> Path:
    return out.with_suffix('.report.json')


if __name__ == '__main__':
    main()

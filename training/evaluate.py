"""python -m training.evaluate --model model.onnx --dataset NAME --root DIR --out DIR.

Measures a deployable file (with the vehicle's own code), a checkpoint (--model RUN/best.pt) or
stored score maps (--scores DIR) on a labelled set. Prints a table and writes DIR/results.json and
DIR/report.html. --shard i/n counts a part of a set and --merge FILES adds the parts up;
--compare DIR DIR puts earlier results into one report.
"""

import sys
from collections.abc import Sequence

import tyro

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.output_folder import prepare_output_folder
from training.evaluation.arguments import EvaluateArguments, check_arguments
from training.evaluation.comparison import compare_runs
from training.evaluation.evaluate_set import evaluate_set, merge_run

_NEEDED_BYTES = 20_000_000


def run(arguments: EvaluateArguments) -> list[str]:
    """Do what was asked for and return lines for the terminal."""
    check_arguments(arguments)
    prepare_output_folder(arguments.out, needed_bytes=_NEEDED_BYTES)
    if arguments.compare:
        table = compare_runs(arguments.compare, arguments.out)
        return [table, f'wrote {arguments.out / "report.html"}']
    if arguments.merge:
        return merge_run(arguments)
    return evaluate_set(arguments)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(
        EvaluateArguments, args=argv, prog='training.evaluate', description=__doc__
    )
    try:
        lines = run(arguments)
    except (ValueError, OSError, MemoryError, EngineError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.stderr.write('stopped; no results were written\n')
        sys.exit(130)
    sys.stdout.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()

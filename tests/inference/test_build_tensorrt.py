import json
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

pytest.importorskip('onnx')

from hopfield_pebal_ros.inference import build_tensorrt
from hopfield_pebal_ros.inference.build_tensorrt import main
from hopfield_pebal_ros.inference.tensorrt_cache import stored_plans
from hopfield_pebal_ros.inference.tensorrt_progress import BuildProgress
from tests.inference.tensorrt_stand_in import StandInStream, plan_of, stand_in_tensorrt
from tests.tiny_model import write_tiny_model

BUILDER = 'hopfield_pebal_ros.inference.tensorrt_builder'
ENGINE = 'hopfield_pebal_ros.inference.tensorrt_engine'
LOG = 'hopfield_pebal_ros.inference.tensorrt_log'


class StandInBuilder(types.ModuleType):
    """Builds what the stand-in runtime takes, and keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__(BUILDER)
        self.asked: list[dict[str, Any]] = []
        self.half_layers = 3
        self.BuiltPlan = types.SimpleNamespace

    def build_plan(self, graph: bytes, progress: BuildProgress, **asked: Any) -> Any:
        progress.start('Building engine', 2)
        self.asked.append(asked)
        (image,) = onnx.load_from_string(graph).graph.input
        types_of_layers = ['Half'] * self.half_layers + ['Float']
        return types.SimpleNamespace(
            plan=plan_of(image.type.tensor_type.shape.dim[0].dim_value),
            timing_cache=b'timings %d' % len(self.asked),
            inspection=json.dumps(
                {'Layers': [{'Outputs': [{'DataType': each}]} for each in types_of_layers]}
            ),
        )


@pytest.fixture(autouse=True)
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInStream]:
    stream = StandInStream()
    monkeypatch.setitem(sys.modules, 'tensorrt', stand_in_tensorrt(stream))
    for name in (ENGINE, LOG):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(build_tensorrt, 'open_stream', lambda _: stream)
    yield stream
    for name in (ENGINE, LOG):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def builder(monkeypatch: pytest.MonkeyPatch) -> StandInBuilder:
    builder = StandInBuilder()
    monkeypatch.setitem(sys.modules, BUILDER, builder)
    return builder


def run(model: Path, *flags: str) -> int:
    return main([str(model), '--cache-folder', str(model.parent / 'plans'), *flags])


def names(model: Path) -> list[str]:
    return sorted(path.name for path in (model.parent / 'plans').iterdir())


def test_a_plan_its_sidecar_and_the_timings_are_left(
    tiny_model: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(tiny_model) == 0
    plan, sidecar, timings = names(tiny_model)
    assert re.search(r'_trt10\.3\.0_stand-in_sm87_\w+-\w+_fp32_1x64x128\.engine$', plan)
    assert sidecar == f'{plan}.json'
    assert re.fullmatch(r'trt10\.3\.0_stand-in_sm87_\w+-\w+\.timing', timings)
    said = capsys.readouterr().out
    assert 'building for Stand-in, TensorRT 10.3.0, fp32' in said
    assert f'{plan}: 0.0 MB' in said
    assert 'layers by precision: fp16 75%, fp32 25%' in said


def test_a_plan_that_is_there_is_not_built_again(tiny_model: Path, builder: StandInBuilder):
    assert [run(tiny_model), run(tiny_model)] == [0, 0]
    assert len(builder.asked) == 1
    assert run(tiny_model, '--rebuild') == 0
    assert run(tiny_model, '--batch-size', '3') == 0
    assert len(builder.asked) == 3
    assert [each.record.batch_size for each in stored_plans(tiny_model.parent / 'plans')] == [1, 3]


def test_the_next_build_starts_from_the_timings_of_the_last(
    tiny_model: Path, builder: StandInBuilder
):
    run(tiny_model)
    run(tiny_model, '--rebuild', '--workspace-mb', '500')
    assert [each['timing_cache'] for each in builder.asked] == [b'', b'timings 1']
    assert [each['workspace_mb'] for each in builder.asked] == [None, 500]


def test_warm_runs_the_plan_and_says_how_long_it_takes(
    tiny_model: Path,
    stream: StandInStream,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr('hopfield_pebal_ros.inference.cuda_stream.open_stream', lambda _: stream)
    assert run(tiny_model, '--warm') == 0
    assert stream.done.count('graph') == 13
    assert 'a run of 1 images: median 0.' in capsys.readouterr().out


def test_fp16_of_an_fp32_file_is_rounded_by_tensorrt_10(tiny_model: Path, builder: StandInBuilder):
    assert run(tiny_model, '--precision', 'fp16') == 0
    assert run(tiny_model) == 0
    assert [each['flag'] for each in builder.asked] == ['FP16', None]


def refusal(capsys: pytest.CaptureFixture[str], model: Path, *flags: str) -> str:
    assert run(model, *flags) == 1
    return capsys.readouterr().err


def test_fp16_that_tensorrt_did_not_reach_is_refused_and_not_kept(
    tiny_model: Path, builder: StandInBuilder, capsys: pytest.CaptureFixture[str]
):
    builder.half_layers = 0
    assert 'fp16 was asked for, but TensorRT chose' in refusal(
        capsys, tiny_model, '--precision', 'fp16'
    )
    assert stored_plans(tiny_model.parent / 'plans') == []


def test_fp16_without_a_way_is_refused_before_anything_is_built(
    tiny_model: Path,
    stream: StandInStream,
    builder: StandInBuilder,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, 'tensorrt', stand_in_tensorrt(stream, '11.4.0'))
    message = refusal(capsys, tiny_model, '--precision', 'fp16')
    assert (
        'TensorRT 11.4.0 keeps the types of the graph; export it with --precision fp16' in message
    )
    assert builder.asked == []


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        (('--batch-size', '0'), '--batch-size must be 1 or more, got 0'),
        (('--precision', 'int8'), 'asked for int8, but'),
        (('--cache-folder', '/proc/nowhere'), 'cannot write to cache_folder /proc/nowhere'),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(
    tiny_model: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, str], message: str
):
    assert f'build_tensorrt: {message}' in refusal(capsys, tiny_model, *flags)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert 'no model file' in refusal(capsys, tmp_path / 'none.onnx')
    write_tiny_model(tmp_path / 'bare.onnx', metadata_text='')
    assert 'has no' in refusal(capsys, tmp_path / 'bare.onnx')


def test_a_damaged_plan_of_the_cache_is_said_and_not_replaced_unasked(
    tiny_model: Path, capsys: pytest.CaptureFixture[str]
):
    run(tiny_model)
    (stored,) = stored_plans(tiny_model.parent / 'plans')
    stored.path.write_bytes(b'')
    assert 'damaged' in refusal(capsys, tiny_model)
    assert run(tiny_model, '--rebuild') == 0
    assert run(tiny_model) == 0


def test_a_stopped_build_leaves_no_plan(
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build_tensorrt, 'run_reporting', interrupted)
    assert run(tiny_model) == 130
    assert 'stopped, no plan was written' in capsys.readouterr().err
    assert names(tiny_model) == []

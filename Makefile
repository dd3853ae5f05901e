# make demo   runtime only: the real node on a replayed drive, then a report to look at
# make test   everything: ruff, mypy, pytest
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
RUNTIME := $(VENV)/runtime-installed
FULL := $(VENV)/everything-installed
# TensorRT's names without TensorRT, for tests that skip where there is no such wheel
NAMES := $(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --target $(VENV)/tensorrt

.PHONY: demo test clean

demo: $(RUNTIME)
	$(RUN) -m hopfield_pebal_ros.replay.demo --out demo_output

test: $(FULL)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest

$(RUNTIME): setup.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python >= 3.10 is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[ros,openvino,onnxruntime,replay]'
	touch $@

$(FULL): $(RUNTIME)
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[ros,openvino,onnxruntime,replay,training,test]'
	-$(NAMES)/stubs tensorrt-stubs==10.13.0.35.1
	-$(NAMES)/10.3 tensorrt-cu12-bindings==10.3.0
	-$(NAMES)/11.4 tensorrt-cu13-bindings==11.4.0.106
	touch $@

clean:
	rm -rf $(VENV) build install log demo_output *.egg-info

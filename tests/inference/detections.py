"""Detections made without a model, for tests of what comes after it."""

import numpy as np

from hopfield_pebal_ros.contract.geometry import ResizeMode, place
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.contract.resizing import fill_outside
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.regions import find_regions


def detection_of(
    energy_map: np.ndarray,
    *,
    camera_hw: tuple[int, int],
    threshold: float = 5.0,
    mode: ResizeMode = 'stretch',
    label: int = 0,
    min_area_px: int = 1,
    energy_scale: float = 1.0,
) -> Detection:
    """Return what a detector would say of energies (h, w) of network size, one label all over."""
    network_hw = (energy_map.shape[0], energy_map.shape[1])
    placement = place(camera_hw, network_hw, mode)
    energy_map = energy_map.astype(np.float32)
    label_map = np.full(network_hw, label, np.uint8)
    fill_outside(label_map, placement.network_box, IGNORE_ID)
    fill_outside(energy_map, placement.network_box, float('nan'))
    anomaly_mask = (energy_map > threshold).astype(np.uint8) * np.uint8(255)
    return Detection(
        placement=placement,
        label_map=label_map,
        energy_map=energy_map,
        anomaly_mask=anomaly_mask,
        regions=find_regions(anomaly_mask, energy_map, placement, min_area_px=min_area_px),
        threshold=threshold,
        preprocess_ms=0.0,
        inference_ms=0.0,
        postprocess_ms=0.0,
        energy_scale=energy_scale,
    )

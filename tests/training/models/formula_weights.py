"""Weights and images that any program can make, so that an original's numbers can be pinned."""

import torch


def formula_state(network):
    """Sines, scaled so that activations keep their size; batch norm near its identity."""
    state = {}
    for index, (key, tensor) in enumerate(sorted(network.state_dict().items())):
        if key.endswith('num_batches_tracked'):
            state[key] = torch.tensor(index)
            continue
        wave = torch.sin(torch.arange(tensor.numel(), dtype=torch.float64) * 1.7 + index)
        if tensor.dim() > 1:
            value = wave * (2 / tensor[0].numel()) ** 0.5 * 1.4
        elif key.endswith(('running_var', 'weight')):
            value = 1 + 0.5 * wave
        else:
            value = 0.1 * wave
        state[key] = value.float().reshape(tensor.shape)
    return state


def formula_image(batch, height, width):
    steps = torch.arange(batch * 3 * height * width, dtype=torch.float64)
    return torch.sin(steps**1.5 * 0.01).float().reshape(batch, 3, height, width)

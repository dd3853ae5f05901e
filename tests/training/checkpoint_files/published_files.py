"""Small weight files in the shape of each published container."""

import argparse
from collections import OrderedDict

import numpy as np
import torch

from training.models.deepwv3plus import DeepWV3Plus

WIDTH = 4


def weights(**changes):
    """Random weights of a DeepWV3Plus a sixteenth as wide as the published ones."""
    torch.manual_seed(1)
    return DeepWV3Plus(**{'width': WIDTH, 'has_abstention': False, **changes}).state_dict()


def prefixed(prefix, tensors):
    return OrderedDict((f'{prefix}{key}', each) for key, each in tensors.items())


def nvidia():
    """A training container: DataParallel, mean IoU as a NumPy scalar, SGD momentum."""
    return {
        'state_dict': {
            **prefixed('module.', weights()),
            'module.criterion.nll_loss.weight': torch.ones(19),
        },
        'optimizer': {'state': {0: {'momentum_buffer': torch.ones(3)}}, 'param_groups': []},
        'epoch': 174,
        'mean_iu': np.nanmean(np.array([0.5, 0.7])),
        'command': 'train.py --dataset cityscapes',
    }


def pebal():
    return {
        'model': prefixed('module.branch1.', weights(has_abstention=True)),
        'optimizer': {'state': {}, 'param_groups': []},
        'epoch': 39,
        'iteration': 408,
    }


def dense_hybrid():
    return dict(weights(has_posterior=True))


def hopfield_pebal():
    return {
        'epoch': 3,
        'state_dict': {
            **prefixed('segmentation_model.', weights()),
            'memory_bank': torch.zeros(5, 8),
            'feature_projector.0.weight': torch.zeros(8, 8, 3, 3),
            'log_beta': torch.tensor(0.0),
        },
        'optimizer': {},
        'val_loss': 1.5,
    }


def meta_ood():
    return {'state_dict': prefixed('module.', weights()), 'epoch': 4}


def rpl():
    return {
        'model': {
            **prefixed('branch1.', weights()),
            'branch1.residual_block.bot_atten_aspp.weight': torch.zeros(3, 4, 1, 1),
        }
    }


def zoo():
    """Of the ResNet-101 zoo, with auxiliary heads."""
    return {
        'state_dict': {
            **prefixed('module.', weights()),
            'module.dsn.4.weight': torch.zeros(19, 4, 1, 1),
            'module.final2.0.bias': torch.zeros(19),
        }
    }


def imagenet():
    """NVIDIA's WideResNet-38, before any segmentation."""
    encoder = {key: each for key, each in weights().items() if key.startswith('mod')}
    extra = {'bn_out.0.weight': torch.ones(256), 'classifier.fc.weight': torch.zeros(10, 256)}
    return {'state_dict': prefixed('module.', {**encoder, **extra})}


def with_program():
    """A container that names a class of the training program."""
    return {'state_dict': dict(weights()), 'args': argparse.Namespace(lr=0.1)}

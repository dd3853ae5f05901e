"""What every figure means, in words that go into results and reports."""

from typing import Any

from hopfield_pebal_ros.evaluation.bootstrap import RESAMPLES
from training.evaluation.counting import CountingPlan


def definition_of(plan: CountingPlan, cut: str, *, has_groups: bool) -> dict[str, Any]:
    """Return the definitions that apply, by figure; JSON types only.

    Args:
        plan: how a set is counted.
        cut: the --component-threshold that the user gave.
        has_groups: whether scenes are known, which the intervals resample.
    """
    definition: dict[str, Any] = {
        'resolution': 'of the label files; energies brought there linearly, labels by nearest '
        'neighbour',
        'pooling': 'all pixels of all images together; void pixels are left out',
        'intervals': f'95 % percentile bootstrap over {"scenes" if has_groups else "images"}, '
        f'{RESAMPLES} resamples',
    }
    if plan.has_outliers:
        definition |= {
            'positive': 'outlier pixels; higher energy is more anomalous',
            'ap': 'step sum of precision over recall',
            'fpr95': 'inlier pixels flagged at the highest threshold with TPR >= 0.95',
            'auroc': 'trapezoid',
            'best_f1': 'over all thresholds',
            'counting': 'every energy'
            if plan.mode == 'exact'
            else 'streaming, energies within 1 part in 65536 count as equal',
            'ap_small, ap_medium, ap_large': 'outliers of objects below 32x32, below 96x96, and '
            'larger [px], against all inliers',
            'mean_image_*': 'mean of the figures of single images; not comparable to pooled ones',
            'components': {
                'figures': 'sIoU, PPV and F1 of SegmentMeIfYouCan, F1 averaged over thresholds '
                '0.25 to 0.75',
                'flagged from': cut,
                'smallest predicted [px]': plan.size_filter.predicted,
                'smallest true [px]': plan.size_filter.truth,
            },
        }
    if plan.mapping is not None:
        definition['miou'] = 'mean IoU of the classes that occur in truth or prediction'
        if plan.rejected_from is not None and plan.has_outliers:
            definition['open_miou'] = (
                'open-IoU of DenseHybrid at the deployed threshold: a rejected inlier and an '
                'accepted outlier are both mistakes'
            )
    return definition

"""What each loss of the anomaly stage weighs, and where the energy margins stand."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """Weights of the anomaly stage's terms; a term of weight 0 is not computed."""

    cross_entropy_weight: float = 1.0
    """Of the class labels; a frozen network leaves it out."""

    abstention_weight: float = 1.0
    """Of the PEBAL abstention loss."""
    outlier_abstention_weight: float = 0.1
    """Of its outlier term, inside the abstention loss."""
    margin_weight: float = 2.0
    """Of the squared energy hinges, in units of the squared distance between the margins."""
    smoothness_weight: float = 0.0
    """Of the mean squared energy difference between neighbours [1/nat^2]."""
    sparsity_weight: float = 5e-4
    """Of the mean absolute energy of outliers [1/nat]."""
    abstention_energy_weight: float = 0.0
    """Of telling outliers from inliers by the abstention energy, both weighing alike."""
    posterior_weight: float = 0.0
    """Of DenseHybrid's outlier posterior, inliers and outliers weighing alike."""
    likelihood_push_weight: float = 0.0
    """Of DenseHybrid's push of outliers to low likelihood, bounded at energy 0 [1/nat]."""
    hopfield_weight: float = 0.0
    """Of telling outliers from inliers by the energies of the pattern memory."""
    pattern_class_weight: float = 0.0
    """Of telling the classes apart by the memory's energies of each class."""
    border_weight: float = 0.0
    """Of Hopfield Boosting's border energy."""
    prototype_weight: float = 0.0
    """Of the contrast of embeddings with moving class prototypes."""
    pseudo_label_weight: float = 0.0
    """Of RPL's cross-entropy of the adapted logits with the closed set's own arg-max."""
    entropy_consistency_weight: float = 0.0
    """Of RPL's squared entropy difference between adapted and closed-set logits [1/nat^2]."""
    entropy_maximisation_weight: float = 0.0
    """Of Meta-OoD's uniform target on outliers."""
    inlier_margin_quantile: float = 0.5
    """The inlier margin m_in is this quantile of the closed-set network's own inlier energies."""
    outlier_margin_quantile: float = 0.995
    """The outlier margin m_out is this quantile of the same energies; above the other one."""
    inlier_margin: float | None = None
    """m_in [nat] instead of a quantile; PEBAL: -12."""
    outlier_margin: float | None = None
    """m_out [nat] instead of a quantile; PEBAL: -6."""
    has_published_reductions: bool = False
    """Whether PEBAL's terms are reduced as in its code: two means of the abstention loss, hinges
    by batch, smoothness a sum, sparsity a norm; and DenseHybrid's posterior is one mean."""
    hard_inlier_share: float = 0.0
    """Share h of an inlier's weight that follows its own outlier probability, 1 - h + h p, in the
    losses of abstention energy, posterior and Hopfield memory; 0: inliers weigh alike."""
    object_size_exponent: float = 0.0
    """Outlier pixels weigh (pixels of their object)^-exponent in the same losses; 0: alike."""
    outlier_cell_share: float = 0.5
    """Share of a cell of loss_stride x loss_stride pixels from which on it is an outlier."""
    class_balance: float = 0.5
    """Classes weigh as (share of pixels)^-class_balance in cross-entropy; 0: all alike."""
    loss_stride: int = 2
    """Losses are taken on every n-th row and column of the crop [px]."""

    def __post_init__(self) -> None:
        if not 0 <= self.hard_inlier_share <= 1 or not 0 < self.outlier_cell_share <= 1:
            raise ValueError(
                'hard_inlier_share must lie in 0..1 and outlier_cell_share in 0..1 but above 0, '
                f'got {self.hard_inlier_share} and {self.outlier_cell_share}'
            )
        if self.object_size_exponent < 0:
            raise ValueError(
                f'object_size_exponent must not be negative, got {self.object_size_exponent}'
            )
        if self.has_published_reductions and (self.hard_inlier_share or self.object_size_exponent):
            raise ValueError(
                'published reductions weigh all pixels alike; leave out hard_inlier_share and '
                'object_size_exponent, or has_published_reductions'
            )
        if not 0 < self.inlier_margin_quantile < self.outlier_margin_quantile < 1:
            raise ValueError(
                'margin quantiles must satisfy 0 < inlier < outlier < 1, got '
                f'{self.inlier_margin_quantile} and {self.outlier_margin_quantile}'
            )
        fixed = (self.inlier_margin, self.outlier_margin)
        if (None in fixed and fixed != (None, None)) or (
            self.inlier_margin is not None
            and self.outlier_margin is not None
            and self.inlier_margin >= self.outlier_margin
        ):
            raise ValueError(
                f'give both margins, inlier below outlier, or none of them, got {fixed}'
            )

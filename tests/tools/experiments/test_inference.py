"""The statistics of experiments agree with scipy and statsmodels, and keep their promised error rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binomtest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)

from meta_ads_mcp.tools.experiments import inference

COUNTS = [(0, 10), (1, 40), (3, 3), (17, 900), (250, 12_000), (60_000, 2_000_000)]
PAIRS = [
    ((12, 400), (25, 410)),
    ((100, 5_000), (100, 5_200)),
    ((1, 90), (9, 80)),
    ((30_000, 900_000), (30_400, 899_000)),
]


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "trials"), COUNTS)
def test_intervals_of_a_proportion_equal_statsmodels(successes: int, trials: int, confidence: float) -> None:
    for method, interval in (("wilson", inference.wilson_interval), ("beta", inference.clopper_pearson_interval)):
        result = interval(successes, trials, confidence)
        expected = proportion_confint(successes, trials, 1 - confidence, method)
        assert (result.low, result.high) == pytest.approx(expected, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_difference_of_proportions_equals_statsmodels(first: tuple[int, int], second: tuple[int, int]) -> None:
    result = inference.newcombe_interval(first, second, 0.95)
    expected = confint_proportions_2indep(*second, *first, method="newcomb")
    assert (result.low, result.high) == pytest.approx(expected, rel=1e-7)
    p_value = proportions_ztest([first[0], second[0]], [first[1], second[1]])[1]
    assert inference.proportions_p_value(first, second) == pytest.approx(p_value, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "trials", "share"),
    [(3, 10, 0.5), (0, 7, 0.3), (7, 7, 0.3), (120, 200, 0.5), (90, 400, 0.27), (51_000, 100_000, 0.507), (5, 10, 0.5)],
)
def test_exact_test_equals_scipy(successes: int, trials: int, share: float) -> None:
    expected = binomtest(successes, trials, share).pvalue
    assert inference.binomial_p_value(successes, trials, share) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (0.5, 3), (40, 960), (20_000, 30_000)])
def test_beta_quantiles_equal_scipy(a: float, b: float) -> None:
    for probability in (0.001, 0.025, 0.5, 0.9):
        expected = beta.ppf(probability, a, b)
        assert inference.beta_quantile(probability, a, b) == pytest.approx(expected, rel=1e-8)


def test_adjusted_p_values_equal_statsmodels() -> None:
    values = [0.01, 0.04, 0.03, 0.2, 0.012]
    assert inference.adjust_by_holm(values) == pytest.approx(list(multipletests(values, method="holm")[1]))


def test_sample_size_is_that_of_the_z_test() -> None:
    assert inference.sample_size(0.02, 0.2, 0.8, 0.95) == 21_109
    for rate, effect in ((0.02, 0.2), (0.1, 0.05), (0.3, -0.1)):
        size = inference.sample_size(rate, effect, 0.9, 0.95)
        assert power_proportions_2indep(rate * effect, rate, size).power == pytest.approx(0.9, abs=0.005)


@pytest.mark.parametrize("change", [0.0, 1.0])
def test_rate_ratio_covers_the_truth(change: float) -> None:
    """The bounds allow for the chance of 500 worlds: two standard errors of 5 % are 2 %."""
    draw, worlds = np.random.default_rng(8), 500
    covered = calls = 0
    for _ in range(worlds):
        first = int(draw.poisson(200)), 1_000.0
        second = int(draw.poisson(200 * (1 + change))), 1_000.0
        interval = inference.rate_ratio_interval(first, second, 0.95)
        covered += interval.low <= 1 + change <= interval.high
        calls += inference.rates_p_value(first, second) < 0.05
    assert covered / worlds >= 0.93
    assert calls / worlds <= 0.07 if change == 0 else calls / worlds > 0.99


def test_promised_power_is_reached() -> None:
    """The computed sample size finds the planned effect in 80 % of the worlds, and nothing where nothing differs."""
    size, draw, worlds = inference.sample_size(0.02, 0.2, 0.8, 0.95), np.random.default_rng(11), 1_000
    counts = {rate: draw.binomial(size, rate, worlds) for rate in (0.02, 0.024)}
    other = draw.binomial(size, 0.02, worlds)

    def share_called(first: np.ndarray, second: np.ndarray) -> float:
        pairs = zip(first, second, strict=True)
        return sum(inference.proportions_p_value((int(a), size), (int(b), size)) < 0.05 for a, b in pairs) / worlds

    assert share_called(counts[0.02], counts[0.024]) >= 0.78
    assert share_called(counts[0.02], other) <= 0.065


def test_bootstrap_finds_a_clear_difference_only() -> None:
    draw = np.random.default_rng(3)
    poor, same, rich = ([(float(value), 100.0) for value in draw.normal(mean, 30, 21)] for mean in (200, 200, 300))
    assert inference.bootstrap_ratio_difference(poor, same, 0.95)[1] > 0.05
    interval, p_value = inference.bootstrap_ratio_difference(poor, rich, 0.95)
    assert p_value < 0.01
    assert interval.low < 1 < interval.high

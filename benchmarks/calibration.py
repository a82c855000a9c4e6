"""Type I error, coverage and bias of the numbers of a comparison, by simulation.

    python benchmarks/calibration.py [--replications 2000] [--jobs 2] [--markdown]

Studies are drawn from y = subject + condition + subject x condition + night, with a subject SD of
2 and a night SD of 1. Heterogeneous responders have a subject x condition SD of 1, others none.
The benchmark calls the same functions as psgpipe.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from psgpipe.comparison.statistics.arms.ancova import ancova
from psgpipe.comparison.statistics.arms.permutation import arm_permutation_p
from psgpipe.comparison.statistics.censored import mid_ranks, worst_rank_differences
from psgpipe.comparison.statistics.crossover import hills_armitage
from psgpipe.comparison.statistics.dose_response import within_subject_slope
from psgpipe.comparison.statistics.hodges_lehmann import hodges_lehmann
from psgpipe.comparison.statistics.mixed_model import fit_mixed_model
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.comparison.statistics.paired import t_interval, t_quantile
from psgpipe.comparison.statistics.planning import DRAWS, StudyVariance, plan_of
from psgpipe.comparison.statistics.reliable_change import pooled_within_sd, reliable_change
from psgpipe.comparison.statistics.sign_flip import max_t_sign_flip_p, sign_flip_p

SUBJECTS = (5, 6, 8, 12, 20)
EFFECT = 1.0
ALPHA = 0.05


def balanced(nights: int) -> Callable[[np.random.Generator, int], np.ndarray]:
    """The same number of nights in each condition of each subject."""
    return lambda _, n: np.full((n, 2), nights)


def unbalanced(rng: np.random.Generator, n: int) -> np.ndarray:
    """One to three nights in each condition of each subject; some subject has two."""
    counts = rng.integers(1, 4, (n, 2))
    counts[0] = 2
    return counts


DESIGNS = {"1": balanced(1), "2": balanced(2), "3": balanced(3), "1-3": unbalanced}


@dataclass(frozen=True)
class Cell:
    """One simulated situation."""

    n: int
    design: str
    responders: bool

    @property
    def seed(self) -> int:
        """The seed of one row, so that it can be repeated alone."""
        return self.n * 1000 + 10 * list(DESIGNS).index(self.design) + self.responders


def draw(cell: Cell, rng: np.random.Generator, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """Nights per subject and condition, and all values, subject by subject."""
    counts = DESIGNS[cell.design](rng, cell.n)
    means = rng.normal(0, 2, (cell.n, 1)) + rng.normal(0, float(cell.responders), (cell.n, 2))
    means[:, 1] += effect
    return counts, np.repeat(means.ravel(), counts.ravel()) + rng.normal(0, 1, counts.sum())


def means_of(counts: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Means of the nights, shape (n_subjects, 2)."""
    starts = np.concatenate([[0], np.cumsum(counts.ravel())[:-1]])
    return (np.add.reduceat(y, starts) / counts.ravel()).reshape(counts.shape)


def measure(cell: Cell, replications: int) -> dict[str, float]:
    """Rates over the replications; NaN if the analysis does not exist."""
    rng = np.random.default_rng(cell.seed)
    found: dict[str, list[float]] = {}
    for _ in range(replications):
        for name, value in one_study(cell, rng).items():
            found.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def one_study(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    """The results of one simulated study, compared with the truth."""
    counts, y = draw(cell, rng, EFFECT)
    b, t = means_of(counts, y).T
    d = t - b
    paired, walsh = t_interval(d), hodges_lehmann(d)
    null = t_interval(d - EFFECT)
    result = {
        "t type I": null.p < ALPHA,
        "sign-flip type I": sign_flip_p(d - EFFECT, 1) <= ALPHA,
        "t coverage": paired.low <= EFFECT <= paired.high,
        "HL coverage": walsh.low <= EFFECT <= walsh.high,
        "HL coverage stated": walsh.coverage,
        "t bias": paired.mean - EFFECT,
        "HL bias": walsh.estimate - EFFECT,
        **mixed(counts, y),
        **({} if cell.responders else changed_subjects(counts, y)),
    }
    return {name: float(value) for name, value in result.items()}


def mixed(counts: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The verdict and interval of the mixed model; nothing without a model."""
    subject = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    treated = np.repeat(np.tile([False, True], len(counts)), counts.ravel())
    model = fit_mixed_model(y, [f"{s:02d}" for s in subject], list(treated))
    if model is None:
        return {}
    away = abs(model.difference - EFFECT)
    return {
        "KR type I": away > t_quantile(0.95, model.df) * model.se,
        "KR coverage": away <= t_quantile(0.95, model.df) * model.se,
        "KR bias": model.difference - EFFECT,
    }


def changed_subjects(counts: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """False alarms of the reliable change: every subject here changed by exactly the effect."""
    nights = np.split(y, np.cumsum(counts.ravel())[:-1])
    within = pooled_within_sd(nights[::2])
    if within is None:
        return {}
    b, t = means_of(counts, y).T
    beyond = [
        abs(t[i] - b[i] - EFFECT) > reliable_change(0.0, *counts[i], within).mdc95
        for i in range(len(counts))
    ]
    return {"RCI alarms": float(np.mean(beyond))}


def family_errors(
    n: int, replications: int, endpoints: int = 5, rho: float = 0.5
) -> dict[str, float]:
    """Family-wise error (or false discovery rate) over correlated endpoints without any effect."""
    rng = np.random.default_rng(n)
    covariance = np.full((endpoints, endpoints), rho) + (1 - rho) * np.eye(endpoints)
    errors = {"Holm": 0, "Benjamini-Hochberg": 0, "max-T": 0}
    for _ in range(replications):
        d = rng.multivariate_normal(np.zeros(endpoints), covariance, n)
        p = [sign_flip_p(column, 1) for column in d.T]
        errors["Holm"] += holm(p).min() <= ALPHA
        errors["Benjamini-Hochberg"] += benjamini_hochberg(p).min() <= ALPHA
        errors["max-T"] += max_t_sign_flip_p(d, 1).min() <= ALPHA
    return {name: count / replications for name, count in errors.items()}


def other_errors(n: int, replications: int) -> dict[str, float]:
    """Type I error of the analyses beside the main table.

    Crossover and mixed model with a period effect of 1; REM latencies of which a fifth of the
    nights are without REM; slopes on dose.
    """
    rng = np.random.default_rng(n)
    first = np.arange(n) % 2 == 0
    errors = dict.fromkeys(("crossover", "KR with period", "worst rank", "dose slope"), 0)
    for _ in range(replications):
        counts, y = draw(Cell(n, "2", responders=True), rng, effect=0.0)
        second = np.stack([first, ~first], axis=1)  # whether each condition came second
        y += np.repeat(second.ravel(), counts.ravel())
        b, t = means_of(counts, y).T
        errors["crossover"] += hills_armitage(t - b, ~first).p < ALPHA
        subject = [f"{s:02d}" for s in np.repeat(np.arange(n), 4)]
        treated = [*np.tile([False, False, True, True], n)]
        period = [str(p) for p in np.repeat(second.ravel(), 2)]
        errors["KR with period"] += fit_mixed_model(y, subject, treated, period).p < ALPHA
        latency = np.where(rng.random(y.size) < 0.2, np.inf, y)
        ranks = worst_rank_differences(latency, subject, treated)
        errors["worst rank"] += sign_flip_p([*ranks.values()], 1) <= ALPHA
        slopes = [within_subject_slope([0.5, 0.75, 1.0], rng.normal(0, 1, 3)) for _ in range(n)]
        errors["dose slope"] += t_interval(slopes).p < ALPHA
    return {name: count / replications for name, count in errors.items()}


def gatekeeping_errors(n: int, replications: int, secondaries: int = 3) -> dict[str, float]:
    """Studies with a false claim among a primary and secondary endpoints, correlated by 0.5.

    Without any effect, and with an effect on the primary endpoint alone.
    """
    rng = np.random.default_rng(100 + n)
    size = secondaries + 1
    covariance = np.full((size, size), 0.5) + 0.5 * np.eye(size)
    errors = dict.fromkeys(
        ("hierarchical, no effect", "hierarchical, primary effect", "without the hierarchy"), 0
    )
    for _ in range(replications):
        d = rng.multivariate_normal(np.zeros(size), covariance, n)
        primary, *others = (sign_flip_p(column, 1) for column in d.T)
        alone = holm(others)
        errors["hierarchical, no effect"] += primary <= ALPHA  # no secondary claim without it
        errors["without the hierarchy"] += min(primary, *alone) <= ALPHA
        real = sign_flip_p(d[:, 0] + 2 * EFFECT, 1)
        errors["hierarchical, primary effect"] += np.maximum(alone, real).min() <= ALPHA
    return {name: count / replications for name, count in errors.items()}


def sleepless_errors(n: int, replications: int) -> dict[str, float]:
    """Type I error of the worst-rank test by the share of nights without the latency."""
    rng = np.random.default_rng(200 + n)
    shares = (0.0, 0.2, 0.4, 0.6)
    errors = dict.fromkeys((f"{share:.0%} of nights" for share in shares), 0)
    subject = [f"{s:02d}" for s in np.repeat(np.arange(n), 4)]
    treated = [*np.tile([False, False, True, True], n)]
    for _ in range(replications):
        for share, name in zip(shares, errors, strict=True):
            # Some people hardly ever sleep, others nearly always.
            own = rng.beta(2 * share, 2 * (1 - share), n) if share else np.zeros(n)
            latency = np.exp(np.repeat(rng.normal(3, 0.4, n), 4) + rng.normal(0, 0.8, 4 * n))
            latency[rng.random(4 * n) < np.repeat(own, 4)] = np.inf
            ranks = worst_rank_differences(latency, subject, treated)
            errors[name] += sign_flip_p([*ranks.values()], 1) <= ALPHA
    return {name: count / replications for name, count in errors.items()}


UNEQUAL = ((1, 1), (2, 1), (3, 1), (6, 1), (10, 1), (8, 2))


def unequal_errors(nights: tuple[int, int], replications: int, n: int = 12) -> dict[str, float]:
    """Type I error of the sign-flip test of skewed (log-normal) nights in unequal numbers."""
    rng = np.random.default_rng(300 + 10 * nights[0] + nights[1])
    errors = dict.fromkeys(("normal nights", "skewed nights", "logarithms", "ranks"), 0)
    subject = [f"{s:02d}" for s in np.repeat(np.arange(n), sum(nights))]
    treated = [*np.tile(np.repeat([False, True], nights), n)]
    for _ in range(replications):
        y = rng.normal(0, 0.4, (n, 1)) + rng.normal(0, 0.8, (n, sum(nights)))
        skewed = np.exp(y)
        d = {
            "normal nights": change_of(rng.normal(0, 0.8, y.shape), nights[0]),
            "skewed nights": change_of(skewed, nights[0]),
            "logarithms": change_of(y, nights[0]),
            "ranks": [*worst_rank_differences(skewed.ravel(), subject, treated).values()],
        }
        for name, differences in d.items():
            errors[name] += sign_flip_p(differences, 1) <= ALPHA
    return {name: count / replications for name, count in errors.items()}


def change_of(y: np.ndarray, n_baseline: int) -> np.ndarray:
    """Treatment minus baseline means of nights, shape (n_subjects, n_nights)."""
    return y[:, n_baseline:].mean(axis=1) - y[:, :n_baseline].mean(axis=1)


ARMS = ((6, 6), (12, 12), (24, 8), (8, 24), (30, 30))


def arm_errors(arms: tuple[int, int], replications: int) -> dict[str, float]:
    """Type I error of two arms without a difference; skewed nights are log-normal.

    With unlike spread the subjects of the treatment arm respond with an SD of 3 night SD around 0.
    """
    rng = np.random.default_rng(400 + 100 * arms[0] + arms[1])
    names = ("normal, t", "normal, permutation", "skewed, t", "skewed, permutation",
             "skewed, ranks", "unlike spread, t", "unlike spread, permutation")  # fmt: skip
    errors = dict.fromkeys(names, 0)
    n, treated = sum(arms), np.arange(sum(arms)) < arms[0]
    for _ in range(replications):
        level = rng.normal(0, 0.8, n)
        x, y = (level + rng.normal(0, 0.8, n) for _ in range(2))
        ranks = mid_ranks(np.concatenate([x, y]))
        studies = {
            "normal": (x, y),
            "skewed": (np.exp(x), np.exp(y)),
            "ranks": (ranks[:n], ranks[n:]),
            "unlike spread": (x, y + treated * rng.normal(0, 2.4, n)),
        }
        for name, (before, under) in studies.items():
            p = arm_permutation_p(before, under, treated, 1, DRAWS)
            if name == "ranks":
                errors["skewed, ranks"] += p <= ALPHA
            else:
                errors[f"{name}, permutation"] += p <= ALPHA
                errors[f"{name}, t"] += ancova(before, under, treated).p <= ALPHA
    return {name: count / replications for name, count in errors.items()}


PLANS = ((4.0, 5.0, 2.0, 1), (4.0, 5.0, 2.0, 2), (2.0, 2.0, 0.0, 1), (6.0, 4.0, 6.0, 3))


def planned_power(plan: tuple[float, float, float, int], replications: int) -> list[str]:
    """What `psgpipe plan` promises, and the power of simulated nights, each with its error."""
    difference, within, response, nights = plan
    promised = plan_of(difference, StudyVariance(within, response), (nights, nights))
    rng = np.random.default_rng(500 + nights)
    n, found = promised.n_subjects, 0
    for k in range(replications):
        level = rng.normal(0, 8, (n, 1))
        change = rng.normal(difference, response, (n, 1)) * (np.arange(2 * nights) >= nights)
        y = level + change + rng.normal(0, within, (n, 2 * nights))
        found += sign_flip_p(change_of(y, nights), k, DRAWS) <= ALPHA
    power = found / replications
    error = np.sqrt(power * (1 - power) / replications)
    return [
        f"{difference:g}", f"{within:g}", f"{response:g}", str(nights), str(n),
        f"{promised.power:.3f} ({promised.power_se:.3f})", f"{power:.3f} ({error:.3f})",
    ]  # fmt: skip


COLUMNS = (
    "t type I", "sign-flip type I", "KR type I", "t coverage", "HL coverage",
    "HL coverage stated", "KR coverage", "t bias", "HL bias", "KR bias", "RCI alarms",
)  # fmt: skip


def shown(name: str, value: float | None) -> str:
    """A rate in percent, a bias in units of the night-to-night SD."""
    if value is None:
        return "-"
    return f"{value:+.3f}" if "bias" in name else f"{100 * value:.1f}"


def print_table(head: list[str], rows: list[list[str]], *, markdown: bool) -> None:
    """A table for a terminal, or for the documentation."""
    if markdown:
        head, rows = [*head], [["---"] * len(head), *rows]
        for row in [head, *rows]:
            print("| " + " | ".join(row) + " |")
        return
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def measured(job: tuple[Cell, int]) -> dict[str, float]:
    """`measure` for a process pool."""
    return measure(*job)


def main() -> None:
    """Simulate every situation and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--only-rules", action="store_true", help="the last five tables only")
    parser.add_argument("--only-arms", action="store_true", help="the last two tables only")
    options = parser.parse_args()
    began = time.perf_counter()
    if not options.only_rules and not options.only_arms:
        print_estimates(options)
    if not options.only_arms:
        print_rules(options)
    rates = {f"{t}+{c}": arm_errors((t, c), options.replications) for t, c in ARMS}
    print_rates("treated + control", rates, markdown=options.markdown)
    head = ["difference", "SD within", "SD response", "nights", "subjects", "promised", "found"]
    rows = [planned_power(plan, options.replications) for plan in PLANS]
    print_table(head, rows, markdown=options.markdown)
    print()
    error = 100 * np.sqrt(0.05 * 0.95 / options.replications)
    print(
        f"{options.replications} studies a row: standard error of a 5 % rate {error:.2f} points; "
        f"{time.perf_counter() - began:.0f} s"
    )


def print_rules(options: argparse.Namespace) -> None:
    """The tables of the hierarchy, of nights without the latency and of unequal nights."""
    for errors in (gatekeeping_errors, sleepless_errors):
        rates = {str(n): errors(n, options.replications) for n in SUBJECTS if n >= 8}
        print_rates("n", rates, markdown=options.markdown)
    rates = {f"{b}:{t}": unequal_errors((b, t), options.replications) for b, t in UNEQUAL}
    print_rates("nights", rates, markdown=options.markdown)


def print_rates(head: str, rates: dict[str, dict[str, float]], *, markdown: bool) -> None:
    """A table of rates in percent, and a blank line."""
    names = [*next(iter(rates.values()))]
    rows = [[label, *(f"{100 * row[name]:.1f}" for name in names)] for label, row in rates.items()]
    print_table([head, *names], rows, markdown=markdown)
    print()


def print_estimates(options: argparse.Namespace) -> None:
    """The tables of the estimates, of the families and of the analyses beside them."""
    cells = [Cell(*c) for c in itertools.product(SUBJECTS, DESIGNS, (False, True))]
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(measured, [(c, options.replications) for c in cells]))
    rows = [
        [
            str(c.n),
            c.design,
            "yes" if c.responders else "no",
            *(shown(k, r.get(k)) for k in COLUMNS),
        ]
        for c, r in zip(cells, results, strict=True)
    ]
    print_table(["n", "nights", "responders", *COLUMNS], rows, markdown=options.markdown)
    print()
    for errors in (family_errors, other_errors):
        rates = {str(n): errors(n, options.replications) for n in SUBJECTS if n >= 8}
        print_rates("n", rates, markdown=options.markdown)


if __name__ == "__main__":
    main()

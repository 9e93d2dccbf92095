# SPDX-License-Identifier: EUPL-1.2
"""Which variant a bucket sees: a pure salted hash, the same as in GrowthBook's SDKs.

Sources: Fowler, Noll, Vo, FNV-1a (32 bits); GrowthBook's SDK specification ("build your own"): hash versions
1 and 2, bucket ranges, namespaces. A system that already speaks GrowthBook gives a bucket the same variant.

Coverage cuts every variant's range from its upper end, so raising it adds buckets and moves none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from experiments.definition import Experiment, Variant
from experiments.errors import BucketError

BUCKETS = 1000

Range = tuple[float, float]


def fnv1a32(text: str) -> int:
    """32-bit FNV-1a of the text's UTF-8 bytes.

    >>> fnv1a32("a") == 0xE40C292C
    True
    """
    number = 0x811C9DC5
    for byte in text.encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number


def hash_v1(seed: str, value: str) -> float:
    """A number in [0, 1) in steps of 0.001. Biased (GrowthBook's own finding); kept for namespaces."""
    return fnv1a32(value + seed) % 1000 / 1000


def hash_v2(seed: str, value: str) -> float:
    """A number in [0, 1) in steps of 0.0001: hashed twice, so that seeds do not correlate.

    >>> hash_v2("seed", "a")
    0.0505
    """
    return fnv1a32(str(fnv1a32(seed + value))) % 10_000 / 10_000


def hash_number(seed: str, value: str, version: int) -> float | None:
    """The hash of that version; None for a version that does not exist."""
    hashes = {1: hash_v1, 2: hash_v2}
    return hashes[version](seed, value) if version in hashes else None


def equal_weights(count: int) -> tuple[float, ...]:
    """`count` weights that add up to 1; none for a count below 1."""
    return (1 / count,) * count if count > 0 else ()


def bucket_ranges(count: int, coverage: float, weights: Sequence[float] | None = None) -> tuple[Range, ...]:
    """For each variant the half-open range of hash numbers that sees it.

    A coverage outside [0, 1] is clamped. Weights that do not fit the count, or do not add up to 1 within
    0.01, are replaced by equal ones, as GrowthBook does; `experiments.loading` never lets such weights in.

    >>> bucket_ranges(2, 0.5)
    ((0, 0.25), (0.5, 0.75))
    """
    coverage = min(max(coverage, 0), 1)
    if weights is None or len(weights) != count or not 0.99 <= sum(weights) <= 1.01:
        weights = equal_weights(count)
    ranges = []
    start: float = 0
    for weight in weights:
        ranges.append((start, start + coverage * weight))
        start += weight
    return tuple(ranges)


def choose_variation(number: float, ranges: Sequence[Range]) -> int:
    """Position of the first range that holds the number; -1 where none does."""
    return next((i for i, (low, high) in enumerate(ranges) if low <= number < high), -1)


def in_namespace(value: str, namespace: str, start: float, end: float) -> bool:
    """Whether the value belongs to the share [start, end) of a namespace (tests that exclude each other)."""
    return start <= hash_v1(f"__{namespace}", value) < end


def assignments(experiment: Experiment) -> tuple[str | None, ...]:
    """For each of the 1,000 buckets, in their order, the variant it sees; None takes no part."""
    return _assignments(experiment.name, experiment.variants, experiment.coverage)


def variant_for(experiment: Experiment, bucket: int) -> str | None:
    """The variant that a bucket (0-999) sees for as long as the test runs; None where it takes no part.

    Raises `BucketError` for a number that is no bucket.
    """
    if not 0 <= bucket < BUCKETS:
        raise BucketError(f"{bucket} is no bucket; expected a whole number from 0 to {BUCKETS - 1}.")
    return assignments(experiment)[bucket]


def shares(experiment: Experiment) -> dict[str, int]:
    """How many of the 1,000 buckets the hash really gives each variant, in the order of the definition.

    The allocation check compares with these, not with the weights: 1,000 hashed buckets never split exactly.
    """
    counted = Counter(assignments(experiment))
    return {variant.name: counted[variant.name] for variant in experiment.variants}


@lru_cache(maxsize=256)
def _assignments(seed: str, variants: tuple[Variant, ...], coverage: float) -> tuple[str | None, ...]:
    ranges = bucket_ranges(len(variants), coverage, [variant.weight for variant in variants])
    chosen = (choose_variation(hash_v2(seed, str(bucket)), ranges) for bucket in range(BUCKETS))
    return tuple(variants[i].name if i >= 0 else None for i in chosen)

"""Mutants of chapter 13 that are as right as the reference, and why."""

PERIOD = "the tangent has the period π: half a turn more or less changes nothing"

SURVIVORS: dict[str, dict[str, str]] = {
    "cauchy_inverse_cdf": {
        "line 17: uniform - 0.5 → uniform + 0.5": PERIOD,
        "line 17: 0.5 → 1.5": PERIOD,
        "line 17: 0.5 → -0.5": PERIOD,
    },
    "empirical_inverse_cdf": {
        "line 19: 1 → 2": "one more step above 1, which no draw reaches",
    },
}

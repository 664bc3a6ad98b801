"""Mutants of chapter 1 that are as right as the reference, and why."""

LENGTHS_WERE_CHECKED = "the argument check has already refused lists of different lengths"

SURVIVORS: dict[str, dict[str, str]] = {
    "sigmoid": {
        "line 15: np.greater_equal(z, 0) → np.greater(z, 0)": "at z = 0 both forms give 1 / (1 + 1)",
    },
    "gradient_descent_step": {"line 20: True → False": LENGTHS_WERE_CHECKED},
    "forward": {"line 28: True → False": LENGTHS_WERE_CHECKED},
    "numerical_gradient": {
        "line 19: np.zeros(parameters.shape) → np.ones(parameters.shape)": "every element is written before it is read",
    },
    "Value": {"line 108: True → False": "the constructor holds one local gradient for each parent, or refuses"},
}

"""The figures and widgets that belong to one chapter each."""

"""One endpoint of a comparison: its values, its contrast, the changes of subjects."""

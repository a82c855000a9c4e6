"""What an annotation says about the lights, for tests of single texts."""

from psgpipe.montage.event_labels import lights_in


def read_lights(text, user_table=None):
    """Whether an annotation says lights off or lights on, and nothing else."""
    mention = lights_in(text, user_table)
    return mention.side if mention and mention.certainty == "sure" else None

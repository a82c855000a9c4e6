"""A starter study table: what a folder of recordings tells about subjects, nights and scorings."""

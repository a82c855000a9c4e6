"""Diary, actigraphy and polysomnography of the same nights."""

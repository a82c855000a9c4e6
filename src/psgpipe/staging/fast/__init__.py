"""YASA's features and trees without YASA."""

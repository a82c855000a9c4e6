"""The version, where the build and every module find it without importing anything."""

__version__ = "0.1.0"

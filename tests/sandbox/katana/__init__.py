"""Tests of the Katana stand-in."""

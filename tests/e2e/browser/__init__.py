"""Tests in a real browser. A package, so that the browser is gone when its last test is over."""

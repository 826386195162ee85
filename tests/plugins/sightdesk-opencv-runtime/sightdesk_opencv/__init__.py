"""A runtime for Sightdesk: ONNX models on OpenCV's own network engine, on the CPU, in f32."""

from __future__ import annotations

from sightdesk_opencv.runtime import OpenCvRuntime


def runtime() -> OpenCvRuntime:
    """The entry point."""
    return OpenCvRuntime()

from __future__ import annotations

import subprocess
import sys


def test_importing_openvino_reports_nothing_to_its_maker() -> None:
    code = """
import socket, sys, threading
from concurrent.futures import ThreadPoolExecutor
def deny(*args, **kwargs): raise SystemExit(f"something was sent: {args}")
ThreadPoolExecutor.submit = socket.socket.connect = deny
from backends import registry
assert registry.runtime("openvino").devices()[0].available
assert "openvino" in sys.modules and not sys.modules["openvino_telemetry"]
assert threading.active_count() == 1, threading.enumerate()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

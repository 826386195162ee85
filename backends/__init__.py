"""What runs a network: one runtime per file, and nothing that knows what the network means.

May enter: `base` (the contract), a built-in runtime, the places in flight they share, the registry. May not enter:
model families, decoding, cameras, Qt. A decoder never learns what OpenVINO is; a runtime never learns what YOLO is.
"""

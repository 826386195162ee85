"""What things are: values and pure functions of the vision domain.

May enter: frozen values (frames, detections, tracks, results, manifests) and functions whose answer depends on their
arguments alone, on numpy, scipy, cv2 and pydantic. May not enter: Qt, threads, clocks, sockets, files. That lets
the same rules be tested without a camera and reused by the screen, the pipeline and the tools alike.

Model *weights* never live here; the catalogue fetches them into the home.
"""

"""Servers that tests start: a real RTSP server (GStreamer's), a small and nasty MJPEG one."""

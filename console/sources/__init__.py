"""Where pictures come from: files, folders, RTSP, MJPEG, USB, synthetic scenes. FFmpeg (PyAV) is known here alone.

May enter: one kind of source per file, what they share, the table that picks one. May not enter: reconnecting,
dropping, inferring; a source yields frames until it can't, and says why.
"""

"""Where pictures come from: files, folders, RTSP, HTTP, USB, synthetic scenes. FFmpeg (PyAV) is known here alone.

May enter: one kind of source per file, what they share (opening and decoding, drawing, pacing, limits, errors in
words), the table that picks one (`factory.open_source`). May not enter: reconnecting, dropping, inferring; a source
yields frames until it can't, and says why.
"""

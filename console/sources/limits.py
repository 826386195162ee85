"""What no source goes beyond: sizes, probing, and what FFmpeg may open."""

from __future__ import annotations

import cv2

from console.errors import SourceLost
from models.words import _

MAX_SIDE = 16_384
MAX_PIXELS = 100_000_000

# A container that names other files or hosts (playlists, edit lists, image sequences, SDP) is not among these: such a
# file could make FFmpeg read anything on this machine or call out. Nor are devices, games' cut-scenes and text art.
VIDEO_FORMATS = (
    "avi,mov,matroska,webm,mpegts,mpeg,mpegvideo,h264,hevc,m4v,h263,vc1,obu,ivf,av1,flv,live_flv,asf,ogg,nut,mxf,dv,"
    "mjpeg,mjpeg_2000,mpjpeg,gif,apng,webp,yuv4mpegpipe,dhav,hxvs,gxf,wtv,avif,"
    "jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,gif_pipe,pgm_pipe,ppm_pipe,j2k_pipe"
)
PROBING = {"probesize": "5000000", "formatprobesize": "1048576", "max_streams": "32", "max_probe_packets": "1000"}
DECODING = {"max_pixels": str(MAX_PIXELS)}


def check_size(width: int, height: int, place: str) -> None:
    """Refuse a picture size no camera has, before memory is taken for it.

    Raises:
        SourceLost: a side is longer than `MAX_SIDE` pixels or there are more than `MAX_PIXELS` of them.
    """
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise SourceLost(
            _("{place} claims pictures of {width} x {height} pixels, more than is read here.").format(
                place=place, width=width, height=height
            ),
            _("At most {max_side} on a side and {max_pixels} million in all.").format(
                max_side=MAX_SIDE, max_pixels=MAX_PIXELS // 1_000_000
            ),
            retry=False,
        )


def hush_opencv() -> None:
    """Keep OpenCV from writing to stderr what is said here in words. FFmpeg is silent by PyAV's default."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

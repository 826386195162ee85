"""What settings are called on screen. A setting without a line here is called after its key."""

from __future__ import annotations

from models.words import N_, _

_LABELS = {
    "site": N_("Name of the site"),
    "operators": N_("Operators"),
    "cameras": N_("Cameras"),
    "inference": N_("Inference"),
    "events": N_("Events"),
    "privacy": N_("Privacy"),
    "desk": N_("Desk"),
    "log": N_("Log files"),
    "inference.model": N_("Model"),
    "inference.backend": N_("Backend"),
    "inference.device": N_("Device"),
    "inference.precision": N_("Precision"),
    "inference.scaling": N_("Scaling"),
    "log.level": N_("Level"),
    "log.megabytes": N_("Size of a file"),
    "log.keep": N_("Files kept"),
    "desk.theme": N_("Theme"),
    "desk.text_scale": N_("Text size"),
    "desk.language": N_("Language"),
    "desk.keep_awake": N_("Keep the machine awake"),
    "desk.start_at_login": N_("Start at login"),
    "desk.sounds": N_("Sounds"),
    "privacy.cover": N_("Always covered"),
    "privacy.purpose": N_("Purpose"),
    "events.rules": N_("Rules"),
    "events.rules.name": N_("Name"),
    "events.rules.classes": N_("Classes"),
    "events.rules.cameras": N_("Cameras"),
    "events.rules.sound": N_("Sound"),
    "events.rules.enabled": N_("In force"),
    "events.keep_days": N_("Days kept"),
    "events.keep_events": N_("Events kept"),
    "cameras.id": N_("Short name"),
    "cameras.name": N_("Name"),
    "cameras.group": N_("Group"),
    "cameras.source": N_("Address"),
    "cameras.login": N_("User and password"),
    "cameras.transport": N_("RTSP over"),
    "cameras.paced": N_("At its own speed"),
    "cameras.loop": N_("Start again at the end"),
    "cameras.watch": N_("Wait for new pictures"),
    "cameras.rotation": N_("Turned by"),
    "cameras.mirror": N_("Mirrored"),
    "cameras.pixel_aspect": N_("Pixel aspect"),
    "cameras.open_timeout_s": N_("Time to connect"),
    "cameras.read_timeout_s": N_("Time without data"),
    "cameras.fps_cap": N_("Inferred at most"),
    "cameras.priority": N_("Priority"),
    "cameras.track": N_("Follow objects"),
    "cameras.stages": N_("Models"),
    "cameras.published_as": N_("Published as"),
    "cameras.enabled": N_("Switched on"),
}
_CHOICES = {
    "desk.theme.system": N_("As the system"),
    "desk.theme.dark": N_("Dark"),
    "desk.theme.light": N_("Light"),
    "inference.precision.default": N_("The fastest of the device"),
    "inference.precision.f32": N_("f32, exact"),
    "inference.scaling.fast": N_("Fast"),
    "inference.scaling.exact": N_("Exact"),
    "log.level.debug": N_("Everything"),
    "log.level.info": N_("What happens"),
    "log.level.warning": N_("What is unusual"),
    "log.level.error": N_("What fails"),
    "events.rules.sound.none": N_("None"),
    "events.rules.sound.ping": N_("Ping"),
    "events.rules.sound.alarm": N_("Alarm"),
    "cameras.rotation.0": N_("Not turned"),
    "cameras.rotation.90": N_("90° clockwise"),
    "cameras.rotation.180": N_("180°"),
    "cameras.rotation.270": N_("90° counterclockwise"),
    "cameras.transport.tcp": N_("TCP"),
    "cameras.transport.udp": N_("UDP"),
}
_UNITS = {"log.megabytes": N_("MB"), "cameras.fps_cap": N_("fps"), "cameras.open_timeout_s": N_("s"),
          "cameras.read_timeout_s": N_("s")}  # fmt: skip


def label_of(path: str) -> str:
    """The name of a setting, by its path without the names of entries: ``cameras.fps_cap``."""
    known = _LABELS.get(path)
    if known is not None:
        return _(known)
    words = path.rpartition(".")[2].replace("_", " ")
    return _(words[:1].upper() + words[1:])


def choice_of(path: str, value: object) -> str:
    """A choice in words."""
    known = _CHOICES.get(f"{path}.{value}")
    return _(known) if known is not None else str(value)


def unit_of(path: str) -> str:
    """The unit that stands after its editor."""
    return _(_UNITS.get(path, ""))

"""What settings are called on screen. A setting without a line here is called after its key."""

from __future__ import annotations

from models.words import N_, _

_LABELS = {
    "site": N_("Name of the site"),
    "operators": N_("Operators"),
    "cameras": N_("Cameras"),
    "inference": N_("Inference"),
    "remote": N_("Model servers"),
    "events": N_("Events"),
    "privacy": N_("Privacy"),
    "keep": N_("Keeping pictures"),
    "audit": N_("Record"),
    "desk": N_("Desk"),
    "log": N_("Log files"),
    "inference.model": N_("Model"),
    "inference.backend": N_("Backend"),
    "inference.device": N_("Device"),
    "inference.precision": N_("Precision"),
    "inference.scaling": N_("Scaling"),
    "inference.batch": N_("Pictures at once"),
    "inference.batch_wait_ms": N_("Wait for a batch"),
    "inference.fallback": N_("When it is lost"),
    "inference.fallback.backend": N_("Backend"),
    "inference.fallback.device": N_("Device"),
    "inference.fallback.model": N_("Model"),
    "inference.own": N_("Models of their own"),
    "inference.own.model": N_("Model"),
    "inference.own.backend": N_("Backend"),
    "inference.own.device": N_("Device"),
    "inference.own.precision": N_("Precision"),
    "remote.allowed": N_("Allowed"),
    "remote.allowed.address": N_("Address"),
    "remote.allowed.purpose": N_("Purpose"),
    "remote.allowed.pictures": N_("Pictures sent"),
    "remote.allowed.ca": N_("Its authority"),
    "remote.allowed.certificate": N_("Own certificate"),
    "remote.allowed.key": N_("Own key"),
    "log.level": N_("Level"),
    "log.megabytes": N_("Size of a file"),
    "log.keep": N_("Files kept"),
    "desk.theme": N_("Theme"),
    "desk.text_scale": N_("Text size"),
    "desk.language": N_("Language"),
    "desk.keep_awake": N_("Keep the machine awake"),
    "desk.start_at_login": N_("Start at login"),
    "desk.sounds": N_("Sounds"),
    "privacy.faces": N_("Faces"),
    "privacy.heads": N_("Heads"),
    "privacy.plates": N_("Plates"),
    "privacy.cover": N_("Always covered"),
    "privacy.style": N_("Covered by"),
    "privacy.live": N_("Live picture too"),
    "privacy.purpose": N_("Purpose"),
    "privacy.face_model": N_("Face model"),
    "privacy.plate_model": N_("Plate model"),
    "privacy.within_s": N_("Time to find them"),
    "privacy.idle_min": N_("Supervisor locked after"),
    "keep.days": N_("Days kept"),
    "keep.gigabytes": N_("Most of a camera"),
    "audit.anchor": N_("Seals kept in"),
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
    "cameras.privacy": N_("Privacy"),
    "cameras.privacy.faces": N_("Faces"),
    "cameras.privacy.heads": N_("Heads"),
    "cameras.privacy.plates": N_("Plates"),
    "cameras.privacy.cover": N_("Always covered"),
    "cameras.privacy.areas": N_("Areas"),
    "cameras.privacy.areas.name": N_("Name"),
    "cameras.privacy.areas.points": N_("Corners"),
    "cameras.privacy.style": N_("Covered by"),
    "cameras.privacy.live": N_("Live picture too"),
    "cameras.privacy.purpose": N_("Purpose"),
    "cameras.privacy.seal_plates_for": N_("Plates sealed for"),
    "cameras.keep": N_("Keeping pictures"),
    "cameras.keep.days": N_("Days kept"),
    "cameras.keep.gigabytes": N_("At most"),
    "cameras.enabled": N_("Switched on"),
}
_CHOICES = {
    "desk.theme.system": N_("As the system"),
    "desk.theme.dark": N_("Dark"),
    "desk.theme.light": N_("Light"),
    "inference.precision.default": N_("The fastest of the device"),
    "inference.precision.f32": N_("f32, exact"),
    "inference.own.precision.default": N_("The fastest of the device"),
    "inference.own.precision.f32": N_("f32, exact"),
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
for _path in ("privacy", "cameras.privacy"):
    _CHOICES |= {
        f"{_path}.heads.unsure": N_("Covered without a sure face"),
        f"{_path}.heads.always": N_("Always covered"),
        f"{_path}.heads.never": N_("Not covered"),
        f"{_path}.plates.plates": N_("Plates that are found"),
        f"{_path}.plates.vehicles": N_("Whole vehicles"),
        f"{_path}.plates.no": N_("Not covered"),
        f"{_path}.style.solid": N_("Solid"),
        f"{_path}.style.pixelate": N_("Coarse blocks, weaker"),
        f"{_path}.style.blur": N_("Blur, weaker"),
    }
_CHOICES |= {"remote.allowed.pictures.plain": N_("As they are"), "remote.allowed.pictures.covered": N_("Covered")}
_UNITS = {"privacy.within_s": N_("s"), "privacy.idle_min": N_("min"), "keep.gigabytes": N_("GB"),
          "cameras.keep.gigabytes": N_("GB"), "log.megabytes": N_("MB"), "cameras.fps_cap": N_("fps"),
          "cameras.open_timeout_s": N_("s"), "cameras.read_timeout_s": N_("s"), "inference.batch_wait_ms": N_("ms"),
}  # fmt: skip


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

"""The shape of the settings. Help texts here are the ones on screen and in the YAML's comments."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from console.settings.address import carries_password
from console.settings.inference import InferenceSettings, RemoteSettings, StageSettings
from console.settings.privacy import AuditSettings, CameraPrivacy, KeepSettings, PrivacySettings
from console.settings.review import CameraReview, ReviewSettings
from console.settings.section import MOVE_LOGIN, CameraId, Login, Section, mistake
from console.settings.sync import SyncSettings
from models.words import _


class CameraSettings(Section):
    """One camera, stream, file or folder."""

    id: CameraId = Field(description="Short name without spaces, used in files and metrics.")
    name: str = Field(default="", description="The name on screen; the id when empty.")
    group: str = Field(default="", max_length=64, description="Cameras of one group stand together in the list.")
    source: str = Field(
        min_length=1,
        description=(
            "rtsp://..., http://... (MJPEG), a video file, a picture folder, usb:0, usb:NAME, synthetic:SCENE. "
            "Never with a password; where a camera wants it in the address, write {user} and {password} there."
        ),
    )
    login: Login | None = Field(default=None, description="Needed when the camera asks for a password.")
    transport: Literal["tcp", "udp"] = Field(default="tcp", description="How RTSP carries the video.")
    paced: bool = Field(
        default=True, description="Files: play at their own speed; off: every frame, as fast as possible."
    )
    loop: bool = Field(default=False, description="Files and folders: start again at the end.")
    watch: bool = Field(default=False, description="Folders: wait for new pictures.")
    rotation: Literal[0, 90, 180, 270] = Field(default=0, description="Turn the picture clockwise by so many degrees.")
    mirror: bool = Field(default=False, description="Mirror left and right, after turning.")
    pixel_aspect: float | None = Field(
        default=None, gt=0.1, lt=10, description="Width of a pixel over its height; empty: what the stream says."
    )
    open_timeout_s: float = Field(default=5.0, gt=0, le=30, description="How long connecting may take.")
    read_timeout_s: float = Field(default=2.5, gt=0, le=5, description="After so long without data, reconnect.")
    fps_cap: float | None = Field(default=None, gt=0, description="Infer at most so many frames a second.")
    priority: float = Field(
        default=1.0,
        gt=0,
        le=100,
        description="Share of inference against other cameras when there is not enough for all.",
    )
    track: bool = Field(default=True, description="Follow objects from frame to frame and number them.")
    stages: tuple[StageSettings, ...] = Field(
        default=(), description="Models in order; empty: the site's default model."
    )
    published_as: str = Field(
        default="",
        description="Footage that was published: as what, where, under which licence; its pictures are kept uncovered.",
    )
    privacy: CameraPrivacy = Field(
        default_factory=CameraPrivacy, description="What is covered in its pictures, where not as for the site."
    )
    keep: KeepSettings | None = Field(
        default=None, description="How long its pictures are kept, where not as for the site."
    )
    review: CameraReview = Field(
        default_factory=CameraReview, description="What of it is put before a person, where not as for the site."
    )
    enabled: bool = Field(default=True, description="Off: kept in the list, not connected.")

    @field_validator("source")
    @classmethod
    def _no_password(cls, source: str) -> str:
        if carries_password(source):
            raise mistake(
                _("the address has a password in it, and a password never stands in this file"), _(MOVE_LOGIN)
            )
        return source

    @property
    def title(self) -> str:
        """The name an operator sees."""
        return self.name or self.id


class LogSettings(Section):
    """What is written to the log files."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is written."
    )
    megabytes: int = Field(default=10, ge=1, le=1000, description="Size at which a log file is rotated.")
    keep: int = Field(default=5, ge=1, le=100, description="Rotated files kept.")


class EventRule(Section):
    """Which first sights are events, and how they are heard."""

    name: str = Field(min_length=1, max_length=64, description="Name of the rule, as it stands beside its events.")
    classes: tuple[str, ...] = Field(default=(), description="Labels it is about; empty: all.")
    cameras: tuple[CameraId, ...] = Field(default=(), description="Ids of the cameras it is about; empty: all.")
    sound: Literal["none", "ping", "alarm"] = Field(default="none", description="What is heard when it happens.")
    enabled: bool = Field(default=True, description="Off: kept in the list, without effect.")


class EventSettings(Section):
    """What is an event, and how long events are kept."""

    rules: tuple[EventRule, ...] = Field(
        default=(EventRule(name="Anything new"),),
        description="The first rule that fits a new track makes it an event; without any fitting rule it is none.",
    )
    keep_days: int = Field(default=30, ge=1, le=3650, description="Events and their pictures go after so many days.")
    keep_events: int = Field(
        default=200_000, ge=1000, le=5_000_000, description="The oldest go when there are more than so many."
    )


class DeskSettings(Section):
    """How the desk looks and behaves on this machine."""

    theme: Literal["system", "dark", "light"] = Field(
        default="system", description="Colours of the desk; system: as the system has them."
    )
    text_scale: float = Field(default=1.0, ge=0.8, le=2, description="Size of all text; 1 is normal.")
    language: str = Field(
        default="",
        pattern=r"^([a-z]{2,3}([_-][A-Za-z]{2,4})?|pseudo)?$",
        description="Language of the desk, such as de or pt_BR; empty: as the system has it.",
    )
    keep_awake: bool = Field(
        default=True, description="The machine doesn't go to sleep while cameras are being watched."
    )
    start_at_login: bool = Field(default=False, description="Open the desk when somebody logs in to this machine.")
    sounds: bool = Field(default=True, description="Sounds of event rules may be heard.")
    key_preset: Literal["sightdesk", "labelimg", "cvat"] = Field(
        default="sightdesk", description="Whose keys review and drawing go by: Sightdesk's, or another tool's."
    )
    keys: dict[str, str] = Field(
        default_factory=dict,
        description="Own keys, by the action's name: review.accept: Return. Empty: that action has no key.",
    )


class Settings(Section):
    """Everything an operator can set for one site."""

    site: str = Field(default="", description="Name of the site, as it appears in exports and in the cloud.")
    cameras: tuple[CameraSettings, ...] = Field(default=(), description="The cameras, in the order of the wall.")
    inference: InferenceSettings = Field(default_factory=InferenceSettings, description="What runs the models.")
    remote: RemoteSettings = Field(
        default_factory=RemoteSettings, description="Which model servers pictures may be sent to."
    )
    log: LogSettings = Field(default_factory=LogSettings, description="What is written to the log files.")
    operators: tuple[str, ...] = Field(default=(), description="Names of those who sit at this desk.")
    privacy: PrivacySettings = Field(
        default_factory=PrivacySettings, description="What is covered in every picture that is kept."
    )
    keep: KeepSettings = Field(default_factory=KeepSettings, description="How long pictures are kept.")
    audit: AuditSettings = Field(
        default_factory=AuditSettings, description="The record of who saw, sent, changed and erased what."
    )
    events: EventSettings = Field(
        default_factory=EventSettings, description="What is an event, and how long events are kept."
    )
    review: ReviewSettings = Field(
        default_factory=ReviewSettings, description="What is put before a person to be judged, and how much of it."
    )
    sync: SyncSettings = Field(default_factory=SyncSettings, description="What leaves the site, and where to.")
    desk: DeskSettings = Field(default_factory=DeskSettings, description="How the desk looks and behaves here.")

    @model_validator(mode="after")
    def _ids_differ(self) -> Settings:
        seen: set[str] = set()
        for index, camera in enumerate(self.cameras):
            if camera.id in seen:
                raise mistake(
                    _("two cameras have the id {id}").format(id=camera.id),
                    _("Give one another."),
                    ("cameras", index, "id"),
                )
            seen.add(camera.id)
        return self

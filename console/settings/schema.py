"""The shape of the settings. Help texts here are the ones on screen and in the YAML's comments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from console.settings.address import carries_password
from models.words import N_, _

CameraId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Score = Annotated[float, Field(ge=0, le=1)]

SECRET_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"  # noqa: S105
MOVE_LOGIN = N_(
    "Store the password with: sightdesk secrets set NAME. Write the address without it, "
    "and below it: login: {user: ..., password: {secret: NAME}}."
)
MOVE_PASSWORD = N_("Store it with: sightdesk secrets set NAME. Then write here: {secret: NAME}.")


def mistake(what: str, hint: str = "", at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A validator's refusal in words; `at` leads from the validated part to the culprit. No value goes into it."""
    return PydanticCustomError("mistake", "{what}", {"what": what, "hint": hint, "at": at})


def _no_login(model: str) -> str:
    if carries_password(model):
        raise mistake(
            _("the model's address has a password in it, and a password never stands in this file"),
            _("A model's server is shown a certificate: see remote.allowed."),
        )
    return model


ModelName = Annotated[str, AfterValidator(_no_login)]


class Section(BaseModel):
    """A part of the settings: immutable, a key nobody knows is an error, a key left empty means its default."""

    # hide_input: a value may be a password in the wrong place, and errors are logged
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}
        return data


class SecretRef(Section):
    """Names a secret; the secret itself is in the system's keyring or the home's encrypted file."""

    secret: str = Field(pattern=SECRET_NAME, description="Name of the stored secret.")

    @model_validator(mode="before")
    @classmethod
    def _no_plain_text(cls, data: Any) -> Any:
        if isinstance(data, (str, int, float)):
            raise mistake(_("a password never stands in this file"), _(MOVE_PASSWORD))
        return data


class Login(Section):
    """How to log in to a camera."""

    user: str = Field(description="User name at the camera.")
    password: SecretRef = Field(description="The password, by the name of its secret.")


class StageSettings(Section):
    """One model working on a camera's pictures."""

    model: ModelName = Field(description="A catalogue name such as yolox_nano, or the path of a model file.")
    on: str | None = Field(
        default=None,
        description="Label of an earlier stage whose boxes this model looks into; empty: the whole picture.",
    )
    confidence: Score = Field(default=0.3, description="Boxes that score less are dropped.")
    thresholds: dict[str, Score] = Field(
        default_factory=dict, description="Own confidence for some labels, such as person: 0.45."
    )


Style = Literal["solid", "pixelate", "blur"]
Heads = Literal["unsure", "always", "never"]
Plates = Literal["plates", "vehicles", "no"]


class AreaSettings(Section):
    """A part of a camera's picture that is always covered."""

    name: str = Field(default="", max_length=64, description="What it is, such as the neighbour's door.")
    points: tuple[tuple[Score, Score], ...] = Field(
        min_length=3, max_length=64, description="Its corners, each as shares of the picture's width and height."
    )


class PrivacySettings(Section):
    """What is covered in every picture that is kept or leaves, and what finds it."""

    faces: bool = Field(default=True, description="Cover the faces that the face model finds.")
    heads: Heads = Field(
        default="unsure",
        description="Cover the upper end of a person's box: where no sure face was found in it, always, or never.",
    )
    plates: Plates = Field(
        default="plates",
        description="plates: those the plate model finds, it misses some; vehicles: whole vehicles too; no: nothing.",
    )
    cover: tuple[str, ...] = Field(default=(), description="Labels whose boxes are covered as a whole, such as person.")
    style: Style = Field(
        default="solid", description="How it is covered; pixelate and blur show more and protect less than solid."
    )
    live: bool = Field(
        default=False,
        description="Cover the live picture too: it then comes at the rate at which faces and plates can be found.",
    )
    purpose: str = Field(
        default="to judge what the cameras reported", min_length=1, description="Why pictures are kept, in words."
    )
    face_model: ModelName = Field(default="centerface", description="What finds faces: a catalogue name or a file.")
    plate_model: ModelName = Field(
        default="vehicle-license-plate-detection-barrier-0106",
        description="What finds plates: a catalogue name or a file.",
    )
    within_s: float = Field(
        default=2.0,
        gt=0,
        le=30,
        description="A face or plate model that takes longer has failed for that picture: whole boxes are covered.",
    )
    idle_min: float = Field(
        default=5.0, gt=0, le=240, description="After so long without a key or click a supervisor is an operator again."
    )


class CameraPrivacy(Section):
    """What is covered in one camera's pictures; what is left empty is as for the site."""

    faces: bool | None = Field(default=None, description="Cover the faces that the face model finds.")
    heads: Heads | None = Field(default=None, description="Cover the upper end of a person's box.")
    plates: Plates | None = Field(default=None, description="Cover plates, whole vehicles, or neither.")
    cover: tuple[str, ...] | None = Field(default=None, description="Labels whose boxes are covered as a whole.")
    areas: tuple[AreaSettings, ...] = Field(default=(), description="Parts of the picture that are always covered.")
    style: Style | None = Field(default=None, description="How it is covered.")
    live: bool | None = Field(default=None, description="Cover the live picture too.")
    purpose: str = Field(default="", description="Why this camera's pictures are kept, in words.")
    seal_plates_for: str = Field(
        default="",
        description=(
            "Public key of who may read plates: crops of them are kept sealed for its holder, unreadable here. "
            "Make one with: sightdesk privacy keygen."
        ),
    )


class KeepSettings(Section):
    """How long pictures are kept."""

    days: int = Field(default=30, ge=1, le=3650, description="Pictures go after so many days.")
    gigabytes: float | None = Field(
        default=None, gt=0, le=100_000, description="A camera's oldest go when it has more than this; empty: no limit."
    )


class AuditSettings(Section):
    """The record of who saw, sent, changed and erased what."""

    anchor: str = Field(
        default="",
        description="Full path of a file on another machine, to which the record's newest seal is added each time.",
    )


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


class Fallback(Section):
    """What runs a model when the chosen device is lost."""

    backend: str = Field(description="Runtime: openvino, onnxruntime, or a plug-in's name.")
    device: str = Field(default="CPU", description="Device as the runtime names it.")
    model: ModelName = Field(
        default="", description="Another model, such as one on this machine for one on a server; empty: the same."
    )


Precision = Literal["default", "f32"]


class OwnPlace(Section):
    """What runs one model, where not what runs the others."""

    model: str = Field(min_length=1, description="The model, as it is named by the site or by its cameras.")
    backend: str = Field(description="Runtime: openvino, onnxruntime, or a plug-in's name.")
    device: str = Field(default="CPU", description="Device as the runtime names it.")
    precision: Precision = Field(default="default", description="default or f32, as for the site.")


class InferenceSettings(Section):
    """What runs the models."""

    model: ModelName = Field(
        default="best",
        description=(
            "Model of cameras that name none: a catalogue name, a file, the address of a served model "
            "(grpc://host:port/MODEL), or best: the best that can be had."
        ),
    )
    backend: str = Field(default="openvino", description="Runtime: openvino, onnxruntime, or a plug-in's name.")
    device: str = Field(default="CPU", description="Device as the runtime names it.")
    precision: Precision = Field(
        default="default",
        description="default: what the device runs fastest (such as bf16); f32: exact, for comparisons.",
    )
    scaling: Literal["fast", "exact"] = Field(
        default="fast", description="How pictures are scaled for the model; exact costs about three times as much."
    )
    batch: int = Field(
        default=1, ge=1, le=64, description="Pictures of several cameras given to a model at once, at most."
    )
    batch_wait_ms: float = Field(
        default=4.0,
        ge=0,
        le=100,
        description="How long a picture may wait for others of its batch; never while the device is idle.",
    )
    fallback: tuple[Fallback, ...] = Field(
        default=(),
        description="What to take, in this order, when the chosen device is lost; empty: nothing else, ever.",
    )
    own: tuple[OwnPlace, ...] = Field(
        default=(), description="Models that another runtime, device or precision runs than the rest of the site."
    )

    def of(self, model: str) -> InferenceSettings:
        """What runs one model, named as the settings name it."""
        entry = next((one for one in self.own if one.model == model), None)
        return self if entry is None else self.model_copy(update=entry.model_dump(exclude={"model"}))

    @model_validator(mode="after")
    def _each_once(self) -> InferenceSettings:
        seen: set[str] = set()
        for index, entry in enumerate(self.own):
            if entry.model in seen:
                raise mistake(
                    _("{model} has two entries").format(model=entry.model), _("Keep one."), ("own", index, "model")
                )
            seen.add(entry.model)
        return self


class RemoteEndpoint(Section):
    """A model server that pictures may be sent to."""

    address: str = Field(
        pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):[0-9]{1,5}$",
        description="The server's host:port, as in the model's address.",
    )
    purpose: str = Field(min_length=1, description="Why pictures are sent there, in words; it goes into the audit.")
    pictures: Literal["plain", "covered"] = Field(
        default="plain",
        description="plain: pictures go there as they are; covered: faces, plates and areas are covered first.",
    )
    ca: str = Field(
        default="",
        description="Full path of the certificate (PEM) of who vouches for it; empty: whom the system trusts.",
    )
    certificate: str = Field(
        default="", description="Full path of the certificate (PEM) this machine shows, where the server asks for one."
    )
    key: str = Field(default="", description="Full path of that certificate's private key (PEM).")

    @model_validator(mode="after")
    def _whole_pair(self) -> RemoteEndpoint:
        if bool(self.certificate) != bool(self.key):
            raise mistake(_("a certificate and its key are only of use together"), _("Name both, or neither."))
        return self


class RemoteSettings(Section):
    """Which model servers pictures may be sent to."""

    allowed: tuple[RemoteEndpoint, ...] = Field(
        default=(),
        description="Nothing is sent to a server that is not here; to other machines only with TLS (grpcs, https).",
    )


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

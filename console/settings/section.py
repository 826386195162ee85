"""What every section of the settings is made of. Values never stand in an error: one may be a password."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
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

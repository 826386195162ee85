"""Settings of review: what is put before a person, how much of it, and what his mistakes and the model's cost."""

from __future__ import annotations

from pydantic import Field, model_validator

from console.settings.section import Score, Section, mistake
from models.words import _


class Band(Section):
    """Scores that are in doubt."""

    low: Score = Field(default=0.3, description="The lowest score that is in doubt.")
    high: Score = Field(default=0.45, description="Scores from this one on are not in doubt.")

    @model_validator(mode="after")
    def _in_order(self) -> Band:
        if self.low > self.high:
            raise mistake(_("the doubt band begins above its end"), _("Swap low and high."))
        return self


class ReviewSettings(Band):
    """What is put before a person to be judged."""

    enabled: bool = Field(default=True, description="Doubtful results are put before a person; off: none new.")
    classes: dict[str, Band] = Field(
        default_factory=dict, description="Own doubt bands for some labels, such as person: {low: 0.2, high: 0.5}."
    )
    flicker: int = Field(
        default=3, ge=2, le=100, description="A track that comes back so often within 10 seconds is in doubt."
    )
    per_hour: int = Field(
        default=30, ge=0, le=10_000, description="Doubtful items an hour at most, for each camera and class."
    )
    random_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Share of all tracks drawn by chance, whatever their score: figures of precision come from these.",
    )
    second_share: float = Field(
        default=0.1, ge=0, le=1, description="Share of items that a second person judges too, without seeing the first."
    )
    false_alarm: float = Field(default=1.0, gt=0, le=1_000_000, description="What a false alarm costs this site.")
    miss: float = Field(default=5.0, gt=0, le=1_000_000, description="What a missed object costs, in the same coin.")
    picture_width: int = Field(
        default=1920, ge=320, le=7680, description="Pictures for review are kept no wider than this, in pixels."
    )

    def band(self, label: str) -> Band:
        """The doubt band of a class."""
        name = label.casefold()
        return next((band for own, band in self.classes.items() if own.casefold() == name), self)


class CameraReview(Section):
    """What of one camera is put before a person; what is left empty is as for the site."""

    enabled: bool | None = Field(default=None, description="Doubtful results are put before a person.")
    low: Score | None = Field(default=None, description="The lowest score that is in doubt.")
    high: Score | None = Field(default=None, description="Scores from this one on are not in doubt.")
    per_hour: int | None = Field(default=None, ge=0, le=10_000, description="Doubtful items an hour and class at most.")
    random_share: float | None = Field(default=None, ge=0, le=1, description="Share of its tracks drawn by chance.")

    @model_validator(mode="after")
    def _in_order(self) -> CameraReview:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise mistake(_("the doubt band begins above its end"), _("Swap low and high."))
        return self

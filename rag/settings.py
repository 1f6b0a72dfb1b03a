"""Every setting, read once in a main and passed down: flag → BINHDAN_* → .env → default."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

_SECRET = frozenset({"model_key", "database_url", "oidc_client_secret"})
DOUBLE_REVIEW = 0.1
PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The program's settings. What changes an answer is also stored with every index."""

    model_config = SettingsConfigDict(env_prefix="BINHDAN_", env_file=".env", extra="forbid", frozen=True)

    home: Path = Field(PROJECT / "var", description="folder of all run-time data")
    corpus: Path = Field(PROJECT / "corpus", description="folder of the guides, sheets and lexicons")
    embedding_model: str = Field(
        str(PROJECT / "corpus" / "embedding"), description="path or name of a sentence-transformers model"
    )
    database_url: str = Field("", description="SQLAlchemy URL of the records; empty: SQLite in the home folder")
    host: str = "127.0.0.1"
    port: int = Field(7860, ge=1, le=65535)
    public_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="address at which learners reach the program, for links and QR codes; empty: the address of the request",
    )
    retrieved: int = Field(10, ge=1, le=50, description="how many guides and passages retrieval returns")
    answer_threshold: float = Field(0.5, ge=0, le=1, description="confidence from which a question is answered")
    model: str = Field(
        "", description="language model: openai:, ollama:, anthropic:, google:NAME or local:FILE; empty: none"
    )
    model_url: str = Field("", description="address of the model's server, e.g. http://127.0.0.1:8080/v1")
    model_key: SecretStr | None = Field(None, description="key of the model's server, if it wants one")
    model_first_s: float = Field(20, gt=0, description="seconds until a model must have begun to write")
    model_total_s: float = Field(
        45, gt=0, description="seconds until it must be done; then the composed answer is used"
    )
    model_rest_s: float = Field(30, gt=0, description="seconds that a model rests after three failures in a row")
    model_calls: int = Field(2, ge=1, description="how many answers a model may write at once")
    model_day_tokens: int = Field(0, ge=0, description="tokens that a model may use a day; 0: no limit")
    model_visitor_tokens: int = Field(0, ge=0, description="tokens that one visitor may use a day; 0: no limit")
    oidc_issuer: str = Field("", description="address of an OpenID provider; empty: own accounts only")
    oidc_client_id: str = Field("", validate_default=True, description="this program's name at the OpenID provider")
    oidc_client_secret: SecretStr | None = Field(None, description="its secret there, if the provider gave one")
    oidc_name: str = Field("tài khoản cơ quan", description="what the button calls an account of the OpenID provider")
    handover_days: int = Field(
        14, ge=1, le=365, description="days until a question for a person and its reply are deleted"
    )
    voice: str = Field(
        "",
        pattern=r"^(espeak|piper:.+\.onnx)?$",
        description="the server's voice: espeak or piper:FILE.onnx; empty: none",
    )
    listen: Literal["", "viet-asr"] = Field("", description="recogniser of spoken questions; empty: the browser's")
    double_review: float = Field(
        DOUBLE_REVIEW, ge=0, le=1, description="share of reviews that a second person does again, blindly"
    )
    today: date | None = Field(None, description="answer as of this day instead of the clock's (for tests)")

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _all_or_none(cls, value: str | SecretStr | None, info: ValidationInfo) -> str | SecretStr | None:
        """Refuse half a provider: an issuer without a client, or a client without an issuer."""
        issuer = info.data.get("oidc_issuer", "")
        if value and not issuer:
            raise ValueError("is given without BINHDAN_OIDC_ISSUER")
        if issuer and info.field_name == "oidc_client_id" and not value:
            raise ValueError("BINHDAN_OIDC_ISSUER needs it")
        return value

    @property
    def day(self) -> date:
        """The day that pages and answers are as of: the clock's unless `today` is set."""
        return self.today or date.today()

    @property
    def index_folder(self) -> Path:
        """The folder of the index generations."""
        return self.home / "index"

    @property
    def documents_folder(self) -> Path:
        """The folder of the library."""
        return self.home / "documents"

    @property
    def records_url(self) -> str:
        """The database URL that is in force."""
        return self.database_url or f"sqlite:///{self.home / 'records.sqlite3'}"


def load_settings(**flags: object) -> Settings:
    """Read the settings; a flag that is None was not given. Raises SettingsError naming every bad variable."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        rows = [f"BINHDAN_{str(e['loc'][0]).upper()}: {e['msg']}{_found(e)}" for e in error.errors()]
        raise SettingsError("bad settings: " + "; ".join(rows)) from error


def _found(error: Mapping[str, Any]) -> str:
    """Return what was found; never a secret."""
    return "" if str(error["loc"][0]) in _SECRET else f" (found {error['input']!r})"

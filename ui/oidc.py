"""Sign-in through an OpenID provider: the authorization code flow with PKCE, state and nonce, by Authlib.

Off until BINHDAN_OIDC_ISSUER is set; this module needs the extra `oidc`. A provider vouches for a person and nothing else
happens here: accounts and sessions are the caller's. Every request to the provider is bounded in time and size, follows no
redirect, takes no proxy from the environment and goes to https, or to this machine.
"""

import asyncio
import hmac
import ipaddress
import logging
import math
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import SecretStr

from rag.errors import BinhDanError, SettingsError

try:
    import httpx2
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    from authlib.oidc.core import CodeIDToken
    from authlib.oidc.discovery import get_well_known_url
    from itsdangerous import BadData, URLSafeTimedSerializer
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry
except ImportError as error:
    raise SettingsError("BINHDAN_OIDC_ISSUER needs the extra: pip install 'binh-dan-hoc-ai[oidc]'") from error

log = logging.getLogger(__name__)

PREFIX = "/tai-khoan/oidc"
FAILED = "/tai-khoan/dang-nhap?loi=oidc"
PENDING_S = 600
_COOKIE = "binhdan_oidc"
_SPENT = 10_000  # states remembered as used; behind them the provider itself refuses a code's second use
_REQUEST_S = 5.0
_ANSWER_BYTES = 256 * 1024  # discovery, keys and tokens of large providers take 2 to 20 KB
_KEPT_S, _RENEWED_S = 3600.0, 60.0
_LEEWAY_S = 60  # how far the provider's clock may be off
_NAME_CHARS = 200
_SUBJECT_CHARS = 255  # OpenID Connect Core, section 2
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Keys that only the provider has: with HS256 whoever knows the client's secret could sign.
_SIGNED = JWSRegistry(
    algorithms=["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
    strict_check_header=False,
)
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class OidcError(BinhDanError):
    """The provider did not vouch for anybody. The message is for the log: no token, code or secret is in it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: the provider's page to go to, and what its answer must fit."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for. Subject and issuer together are the person; e-mail (checked by the provider) and name are
    only what it says of them, and may change or pass to another.
    """

    subject: str
    issuer: str
    email: str | None = None
    name: str | None = None


class Oidc:
    """An OpenID provider at which this program is a client. Its documents are kept for an hour."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: SecretStr | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Raise SettingsError when the issuer's address is neither https nor this machine's."""
        if not _is_safe(issuer):
            raise SettingsError(
                f"BINHDAN_OIDC_ISSUER: must begin with https:// or be on this machine (found {issuer!r})"
            )
        self.issuer, self._client_id, self._clock = issuer, client_id, clock
        self._client_secret = client_secret.get_secret_value() if client_secret else None
        self._tls = httpx2.create_ssl_context()
        self._kept: dict[str, tuple[float, Any]] = {}

    async def begin(self, redirect_uri: str) -> Begun:
        """Return where to send the visitor. Raises OidcError."""
        provider = await self._provider()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                provider["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return Begun(url, state, nonce, verifier)

    async def finish(self, begun: Begun, query: Mapping[str, str], redirect_uri: str) -> Identity:
        """Return whom the answer in `query` vouches for. Raises OidcError."""
        if not hmac.compare_digest(query.get("state", "").encode(), begun.state.encode()):
            raise OidcError("the answer's state is not the one that was given")
        provider = await self._provider()
        code = self._code(provider, query)
        async with self._client(redirect_uri) as client:
            with _reading("token"):
                token = await client.fetch_token(
                    provider["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=begun.verifier
                )
            claims = await self._claims(provider, token, begun.nonce)
            said = {**await _userinfo(client, provider, claims), **claims}
        return Identity(
            claims["sub"],
            self.issuer,
            _text(said.get("email")) if said.get("email_verified") is True else None,
            _text(said.get("name")),
        )

    def _client(self, redirect_uri: str | None = None) -> Any:
        """Return Authlib's client, which has no types."""
        return AsyncOAuth2Client(
            self._client_id, self._client_secret, scope="openid profile email", redirect_uri=redirect_uri,
            code_challenge_method="S256", transport=_Door(verify=self._tls), headers={"Accept-Encoding": "identity"},
        )  # fmt: skip

    async def _provider(self) -> dict[str, Any]:
        """Return the provider's description of itself, with addresses that can be trusted."""
        return await self._document(get_well_known_url(self.issuer, external=True), self._trusted)

    def _trusted(self, provider: dict[str, Any]) -> dict[str, Any]:
        if provider.get("issuer") != self.issuer:
            raise OidcError(f"the provider calls itself {provider.get('issuer')!r}, not {self.issuer!r}")
        optional = ["userinfo_endpoint"] if "userinfo_endpoint" in provider else []
        for name in (*_ENDPOINTS, *optional):
            if not _is_safe(provider.get(name), self.issuer):
                raise OidcError(f"the provider's {name} is missing or not as safe as its issuer")
        return provider

    async def _document(self, url: str, read: Callable[[dict[str, Any]], Any], renewed: bool = False) -> Any:
        """Return what `read` makes of the provider's document, at most an hour old, or a minute when it must be renewed.

        What `read` refuses is not kept.
        """
        at, found = self._kept.get(url, (-math.inf, None))
        if self._clock() - at < (_RENEWED_S if renewed else _KEPT_S):
            return found
        async with self._client() as client:
            found = read(_object(await client.request("GET", url, withhold_token=True)))
        self._kept[url] = self._clock(), found
        return found

    def _code(self, provider: Mapping[str, Any], query: Mapping[str, str]) -> str:
        """Return the code of an answer that is this provider's own (RFC 9207) and no refusal."""
        named = bool(provider.get("authorization_response_iss_parameter_supported"))
        if query.get("iss", "" if named else self.issuer) != self.issuer:
            raise OidcError("the answer is not of this provider")
        if "error" in query:
            raise OidcError(f"the provider refused: {_word(query['error'])}")
        if not query.get("code"):
            raise OidcError("the answer has no code")
        return query["code"]

    async def _claims(self, provider: Mapping[str, Any], token: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """Return what the ID token says, once signature, issuer, audience, times, nonce and party are checked."""
        with _reading("ID token"):
            try:
                signed = jwt.decode(token["id_token"], await self._keys(provider), registry=_SIGNED)
            except (InvalidKeyIdError, BadSignatureError):  # the provider may have new keys
                signed = jwt.decode(token["id_token"], await self._keys(provider, renewed=True), registry=_SIGNED)
            wanted = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self._client_id},
                "sub": {"essential": True},
            }
            given = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(signed.claims, signed.header, wanted, given)  # type: ignore[arg-type]
            claims.validate(leeway=_LEEWAY_S)
            if len(claims["sub"]) > _SUBJECT_CHARS:
                raise ValueError("the subject is too long")
            return claims

    async def _keys(self, provider: Mapping[str, Any], renewed: bool = False) -> KeySet:
        return await self._document(provider["jwks_uri"], KeySet.import_key_set, renewed)  # type: ignore[arg-type]


class _Door(httpx2.AsyncHTTPTransport):
    """What every request passes: a whole answer in five seconds and of bounded size, or OidcError.

    A client's own time-outs do not bound a server that drips.
    """

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        try:
            async with asyncio.timeout(_REQUEST_S):
                answer = await super().handle_async_request(request)
                try:
                    body = await _bounded(answer)
                finally:
                    await answer.aclose()
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise OidcError(f"{host} gave no whole answer in {_REQUEST_S:g} s") from error
        except httpx2.TransportError as error:
            raise OidcError(f"{host} cannot be reached: {type(error).__name__}") from error
        return httpx2.Response(answer.status_code, content=body)


async def _bounded(answer: httpx2.Response) -> bytes:
    body = b""
    async for part in answer.stream:  # type: ignore[union-attr]
        body += part
        if len(body) > _ANSWER_BYTES:
            raise OidcError(f"the provider's answer is larger than {_ANSWER_BYTES} bytes")
    return body


async def _userinfo(client: Any, provider: Mapping[str, Any], claims: CodeIDToken) -> dict[str, Any]:
    """Return what the provider says elsewhere, when the ID token does not say it all."""
    if {"email", "name"} <= claims.keys() or "userinfo_endpoint" not in provider:
        return {}
    with _reading("user information"):
        said = _object(await client.get(provider["userinfo_endpoint"]))
    if said.get("sub") != claims["sub"]:
        raise OidcError("the user information is of somebody else")
    return said


def _object(answer: httpx2.Response) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    if answer.status_code != 200:
        raise OidcError(f"{answer.url.host} answered {answer.status_code}")
    with _reading(f"answer of {answer.url.host}"):
        return dict(answer.json())


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn the libraries' errors into ours; of their texts only codes are said, for the rest is the provider's."""
    try:
        yield
    except JoseError as error:
        raise OidcError(f"{what}: {error.error} {_word(getattr(error, 'claim', ''))}".rstrip()) from error
    except AuthlibBaseError as error:
        raise OidcError(f"{what}: refused, {_word(error.error)}") from error
    except (httpx2.HTTPError, *_UNREADABLE) as error:
        raise OidcError(f"{what}: unreadable, {type(error).__name__}") from error


def _word(text: object) -> str:
    """Return a code of OAuth as it is; anything else could be a forged line of the log, or a secret."""
    return str(text) if re.fullmatch(r"[a-z_]{0,40}", str(text)) else "(no code)"


def _text(value: object) -> str | None:
    return value[:_NAME_CHARS] if isinstance(value, str) and value.strip() else None


def _is_safe(url: object, issuer: str = "") -> bool:
    """Tell whether an address is https or this machine's, and of the same scheme as the issuer's."""
    try:
        parts = urlsplit(str(url))
        host = parts.hostname or ""
    except ValueError:
        return False
    if issuer and parts.scheme != urlsplit(issuer).scheme:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def seal(begun: Begun, secret: str) -> str:
    """Return a sign-in under way as signed text for the visitor's cookie."""
    return _sealer(secret).dumps(asdict(begun))


def unseal(text: str, secret: str) -> Begun | None:
    """Return the sign-in of a cookie; None when it is older than ten minutes or not ours."""
    try:
        return Begun(**_sealer(secret).loads(text, max_age=PENDING_S))
    except BadData:
        return None


def _sealer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=_COOKIE)


def oidc_routes(oidc: Oidc, secret: str, on_identity: Callable[[Identity, Request], Response]) -> APIRouter:
    """Return the routes of sign-in; `on_identity` answers a good one, in a thread, and may raise OidcError to refuse it."""
    router = APIRouter(prefix=PREFIX)
    spent: deque[str] = deque(maxlen=_SPENT)

    @router.get("")
    async def begin(request: Request) -> Response:
        try:
            begun = await oidc.begin(str(request.url_for("oidc_finish")))
        except OidcError as error:
            return _failed(error)
        response = RedirectResponse(begun.url, 303)
        response.set_cookie(
            _COOKIE, seal(begun, secret), max_age=PENDING_S, httponly=True, samesite="lax",
            secure=request.url.scheme == "https", path=PREFIX,
        )  # fmt: skip
        return response

    @router.get("/xong", name="oidc_finish")
    async def finish(request: Request) -> Response:
        try:
            begun = _unspent(unseal(request.cookies.get(_COOKIE, ""), secret), spent)
            identity = await oidc.finish(begun, request.query_params, str(request.url_for("oidc_finish")))
            response = await run_in_threadpool(on_identity, identity, request)
        except OidcError as error:
            response = _failed(error)
        response.delete_cookie(_COOKIE, path=PREFIX)
        return response

    return router


def _unspent(begun: Begun | None, spent: deque[str]) -> Begun:
    """Return a sign-in that has not been finished before, and remember it."""
    if begun is None:
        raise OidcError("no sign-in is under way here, or it is too old")
    if begun.state in spent:
        raise OidcError("this sign-in has been finished before")
    spent.append(begun.state)
    return begun


def _failed(error: OidcError) -> Response:
    log.warning("sign-in by OpenID: %s", error)
    return RedirectResponse(FAILED, 303)

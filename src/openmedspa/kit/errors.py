"""What an operation may refuse with. Raised by rules and doors, turned into an answer once, at the edge."""

from collections.abc import Mapping


class Refused(Exception):
    """A request that is understood and not carried out: a status, a stable code, and words for the caller.

    `error` says what is wrong; `detail`, if given, names the field and why. `fields` has every field that is wrong,
    for the dialect that tells them all.
    """

    status = 400
    code = "invalid"

    def __init__(
        self,
        error: str,
        detail: str | None = None,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{error}: {detail}" if detail else error)
        self.error = error
        self.detail = detail
        self.code = code or type(self).code
        self.headers = dict(headers or {})
        self.fields = dict(fields or {})


class Invalid(Refused):
    status, code = 400, "invalid"


class Unauthorized(Refused):
    status, code = 401, "unauthorized"


class Forbidden(Refused):
    status, code = 403, "forbidden"


class NotFound(Refused):
    status, code = 404, "not_found"


class MethodNotAllowed(Refused):
    status, code = 405, "method_not_allowed"


class Conflict(Refused):
    status, code = 409, "conflict"


class TooSlow(Refused):
    status, code = 408, "body_too_slow"


class TooLarge(Refused):
    status, code = 413, "body_too_large"


class UnsupportedMediaType(Refused):
    status, code = 415, "unsupported_media_type"


class TooMany(Refused):
    """The caller is over its limit, and told when to come again."""

    status, code = 429, "too_many"

    def __init__(self, error: str, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(error, detail, headers={"Retry-After": str(retry_after_seconds)})


class Unavailable(Refused):
    """The database is away or we are over our limits: the caller may try again, after the seconds we name."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__("Service unavailable", detail, headers={"Retry-After": str(retry_after_seconds)})


class Failed(Refused):
    """Our own mistake: the caller learns nothing of it but that it happened."""

    status, code = 500, "internal"


class Stopped(Exception):
    """A command or a start that cannot go on: what is wrong, what to do, and the exit code that says which kind.

    Exit codes: 1 failed, 2 wrong usage, 3 not found, 4 refused, 5 cannot reach.
    """

    def __init__(self, what: str, hint: str = "", *, exit_code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.exit_code = exit_code

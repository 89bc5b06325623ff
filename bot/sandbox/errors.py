"""GitHub's refusals: a status, a message and, for 422, a list of field errors."""

from typing import Any

DOCS = "https://docs.github.com/rest"


class GitHubError(Exception):
    """An answer other than success, raised wherever it is noticed and written out by the server."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
        documentation_url: str = DOCS,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}
        self.documentation_url = documentation_url

    def body(self) -> dict[str, Any]:
        """Give the JSON body; `status` is text, as GitHub has it since 2024."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        body["documentation_url"] = self.documentation_url
        body["status"] = str(self.status)
        return body


def not_found() -> GitHubError:
    """GitHub hides what a caller may not see behind the same 404 as what does not exist."""
    return GitHubError(404, "Not Found")


def bad_credentials() -> GitHubError:
    return GitHubError(401, "Bad credentials")


def forbidden(message: str) -> GitHubError:
    return GitHubError(403, message)


def not_accessible() -> GitHubError:
    """The App lacks a permission, or its installation does not cover the repository."""
    return GitHubError(403, "Resource not accessible by integration")


def validation_failed(resource: str, field: str, code: str, message: str | None = None) -> GitHubError:
    """422 with one field error, in the shape of GitHub's validation errors."""
    error = {"resource": resource, "field": field, "code": code}
    if message is not None:
        error["message"] = message
    return GitHubError(422, "Validation Failed", errors=[error])


def unprocessable(message: str) -> GitHubError:
    """422 with a message only, as the git endpoints answer."""
    return GitHubError(422, message)


def invalid_request(*problems: str) -> GitHubError:
    """422 from GitHub's own schema check of the request body."""
    listed = "\n\n".join(problems)
    return GitHubError(422, f"Invalid request.\n\n{listed}")


def body_too_long(resource: str) -> GitHubError:
    """Comments and descriptions hold 65,536 characters; GitHub calls the field `data`."""
    return validation_failed(resource, "data", "unprocessable", "Body is too long (maximum is 65536 characters)")

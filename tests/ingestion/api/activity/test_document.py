"""docs/activity.md: every route is in it, and its commands do what it says, one after the other."""

import re
import shlex

import httpx
import pytest

from ingestion.activity.table import ACTIVITIES
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs" / "activity.md").read_text()
COMMANDS = re.findall(r"^curl .*$", TEXT, re.MULTILINE)
VARIABLES = dict(re.findall(r"^([A-Z]+)=(\S+)$", TEXT, re.MULTILINE))


def read_command(command: str) -> tuple[str, str, dict[str, str], str | None]:
    """Method, path, headers and body of a curl command, as the shell would hand them over."""
    for name, value in VARIABLES.items():
        command = command.replace(f"${name}", value)
    words = shlex.split(command)[1:]
    method, url, body, headers = "GET", "", None, {}
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-d":
                body = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case word:
                url = word
    return method, url.removeprefix(VARIABLES["STUDY"]), headers, body


def test_every_route_has_a_command() -> None:
    told = {read_command(command)[1].partition("?")[0] for command in COMMANDS}
    for activity in ACTIVITIES:
        pattern = re.sub(r"\{\w+\}", "[^/]+", activity.path)
        assert any(re.fullmatch(pattern, path) for path in told), activity.path


@pytest.mark.parametrize("activity", ACTIVITIES, ids=lambda activity: activity.path)
def test_every_route_event_and_name_is_in_the_table(activity: object) -> None:
    (found,) = [each for each in ACTIVITIES if each is activity]
    stem, _, last = found.path.rpartition("/")
    rows = [line for line in TEXT.splitlines() if line.startswith("| `/api/")]
    (row,) = [r for r in rows if f"`{found.path}`" in r or (stem in r and f"`/{last}`" in r)]
    for name in (*found.aliases, *found.lengths, *found.presence):
        assert f"`{name}`" in row, name
    assert f"`{found.first_event}`" in row


def test_commands_are_answered(built_client: httpx.Client) -> None:
    for command in COMMANDS:
        method, path, headers, body = read_command(command)
        response = built_client.request(method, path, headers=headers, content=body)
        assert response.status_code == 200, (command, response.text)
    (session,) = built_client.get(f"/api/users/{VARIABLES['LEARNER']}/sessions").json()["sessions"]
    assert session["end_reason"] == "explicit"

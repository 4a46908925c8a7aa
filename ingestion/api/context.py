"""What a request tells of its sender, cut to what may be stored."""

from fastapi import Request

from ingestion.privacy.networks import truncate_ip

_USER_AGENT_CHARACTERS = 512


def request_context(request: Request) -> dict[str, object]:
    """Return the context stored with each event: `ip` (truncated) and `user_agent`.

    The full address never leaves this function: what is not written cannot leak.
    """
    context: dict[str, object] = {}
    if address := sender_network(request):
        context["ip"] = address
    if user_agent := request.headers.get("user-agent"):
        context["user_agent"] = user_agent.replace("\0", "")[:_USER_AGENT_CHARACTERS]
    return context


def sender_network(request: Request) -> str | None:
    """The sender's address cut to its network, None where it is not known."""
    return truncate_ip(request.client.host) if request.client is not None else None

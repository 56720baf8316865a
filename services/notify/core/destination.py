"""Where a request may go: https to public addresses only, unless the settings allow local receivers.

Source: reliability (what follows, 9).
"""

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit


def refuse_url(url: str, *, allow_local: bool) -> str | None:
    """Return why a URL may not be called, None when it may. Its host's addresses are checked at each connection."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "it is not a URL"
    if parts.scheme != "https" and not (allow_local and parts.scheme == "http"):
        return f"its scheme must be https, found {parts.scheme or 'none'!r:.20}"
    if not host:
        return "it has no host"
    if parts.username is not None or parts.password is not None:
        return "it must not hold a user name or password"
    try:
        ip_address(host)
    except ValueError:
        return None
    return refuse_address(host, allow_local=allow_local)


def refuse_address(address: str, *, allow_local: bool) -> str | None:
    """Return why an IP address may not be connected to, None when it may."""
    if allow_local:
        return None
    parsed = ip_address(address.split("%", 1)[0])
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    if not parsed.is_global or parsed.is_multicast:
        return f"{address} is not a public address"
    return None

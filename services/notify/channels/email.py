"""E-mail: HTML and plain text, to the lead's owner or to fixed addresses, by SMTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated

import aiosmtplib
import msgspec
from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined, select_autoescape

from services.notify.channels.kinds import Channel, ChannelKind, ChannelOptions, Environment, Parcel
from services.notify.core.card import Card
from services.notify.core.decide import Ability
from services.notify.core.figures import instant
from services.notify.core.schedule import OWNER_AWAITED, Lost, Outcome, Refused, Retry, Sent
from services.notify.core.smtp import Smtp
from shared.kernel.errors import ConfigurationError

OWNER = "owner"
LAST_CODE_OF_LATER = 499  # 4yz: later; 5yz: never (RFC 5321, 4.2.1)
TEMPLATES = Templates(
    loader=PackageLoader("services.notify"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
Address = Annotated[str, msgspec.Meta(pattern=r"^(owner|secret:.+|[^@\s,;<>]+@[^@\s,;<>]+)$", max_length=254)]


class EmailOptions(ChannelOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options. Shape: `to` holds addresses and the word `owner`; `otherwise` those used when `to` yields nobody."""

    to: tuple[Address, ...] = (OWNER,)
    otherwise: tuple[Address, ...] = ()


class Email:
    """Mails through one server."""

    def __init__(self, to: tuple[str, ...], otherwise: tuple[str, ...], smtp: Smtp, environment: Environment) -> None:
        self.target = ", ".join(to)
        self._to = to
        self._otherwise = otherwise
        self._smtp = smtp
        self._timeout_s = environment.send_timeout_s
        self._owner_wait_ms = environment.owner_wait_ms

    async def send(self, parcel: Parcel, now_ms: int) -> Outcome:
        """Mail the alert; one to the owner waits a moment for the lead, which comes after the trigger."""
        wait_ms = parcel.decided_at + self._owner_wait_ms - now_ms
        if OWNER in self._to and parcel.owner_email is None and parcel.owner_may_come and wait_ms > 0:
            return Retry(OWNER_AWAITED, wait_ms)
        addresses = self._addresses(parcel.owner_email)
        if not addresses:
            return Refused("nobody to mail to: the owner's address is not known, and the channel names no other")
        mail = make_mail(parcel, addresses, self._smtp.sender, now_ms)
        client = self._client()
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            return _not_connected(error)
        try:
            refused, _said = await client.send_message(mail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _not_sent(error)
        finally:
            client.close()
        note = f"refused for {', '.join(sorted(refused))}" if refused else ""
        taken = ", ".join(address for address in addresses if address not in refused)
        return Sent({"message_id": str(mail["Message-ID"]), "to": taken}, note)

    async def find(self, parcel: Parcel) -> Sent | None:  # noqa: ARG002 - the port's signature
        """Return None: a mail server cannot be asked what it has taken."""
        return None

    def _addresses(self, owner: str | None) -> list[str]:
        named = {OWNER: owner}
        for group in (self._to, self._otherwise):
            found = [named.get(address, address) for address in group]
            addresses = list(dict.fromkeys(address for address in found if address))
            if addresses:
                return addresses
        return []

    def _client(self) -> aiosmtplib.SMTP:
        smtp = self._smtp
        return aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.username,
            password=smtp.password,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            timeout=self._timeout_s,
        )


def make_mail(parcel: Parcel, addresses: list[str], sender: str, now_ms: int) -> EmailMessage:
    """Return the mail of an alert. Its Message-ID is the same at each repeat, so that mailboxes can tell."""
    card = parcel.card
    words = _words(card)
    mail = EmailMessage()
    mail["Subject"] = card.line
    mail["From"] = sender
    mail["To"] = ", ".join(addresses)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now_ms // 1000, UTC))
    domain = sender.rpartition("@")[2].rstrip(">")
    mail["Message-ID"] = f"<{parcel.key}@{domain}>"
    if parcel.ref and parcel.ref.get("message_id"):
        mail["In-Reply-To"] = mail["References"] = parcel.ref["message_id"]
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(TEMPLATES.get_template("alert.txt").render(words))
    mail.add_alternative(TEMPLATES.get_template("alert.html").render(words), subtype="html")
    return mail


def _words(card: Card) -> Mapping[str, object]:
    facts = [
        ("Recommended play", f"{card.play}: {card.response}"),
        ("Respond by", instant(card.due_at, card.time_zone)),
        ("Owner", card.owner),
    ]
    if not card.about_account:
        return {"card": card, "facts": facts}
    if card.bridge:
        facts.insert(1, ("What to say", card.bridge))
    if card.about_growth:
        facts += [("Worth, estimated", card.worth), ("Motion", card.motion), ("Readiness", card.readiness)]
    facts += [("Stage", card.stage), ("Health", card.health)]
    return {"card": card, "facts": facts}


def _not_connected(error: Exception) -> Outcome:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Retry(f"the mail server refused the connection: {error.code} {error.message[:200]}")
    return Retry(f"cannot connect to the mail server: {type(error).__name__}")


def _not_sent(error: Exception) -> Outcome:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [each.code for each in error.recipients]
        said = f"all addresses were refused: {', '.join(f'{each.recipient} {each.code}' for each in error.recipients)}"
        return Refused(said) if min(codes, default=0) > LAST_CODE_OF_LATER else Retry(said)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = f"the mail server answered {error.code}: {error.message[:200]}"
        return Refused(said) if error.code > LAST_CODE_OF_LATER else Retry(said)
    if isinstance(error, aiosmtplib.SMTPNotSupported | ValueError):
        return Refused(f"the mail server cannot take it: {error}"[:300])
    return Lost(f"no answer from the mail server: {type(error).__name__}")


def open_channel(where: str, options: EmailOptions, environment: Environment) -> Channel:
    """Return the channel. Errors: `ConfigurationError` when no mail server is set."""
    if environment.smtp is None:
        raise ConfigurationError(f"{where} needs a mail server: set smtp_host and email_from")
    reveal = environment.reveal
    to = tuple(reveal(address, f"{where}.to") for address in options.to)
    otherwise = tuple(reveal(address, f"{where}.otherwise") for address in options.otherwise)
    return Email(to, otherwise, environment.smtp, environment)


KIND = ChannelKind(
    kind="email",
    what="e-mail, HTML and text, by SMTP",
    ability=Ability(),
    options=EmailOptions,
    open=open_channel,
    interval_ms=0,
    workers=4,
)

"""`/v1/prompts/{account_id}`: the prompts that the product shows inside itself."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends

from services.notify.api.desk import Desk, require_token
from services.notify.core.card import Card, Subject, make_card
from services.notify.core.product import for_the_product
from services.notify.repository import hot, log
from shared.kernel.clock import iso


def prompt_routes(desk: Desk) -> APIRouter:
    """Return the route of in-app prompts."""
    router = APIRouter(prefix="/v1/prompts", tags=["prompts"], dependencies=[Depends(require_token(desk))])

    @router.get("/{account_id}", summary="The open in-app prompts of an account, newest first")
    async def list_prompts(account_id: str) -> dict[str, Any]:
        now_ms = desk.clock()
        prompts = []
        async with desk.engine.connect() as connection:
            for message_id, play in await log.open_prompts(connection, account_id, desk.switchboard.prompts):
                content = hot.decode_content(await hot.read_content(connection, message_id, account_id, play))
                url = desk.account_url.replace("{account_id}", quote(account_id, safe=""))
                subject = for_the_product(Subject(content.told, content.lead, content.owner, url))
                if subject is not None:
                    prompts.append(_show(make_card(subject, (), now_ms), message_id))
        return {"account_id": account_id, "prompts": prompts}

    return router


def _show(card: Card, message_id: int) -> dict[str, Any]:
    return {
        "prompt_id": message_id,
        "trigger_id": card.trigger_id,
        "play": card.play_id,
        "title": card.title,
        "text": card.happenings[-1].evidence,
        "action": card.response,
        "account_url": card.account_url or None,
        "respond_by": iso(card.due_at),
    }

"""Ingest as FastAPI's and aiokafka's documentation teach it: pydantic models in, a send per event, every ack awaited.

Run it with `uvicorn tests.bench.peers.fastapi_ingest:app`; the environment names broker, topic and write key.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from aiokafka import AIOKafkaProducer
from fastapi import Depends, FastAPI, HTTPException, Request, status
from pydantic import BaseModel, Field

TOPIC = os.environ["TOPIC"]
WRITE_KEY = os.environ["WRITE_KEY"]


class Context(BaseModel):
    """Where a call was made."""

    group_id: str = Field(alias="groupId", min_length=1)


class FeatureUsed(BaseModel):
    """The properties of a call."""

    feature: str = Field(min_length=1)
    quantity: int = Field(default=1, ge=0)


class Call(BaseModel):
    """One call of Segment's dialect."""

    type: str
    event: str
    message_id: str = Field(alias="messageId", min_length=1)
    user_id: str = Field(alias="userId", min_length=1)
    timestamp: datetime
    context: Context
    properties: FeatureUsed


class Batch(BaseModel):
    """One body."""

    batch: list[Call]
    sent_at: datetime = Field(alias="sentAt")
    write_key: str = Field(alias="writeKey")


class Event(BaseModel):
    """One event as it is written."""

    id: str
    type: str
    account_id: str
    user_id: str
    occurred_at: datetime
    received_at: datetime
    properties: FeatureUsed


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """Hold a producer while the application runs."""
    async with AIOKafkaProducer(bootstrap_servers=os.environ["BROKER"], acks="all") as producer:
        yield {"producer": producer}


app = FastAPI(lifespan=lifespan)


def get_producer(request: Request) -> AIOKafkaProducer:
    """Return the application's producer."""
    return request.state.producer


@app.post("/v1/batch")
async def take(body: Batch, producer: Annotated[AIOKafkaProducer, Depends(get_producer)]) -> dict[str, Any]:
    """Take a batch."""
    if body.write_key != WRITE_KEY:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "unknown write key")
    now = datetime.now(UTC)
    acks = []
    for call in body.batch:
        event = Event(
            id=call.message_id,
            type=call.event,
            account_id=call.context.group_id,
            user_id=call.user_id,
            occurred_at=min(call.timestamp, now),
            received_at=now,
            properties=call.properties,
        )
        value, key = event.model_dump_json().encode(), event.account_id.encode()
        acks.append(await producer.send(TOPIC, value, key=key))
    await asyncio.gather(*acks)
    return {"accepted": len(acks), "rejected": []}

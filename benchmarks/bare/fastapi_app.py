"""The least that FastAPI and SQLAlchemy can do with items: no accounts, no log, no limits."""

import os
import uuid

from fastapi import FastAPI, HTTPException
from items import OWNER, Item, ItemCreate, ItemPublic, Page
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

url = os.environ["DATABASE"].replace("postgresql://", "postgresql+asyncpg://")
sessions = async_sessionmaker(create_async_engine(url, pool_size=10), expire_on_commit=False)
app = FastAPI()


@app.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/items/{item_id}")
async def get_item(item_id: uuid.UUID) -> ItemPublic:
    async with sessions() as session:
        item = await session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    return ItemPublic.model_validate(item)


@app.get("/api/v1/items")
async def list_items(size: int = 50) -> Page:
    mine = Item.owner_id == OWNER
    newest = select(Item).where(mine).order_by(Item.id.desc())
    async with sessions() as session:
        items = await session.scalars(newest.limit(size))
        total = await session.scalar(select(func.count()).select_from(Item).where(mine))
    return Page(items=[ItemPublic.model_validate(item) for item in items], total=total or 0)


@app.post("/api/v1/items", status_code=201)
async def create_item(data: ItemCreate) -> ItemPublic:
    async with sessions.begin() as session:
        item = Item(owner_id=OWNER, **data.model_dump())
        session.add(item)
    return ItemPublic.model_validate(item)

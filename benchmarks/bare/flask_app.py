"""The least that Flask and SQLAlchemy can do with items: no accounts, no log, no limits."""

import os
import uuid

from flask import Flask, Response, abort, request
from items import OWNER, Item, ItemCreate, ItemPublic, Page
from pydantic import BaseModel
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import sessionmaker

url = os.environ["DATABASE"].replace("postgresql://", "postgresql+psycopg://")
sessions = sessionmaker(create_engine(url, pool_size=16), expire_on_commit=False)
app = Flask(__name__)


def answer(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump_json(), status, mimetype="application/json")


@app.get("/health/live")
def live() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/items/<uuid:item_id>")
def get_item(item_id: uuid.UUID) -> Response:
    with sessions() as session:
        item = session.get(Item, item_id)
    if item is None:
        abort(404)
    return answer(ItemPublic.model_validate(item))


@app.get("/api/v1/items")
def list_items() -> Response:
    mine = Item.owner_id == OWNER
    newest = select(Item).where(mine).order_by(Item.id.desc())
    size = request.args.get("size", 50, int)
    with sessions() as session:
        items = session.scalars(newest.limit(size))
        shown = [ItemPublic.model_validate(item) for item in items]
        total = session.scalar(select(func.count()).select_from(Item).where(mine))
    return answer(Page(items=shown, total=total or 0))


@app.post("/api/v1/items")
def create_item() -> Response:
    data = ItemCreate.model_validate_json(request.get_data())
    with sessions.begin() as session:
        item = Item(owner_id=OWNER, **data.model_dump())
        session.add(item)
    return answer(ItemPublic.model_validate(item), 201)

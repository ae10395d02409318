"""The one file that knows everybody: settings in, an ASGI application out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from openmedspa import __version__, installation, worker
from openmedspa.demo.constants import ADMIN_SECRET as DEMO_ADMIN_SECRET
from openmedspa.exams import wire as exam_dialect
from openmedspa.kit import http as kit
from openmedspa.kit import openapi
from openmedspa.kit.api import Api
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import APP_ROLE, AWAY, SYSTEM_ROLE, Database, connect_pool
from openmedspa.kit.errors import Unavailable
from openmedspa.kit.fresh import Fresh
from openmedspa.kit.house import Carriers, House
from openmedspa.kit.page_server import Pages
from openmedspa.kit.pages import templates
from openmedspa.partners import jobs as partners
from openmedspa.partners import tokens
from openmedspa.partners import wire as partner_dialect
from openmedspa.partners.access import ApiKey
from openmedspa.partners.bearer import Bearer
from openmedspa.routes import exam
from openmedspa.routes.documents import exam_document, partner_document
from openmedspa.routes.pages import page_table
from openmedspa.routes.partner import PARTNER_API
from openmedspa.settings import Settings
from openmedspa.usage import audit, calls

SYSTEM_POOL_SIZE = 8  # the worker, the log of calls, and the operators' pages


def create() -> Starlette:
    """For uvicorn's factory: the settings of this process's environment."""
    return build_app(Settings.read())


class Front(Starlette):
    """Hands an API's calls straight to it: Starlette's middleware and router would cost a fifth of a read."""

    def __init__(self, apis: list[Api], **options: Any) -> None:
        super().__init__(**options)
        self._apis = {api.prefix[1:]: api for api in apis}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        api = self._apis.get(scope["path"][1:].split("/", 1)[0]) if scope["type"] == "http" else None
        if api is not None:
            await api(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(settings: Settings) -> Starlette:
    """The product as one ASGI application; its lifespan opens the database and the background work, and ends both."""
    exam_api = Api(
        dialect=exam_dialect,
        entrance=ApiKey(settings.environment),
        routes=[*exam.routes(settings.environment), _served(exam_dialect.PREFIX, exam_openapi(settings))],
    )
    partner_api = Api(
        dialect=partner_dialect,
        entrance=Bearer(),
        routes=[_served(partner_dialect.PREFIX, partner_document(settings.base_url)), *PARTNER_API],
    )

    pages = Pages(page_table(settings.environment), templates("openmedspa.portals"), trouble="layout/trouble.html")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_house(settings) as house:
            app.state.house = exam_api.house = partner_api.house = pages.house = house
            jobs = [
                worker.forever(lambda: audit.keep_flushing(house), name="audit"),
                worker.forever(lambda: calls.keep_writing(house), name="calls"),
                worker.forever(lambda: partners.keep_noting_uses(house), name="uses of keys"),
            ]
            if settings.run_worker:
                jobs.append(worker.run(house))
            async with _beside(jobs):
                yield
            await audit.flush_at_exit(house)
            await calls.write_at_exit(house)

    return Front(
        [exam_api, partner_api],
        lifespan=lifespan,
        routes=[
            Route("/", _front),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            Mount("/static", StaticFiles(packages=[("openmedspa.portals.layout", "static")])),
            Mount("/", pages),
        ],
    )


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Pools, caches and secrets of one process, on a database that is migrated and of this environment."""
    fresh = Fresh()
    async with AsyncExitStack() as stack:
        await installation.require_ready(settings)
        app_pool = await connect_pool(settings.database_url, role=APP_ROLE, size=settings.pool_size)
        stack.push_async_callback(_close, app_pool)
        system_pool = await connect_pool(settings.database_url, role=SYSTEM_ROLE, size=SYSTEM_POOL_SIZE)
        stack.push_async_callback(_close, system_pool)
        await stack.enter_async_context(_beside([fresh.listen(settings.database_url)]))
        system, vault = Database(system_pool, fresh), Vault(settings.secret_key)
        await installation.require_secret(system, vault)
        await tokens.require_signing_key(system, vault)
        yield House(
            db=Database(app_pool, fresh),
            system=system,
            vault=vault,
            public_url=settings.base_url,
            is_production=settings.environment == "production",
            allow_loopback=settings.demo and settings.is_loopback,
            carriers=Carriers(**{field: getattr(settings, field) for field in Carriers.__struct_fields__}),
            webhook_user_agent=settings.webhook_user_agent,
            admin_secret=settings.admin_secret or (DEMO_ADMIN_SECRET if settings.demo and settings.is_loopback else ""),
            metrics_token=settings.metrics_token,
            call_days=settings.call_days,
        )


def exam_openapi(settings: Settings) -> openapi.Schema:
    """The exam API's OpenAPI document, as this server's environment has it."""
    return exam_document(settings.environment, settings.base_url)


@asynccontextmanager
async def _beside(jobs: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run the jobs for as long as the block, then cancel them and wait until they have ended.

    Cancelled again and again: `asyncio.wait_for` may swallow a cancellation that comes as it ends (Python 3.11).
    """
    running = {asyncio.create_task(job) for job in jobs}
    try:
        yield
    finally:
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.5)


async def _close(pool: Any) -> None:
    try:
        await asyncio.wait_for(pool.close(), timeout=5)
    except (TimeoutError, OSError):
        pool.terminate()


async def _front(request: Request) -> Response:
    """Where to go from here: people to the documentation, programs to the API."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/docs", status_code=303)
    base = str(request.base_url)
    apis = {"exam_api": exam_dialect.PREFIX, "partner_api": partner_dialect.PREFIX}
    links = {name: f"{base}{prefix[1:]}" for name, prefix in apis.items()}
    described = {f"{name}_openapi": f"{link}/openapi.json" for name, link in links.items()}
    return JSONResponse({"name": "OpenMedspa", "version": __version__, **links, **described, "docs": f"{base}docs"})


async def _healthz(_request: Request) -> Response:
    """The process lives."""
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """200 once the database answers, is migrated and, under --demo, loaded."""
    house: House = request.app.state.house
    with contextlib.suppress(*AWAY, Unavailable):
        if await installation.is_ready(house.system, house.db):
            return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready"}, status_code=503, headers={"Retry-After": "1"})


def _served(prefix: str, document: openapi.Schema) -> kit.Route:
    """The route that answers an API's own OpenAPI document, to anybody."""
    text = msgspec.json.encode(document)

    async def serve(_call: kit.Call[None]) -> bytes:
        """This document."""
        return text

    return kit.Route("GET", f"{prefix}/openapi.json", serve, kit.Open(), answer=dict)

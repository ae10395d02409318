"""All SQL on products. One catalogue for everybody: these tables have no tenants."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Tx

COLUMNS = """
p.vendor_code, p.product_code, p.name, p.retail_price, p.description, p.category, p.brand, p.upc, p.unit,
p.retired_at, p.partner_id, p.created_at, p.updated_at
"""
OF_VENDOR = "lower(p.vendor_code) = lower({vendor})"
# The longest word by the index of trigrams, all of them by looking.
WITH_WORDS = "p.words ilike $3 and p.words ilike all ($4::text[])"
# An exact code, the exact name, a code or name that begins so, the rest.
RANK = """
case when lower(p.product_code) = lower($5) or lower(p.upc) = lower($5) then 0
     when lower(p.vendor_code) = lower($5) or lower(p.name) = lower($5) then 1
     when starts_with(lower(p.product_code), lower($5)) or starts_with(lower(p.name), lower($5)) then 2
     else 3 end
"""


async def list_products(
    db: Reads, *, vendor_code: str | None, limit: int, offset: int, most_counted: int
) -> tuple[int, list[Row]]:
    """How many there are, counting no further than one beyond `most_counted`, and a page of them by their codes."""
    of_vendor = f"where {OF_VENDOR.format(vendor='$4')}" if vendor_code is not None else ""
    rows = await db.unscoped_rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted from (select from products p {of_vendor} limit $3::int + 1) x) c
        left join
          (select {COLUMNS} from products p {of_vendor}
           order by p.vendor_code, p.product_code limit $1 offset $2) f on true
        order by f.vendor_code, f.product_code
        """,
        limit,
        offset,
        most_counted,
        *([vendor_code] if vendor_code is not None else []),
    )
    return _page(rows)


async def search_products(
    db: Reads, search: str, *, patterns: Sequence[str], vendor_code: str | None, limit: int, offset: int,
    most_counted: int,
) -> tuple[int, list[Row]]:  # fmt: skip
    """The same of those that hold all patterns, of which the first is the most telling; best first."""
    where = f"where {WITH_WORDS}" + (f" and {OF_VENDOR.format(vendor='$7')}" if vendor_code is not None else "")
    rows = await db.unscoped_rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted from (select from products p {where} limit $6::int + 1) x) c
        left join
          (select {RANK} as rank, {COLUMNS} from products p {where}
           order by rank, p.name, p.vendor_code, p.product_code limit $1 offset $2) f on true
        order by f.rank, f.name, f.vendor_code, f.product_code
        """,
        limit,
        offset,
        patterns[0],
        patterns,
        search,
        most_counted,
        *([vendor_code] if vendor_code is not None else []),
    )
    return _page(rows)


def _page(rows: list[Row]) -> tuple[int, list[Row]]:
    return rows[0]["counted"] if rows else 0, [row for row in rows if row["vendor_code"] is not None]


async def upsert_products(tx: Tx, partner_id: int | None, products: str, *, now: datetime) -> Row:
    """Insert, change or leave each row of a JSON list of columns; a column that a row does not name stays as it is.

    Answers created, updated, unchanged, and the positions of `foreign` rows, which are another's; also how many
    `newer` there are, which somebody else inserts at this moment: nothing is known of those, and the transaction has
    to run again.

    Twins that write the same products at once cannot deadlock:
    1. Lock those that are ours and there, by their codes, and put old and new together.
    2. By their codes again, write what is new or changed. Whoever waits here, for somebody else's new row, waits for
       one who is at 2 as well.

    A plan is kept, and one that was made while the catalogue was empty must not compare each of 10,000 rows with each:
    therefore rows are looked up one by one, and by the index.
    """
    await tx.unscoped_row("select set_config('enable_seqscan', 'off', true)")
    row = await tx.unscoped_row(
        """
        with given as materialized (
          select e.position, e.product, e.product ->> 'vendor_code' as vendor_code,
                 e.product ->> 'product_code' as product_code
          from jsonb_array_elements($2::jsonb) with ordinality e (product, position)
          order by vendor_code, product_code
        ), merged as materialized (
          select g.position, g.vendor_code, g.product_code, p.id, g.product ->> 'name' as name,
            (case when g.product ? 'retail_price' then (g.product ->> 'retail_price')::numeric else p.retail_price end)
              ::numeric(12, 2) as retail_price,
            case when g.product ? 'description' then g.product ->> 'description' else p.description end as description,
            case when g.product ? 'category' then g.product ->> 'category' else p.category end as category,
            case when g.product ? 'brand' then g.product ->> 'brand' else p.brand end as brand,
            case when g.product ? 'upc' then g.product ->> 'upc' else p.upc end as upc,
            case when g.product ? 'unit' then g.product ->> 'unit' else p.unit end as unit,
            case when not g.product ? 'active' then p.retired_at
                 when (g.product ->> 'active')::boolean then null
                 else coalesce(p.retired_at, $3::timestamptz) end as retired_at,
            p.id is null and exists (
              select from products o where o.vendor_code = g.vendor_code and o.product_code = g.product_code
            ) as is_foreign,
            (p.name, p.retail_price, p.description, p.category, p.brand, p.upc, p.unit, p.retired_at) as was
          from given g
          left join lateral (
            select p.* from products p
            where p.vendor_code = g.vendor_code and p.product_code = g.product_code
              and p.partner_id is not distinct from $1
            offset 0
            for update
          ) p on true
        ), judged as materialized (
          select m.*, m.id is not null
            and (m.name, m.retail_price, m.description, m.category, m.brand, m.upc, m.unit, m.retired_at)
              is distinct from m.was as is_changed
          from merged m
        ), written as (
          insert into products as p (id, partner_id, vendor_code, product_code, name, retail_price, description,
                                     category, brand, upc, unit, retired_at, created_at, updated_at)
          select coalesce(j.id, nextval('products_id_seq')), $1, j.vendor_code, j.product_code, j.name, j.retail_price,
                 j.description, j.category, j.brand, j.upc, j.unit, j.retired_at, $3, $3
          from judged j where j.is_changed or (j.id is null and not j.is_foreign)
          order by j.vendor_code, j.product_code
          on conflict (vendor_code, product_code) do update
            set name = excluded.name, retail_price = excluded.retail_price, description = excluded.description,
                category = excluded.category, brand = excluded.brand, upc = excluded.upc, unit = excluded.unit,
                retired_at = excluded.retired_at, updated_at = excluded.updated_at
            where p.id = excluded.id  -- another id: newer than what this statement sees
          returning p.id
        ), counted as (
          select count(*) filter (where j.id is null and not j.is_foreign) as new,
                 count(*) filter (where j.is_changed) as updated,
                 count(*) filter (where j.id is not null and not j.is_changed) as unchanged,
                 coalesce(array_agg(j.position - 1 order by j.position) filter (where j.is_foreign), '{}') as foreign
          from judged j
        )
        select w.written - c.updated as created, c.updated, c.unchanged, c.foreign,
               c.new + c.updated - w.written as newer
        from counted c, (select count(*) as written from written) w
        """,
        partner_id,
        products,
        now,
    )
    assert row is not None
    return row

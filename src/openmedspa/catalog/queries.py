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
    1. Lock those that are ours and there, by their codes.
    2. Change them, in whatever order: they are locked.
    3. Insert the others by their codes. Who waits here waits for somebody else's step 3.

    The parts are joined with the table only, never with each other, and by its index: a plan is kept, and one that was
    made while the catalogue was empty would compare each of 10,000 rows with each.
    """
    await tx.unscoped_row("select set_config('enable_seqscan', 'off', true)")
    row = await tx.unscoped_row(
        """
        with given as materialized (
          select e.position, e.product, e.product ->> 'vendor_code' as vendor_code,
                 e.product ->> 'product_code' as product_code
          from jsonb_array_elements($2::jsonb) with ordinality e (product, position)
        ), present as materialized (
          select p.*,
            g.product ->> 'name' as new_name,
            case when g.product ? 'retail_price' then (g.product ->> 'retail_price')::numeric else p.retail_price end
              as new_retail_price,
            case when g.product ? 'description' then g.product ->> 'description' else p.description end
              as new_description,
            case when g.product ? 'category' then g.product ->> 'category' else p.category end as new_category,
            case when g.product ? 'brand' then g.product ->> 'brand' else p.brand end as new_brand,
            case when g.product ? 'upc' then g.product ->> 'upc' else p.upc end as new_upc,
            case when g.product ? 'unit' then g.product ->> 'unit' else p.unit end as new_unit,
            case when not g.product ? 'active' then p.retired_at
                 when (g.product ->> 'active')::boolean then null
                 else coalesce(p.retired_at, $3::timestamptz) end as new_retired_at
          from given g join products p on p.vendor_code = g.vendor_code and p.product_code = g.product_code
          where p.partner_id is not distinct from $1
          order by p.vendor_code, p.product_code
          for update of p
        ), changed as (
          update products p
          set name = n.new_name, retail_price = n.new_retail_price, description = n.new_description,
              category = n.new_category, brand = n.new_brand, upc = n.new_upc, unit = n.new_unit,
              retired_at = n.new_retired_at, updated_at = $3
          from present n
          where p.id = n.id
            and (n.name, n.retail_price, n.description, n.category, n.brand, n.upc, n.unit, n.retired_at)
              is distinct from (n.new_name, n.new_retail_price, n.new_description, n.new_category, n.new_brand,
                                n.new_upc, n.new_unit, n.new_retired_at)
          returning p.id
        ), made as (
          insert into products (partner_id, vendor_code, product_code, name, retail_price, description, category, brand,
                                upc, unit, retired_at, created_at, updated_at)
          select $1, g.vendor_code, g.product_code, g.product ->> 'name', (g.product ->> 'retail_price')::numeric,
                 g.product ->> 'description', g.product ->> 'category', g.product ->> 'brand', g.product ->> 'upc',
                 g.product ->> 'unit', case when not (g.product ->> 'active')::boolean then $3 end, $3, $3
          from given g
          where (select count(*) from present) >= 0  -- locks first
            and not exists (
              select from products p where p.vendor_code = g.vendor_code and p.product_code = g.product_code)
          order by g.vendor_code, g.product_code
          on conflict do nothing
          returning id
        ), others as materialized (
          select g.position from given g
          join products p on p.vendor_code = g.vendor_code and p.product_code = g.product_code
          where p.partner_id is distinct from $1
        )
        select c.created, c.updated, c.present - c.updated as unchanged, c.foreign,
               c.given - c.present - c.created - cardinality(c.foreign) as newer
        from (select (select count(*) from given) as given,
                     (select count(*) from present) as present,
                     (select count(*) from made) as created,
                     (select count(*) from changed) as updated,
                     (select coalesce(array_agg(o.position - 1 order by o.position), '{}') from others o) as foreign) c
        """,
        partner_id,
        products,
        now,
    )
    assert row is not None
    return row

"""Looks at a page with axe-core, as it stands in the browser: what would shut somebody out, in words."""

from pathlib import Path

from playwright.async_api import Page

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast"]
RUN = """async ([tags, rules]) => (await axe.run(document, {
  runOnly: rules ? {type: 'rule', values: rules} : {type: 'tag', values: tags},
  resultTypes: ['violations'], preload: false, iframes: false,
})).violations.flatMap(found => found.nodes.map(node =>
  `${found.id}: ${node.target.join(' ')}: ${(node.any[0] || node.all[0] || node.none[0] || {}).message || ''}`))"""
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def findings(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """By WCAG 2.2 AA, or by these rules only. Run beside the page's own policy, which lets no such script in."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found: list[str] = await page.evaluate(RUN, [TAGS, rules])
    if await page.evaluate(OVERFLOW):
        found.append("overflow: the page is wider than its window")
    return found

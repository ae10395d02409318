"""Every check of the partner API can fail: before a server that gets one thing wrong, those about it say so."""

from fnmatch import fnmatchcase

import pytest
from served import Served
from verify.conftest import Verify
from verify.partner_defects import DEFECTS
from verify.spoiler import Defect, spoiling

from openmedspa.verify.partner.contents import CONTRACT


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.says)
async def test_a_server_that(demo: Served, verify_partner: Verify, defect: Defect) -> None:
    async with spoiling(f"{demo.url}/v1", defect) as url:
        run = await verify_partner(url, *defect.fails.split())
    assert [result.check.id for result in run.results if result.outcome != "failed"] == []
    assert all(result.expected and result.came for result in run.results)
    assert run.failed(strict=True)


def test_no_check_is_beyond_failing() -> None:
    patterns = [pattern for defect in DEFECTS for pattern in defect.fails.split()]
    assert [check.id for check in CONTRACT if not any(fnmatchcase(check.id, pattern) for pattern in patterns)] == []
    unused = [pattern for pattern in patterns if not any(fnmatchcase(check.id, pattern) for check in CONTRACT)]
    assert unused == []


async def test_nothing_fails_before_a_proxy_that_spoils_nothing(demo: Served, verify_partner: Verify) -> None:
    async with spoiling(f"{demo.url}/v1", None) as url:
        run = await verify_partner(url)
    assert [(result.check.id, result.came, result.why) for result in run.results if result.outcome != "held"] == []

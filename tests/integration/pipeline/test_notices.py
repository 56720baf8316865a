"""Facts of accounts that have no effect, over the API and in the doctor's words, on a real database."""

from deploy.local.settings import local_settings
from tests.support.pipeline.office import Office
from tests.support.pipeline.samples import make_snapshot
from upswing.doctor.accounts import notices
from upswing.doctor.finding import Setup


async def test_facts_without_effect_are_told_with_the_account_and_by_the_doctor(office: Office, database: str) -> None:
    """The API gives the snapshot's notices; the doctor sums them up over all accounts."""
    wrong = "plan 'Growthh' is not in the playbook"
    setup = Setup(local_settings(), running=True, kafka=None, database=database)
    await office.show(make_snapshot("good"))
    assert [finding.state async for finding in notices(setup)] == ["ok"]
    await office.show(*(make_snapshot(name, notices=(wrong,)) for name in ("a1", "a2")))
    assert (await office.as_("viewer").get("/v1/accounts/a1")).json()["notices"] == [wrong]
    assert (await office.as_("viewer").get("/v1/accounts/good")).json()["notices"] == []
    (found,) = [finding async for finding in notices(setup)]
    assert found.state == "note"
    assert found.sentence.startswith(f"{wrong} (2 accounts, such as a")

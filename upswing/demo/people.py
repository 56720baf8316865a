"""The made-up company's own people: who owns the customers, and where they hear of alerts."""

from typing import Any

PEOPLE: tuple[dict[str, Any], ...] = (
    {"person_id": "mgr-lena", "name": "Lena Vogt", "roles": ["manager"], "email": "lena@example.com"},
    {
        "person_id": "csm-pool",
        "name": "Success pool",
        "roles": ["pool", "csm"],
        "segments": ["smb"],
        "email": "success@example.com",
        "manager_id": "mgr-lena",
    },
    {
        "person_id": "csm-mara",
        "name": "Mara Ilves",
        "roles": ["csm"],
        "segments": ["mid_market"],
        "email": "mara@example.com",
        "slack_id": "U0MARA",
        "manager_id": "mgr-lena",
        "time_zone": "Europe/Tallinn",
    },
    {
        "person_id": "csm-jonas",
        "name": "Jonas Brandt",
        "roles": ["csm"],
        "segments": ["enterprise"],
        "email": "jonas@example.com",
        "slack_id": "U0JONAS",
        "manager_id": "mgr-lena",
        "time_zone": "Europe/Berlin",
    },
    {
        "person_id": "ae-noor",
        "name": "Noor Haddad",
        "roles": ["ae"],
        "email": "noor@example.com",
        "slack_id": "U0NOOR",
        "manager_id": "mgr-lena",
        "time_zone": "Europe/London",
    },
)
SLACK_NAMES: dict[str, str] = {row["slack_id"]: row["name"] for row in PEOPLE if "slack_id" in row}

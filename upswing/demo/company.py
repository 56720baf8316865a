"""The demo of the made-up company: ninety days of history, then scenes that happen now."""

import asyncio
import time
from functools import partial
from pathlib import Path

from shared.io.playbooks import read_playbook
from shared.kernel.clock import HOUR_MS
from shared.kernel.errors import DependencyError
from shared.kernel.playbook import Playbook
from shared.kernel.triggers import Trigger
from upswing.demo.cast import CAST
from upswing.demo.desk import Desk
from upswing.demo.past import past
from upswing.demo.scenes import Scene, calls_of, everyday, scenes
from upswing.demo.show import Show
from upswing.demo.stage import Stage
from upswing.demo.watch import until_drained
from upswing.history.whole import play_until_now

PLAYBOOK = Path(__file__).parents[2] / "playbooks" / "demo.yaml"
STEP_MS = 6 * HOUR_MS
DRAIN_SECONDS = 60.0
SCENE_SECONDS = 60.0
QUIET_SECONDS = 1.5
PAUSE_SECONDS = 1.2  # a Slack webhook takes one message a second


async def play_company(stage: Stage, desk: Desk, show: Show) -> None:
    """Play history, hand over, then play the scenes. Errors: `DependencyError` when what must follow does not."""
    playbook = read_playbook(PLAYBOOK)
    calls = past(playbook, stage.begin_ms)
    show.title(f"Ninety days of {len(CAST)} customers: {len(calls):,} events through the Segment SDK")
    with show.progress("history", len(calls)) as bar:
        await play_until_now(calls, stage.sender, stage.controls, now_ms=_now, step_ms=STEP_MS, told=bar.told)
    waiting = await until_drained(stage.stack.bootstrap, DRAIN_SECONDS)
    if waiting:
        raise DependencyError(f"{waiting:,} records are still waiting after {DRAIN_SECONDS:.0f} s: see {_logs(stage)}")
    held = [record for record in stage.watch.latest().values() if record.record == "held"]
    show.say(f"history is in: {len(held)} triggers are held, and nobody was alerted about the past")
    show.title("Now, live")
    await _play_scenes(stage, desk, show, playbook)


async def _play_scenes(stage: Stage, desk: Desk, show: Show, playbook: Playbook) -> None:
    show.say("people come to work; what history left standing, and nothing holds any more, is released")
    for call in everyday(_now()):
        stage.sender.send(call)
    await asyncio.to_thread(stage.sender.flush)
    await until_drained(stage.stack.bootstrap, DRAIN_SECONDS)
    await desk.until_quiet(QUIET_SECONDS)
    for number, scene in enumerate(scenes(playbook), start=1):
        show.say(f"{number}. {scene.told}")
        since, alerts = len(stage.watch.records), len(desk.alerts)
        now_ms = _now()
        for call in calls_of(scene, number, now_ms):
            desk.sending(call, _now())
            stage.sender.send(call)
        await asyncio.to_thread(stage.sender.flush)
        record = await stage.watch.until(partial(_is_wanted, scene), since, SCENE_SECONDS)
        if record is None:
            raise DependencyError(
                f"{scene.rule} was not {scene.outcome} for {scene.customer.name} within {SCENE_SECONDS:.0f} s: "
                f"see {_logs(stage)}"
            )
        if record.record == "held":
            show.say(f"   held, because of {', '.join(record.gate.held_because)}: {scene.because}")
        elif not await desk.until_about(scene.customer.name, alerts, SCENE_SECONDS):
            raise DependencyError(f"no alert arrived within {SCENE_SECONDS:.0f} s: see {_logs(stage)}")
        await asyncio.sleep(PAUSE_SECONDS)
    await desk.until_quiet(QUIET_SECONDS)


def _is_wanted(scene: Scene, record: Trigger) -> bool:
    return (record.rule, record.record, record.account_id) == (scene.rule, scene.outcome, scene.customer.account_id)


def _logs(stage: Stage) -> Path:
    return stage.stack.log("signals").parent


def _now() -> int:
    return time.time_ns() // 1_000_000

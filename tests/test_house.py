"""What holds the house together: queues are served, rules are pure, names are in one place, the paper agrees."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from connectors import STORES, postgres
from connectors.sandbox import SANDBOXES
from schemas.reasons import Reason
from schemas.settings import STORE_SETTINGS
from workers import embedded_postgres
from workers.app import QUEUES, ROUTES, app
from workers.programs import all_programs
from workers.schedule import FIXED

ROOT = Path(__file__).parent.parent
FINISHED = [
    *(f"ORD-{number}" for number in range(1, 11)),
    *(f"MAP-{number}" for number in range(1, 13)),
    *(f"CHG-{number}" for number in range(1, 10)),
    *(f"FUL-{number}" for number in (*range(1, 9), *range(10, 16))),
    *(f"STK-{number}" for number in range(1, 14)),
    *(f"MUL-{number}" for number in range(1, 5)),
    *(f"DOR-{number}" for number in range(3, 6)),
    "STI-1",
]


@pytest.mark.parametrize("file", ["Procfile", "docker-compose.yml"])
def test_every_queue_has_a_worker(file: str) -> None:
    text = (ROOT / file).read_text()

    assert all(re.search(rf"-Q\W+[\w,]*\b{queue}\b", text) for queue in QUEUES)


def test_storesync_up_serves_every_queue() -> None:
    (worker,) = (program for program in all_programs(workers=1, flower_port=1, web_port=2) if program.name == "worker")

    assert ",".join(QUEUES) in worker.command


def test_storesync_up_names_every_worker_by_its_machine() -> None:
    programs = {program.name: program for program in all_programs(workers=2, flower_port=1, web_port=2)}
    names = [" ".join(programs[name].command) % {"process_num": 1} for name in ("worker", "courier")]

    assert "-n worker1@%h" in names[0]
    assert "-n courier@%h" in names[1]


def test_every_task_is_routed_to_a_queue() -> None:
    app.loader.import_default_modules()
    tasks = {name for name in app.tasks if not name.startswith("celery.")}

    assert tasks == set(ROUTES)
    assert set(ROUTES.values()) <= set(QUEUES)


def test_every_fixed_beat_entry_is_a_task_and_expires() -> None:
    assert all(entry["task"] in ROUTES and "expires" in entry["options"] for entry in FIXED.values())


def test_every_platform_has_a_sandbox() -> None:
    assert set(STORES) == set(SANDBOXES)


@pytest.mark.parametrize("rule", FINISHED)
def test_every_finished_rule_is_named_by_a_test(rule: str) -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py") if file != Path(__file__))

    assert re.search(rf"{rule.replace('-', '[-_]')}(?!\d)", tests)


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(name.split("_")[0]) for name, _ in postgres.migrations()]

    assert numbers == list(range(1, len(numbers) + 1))


def test_SQL_stands_only_in_its_own_files() -> None:
    statement = re.compile(r"""["'](SELECT|INSERT INTO|UPDATE|DELETE FROM)\s""")
    files = [file for folder in ("schemas", "tasks", "workers") for file in (ROOT / folder).rglob("*.py")]
    found = [str(file) for file in files if statement.search(file.read_text())]

    assert found == [str(ROOT / "workers" / "schedule.py")]  # its advisory lock


def test_tasks_never_ask_for_a_platform_by_name() -> None:
    names = re.compile(r"""["'](woocommerce|shopify|bigcommerce)["']""")
    found = [str(file) for file in (ROOT / "tasks").rglob("*.py") if names.search(file.read_text())]

    assert found == []


def test_every_reason_is_documented() -> None:
    page = (ROOT / "docs" / "reasons.md").read_text()

    assert [reason for reason in Reason if f"`{reason}`" not in page] == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()

    assert [key for key in STORE_SETTINGS if f"`{key}`" not in page] == []


COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_restarts_and_checks_every_service(name: str) -> None:
    service = COMPOSE[name]

    assert service["restart"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}  # or they fill the disk
    assert name == "setup" or service["healthcheck"]
    assert "celery" not in str(service.get("healthcheck"))  # to ask by celery takes a second of a processor


def test_compose_holds_no_secret_and_starts_nothing_without_one() -> None:
    values = [
        value
        for service in COMPOSE.values()
        for key, value in service["environment"].items()
        if re.search("PASSWORD|SECRET|AUTH|_URL", key)
    ]

    assert values
    assert all(":?run make env}" in value for value in values)


def test_compose_builds_one_image_once() -> None:
    ours = {name: service for name, service in COMPOSE.items() if service["image"].startswith("storesync")}

    assert {service["image"] for service in ours.values()} == {"storesync:latest"}
    assert [name for name, service in ours.items() if "build" in service] == ["setup"]
    assert {service["pull_policy"] for name, service in ours.items() if name != "setup"} == {"never"}


def test_compose_redis_is_the_process_that_hears_the_end() -> None:
    shell, flag, script = COMPOSE["redis"]["command"]

    assert (shell, flag) == ("sh", "-c")
    assert script.endswith("&& exec docker-entrypoint.sh redis-server /tmp/redis.conf")
    assert 'save ""' in script


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_what_runs_is_pinned_alike_where_it_is_tested_and_brings_no_tools_along() -> None:
    runs, tested = _pins("requirements.lock"), _pins("requirements-dev.lock")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    tools = {re.match(r"[\w.-]+", wanted)[0] for wanted in groups["dev"]}  # type: ignore[index]

    assert runs.items() <= tested.items()
    assert tools <= tested.keys()
    assert not tools & runs.keys()


def test_postgresql_in_docker_logs_as_little_of_statements_as_our_own() -> None:
    command = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["postgres"]["command"]

    ours = {setting for setting in embedded_postgres.SETTINGS if setting.startswith("log_")} - {"log_timezone=UTC"}

    assert set(command[2::2]) == ours


def test_importing_the_app_starts_nothing() -> None:
    code = "import workers.app, sys; sys.exit('psycopg_pool' in sys.modules and workers.app.app.configured)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

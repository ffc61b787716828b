"""What holds the house together: queues are served, rules are pure, names are in one place, the paper agrees."""

import ast
import inspect
import re
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml

from connectors import platforms, postgres
from connectors.config import Config
from sandbox import HUB_SANDBOXES, SANDBOXES
from schemas.reasons import Reason
from schemas.settings import STORE_SETTINGS
from tasks.lanes import LANES
from workers.app import QUEUES, TASKS, app
from workers.cli.sandbox import HUBS
from workers.embedded import postgres as embedded_postgres
from workers.schedule import FIXED
from workers.supervision.programs import all_programs, environment

ROOT = Path(__file__).parent.parent
FINISHED = [
    *(f"ORD-{number}" for number in range(1, 11)),
    *(f"MAP-{number}" for number in range(1, 13)),
    *(f"CHG-{number}" for number in range(1, 10)),
    *(f"FUL-{number}" for number in (*range(1, 9), *range(10, 16))),
    *(f"STK-{number}" for number in range(1, 14)),
    *(f"MUL-{number}" for number in range(1, 5)),
    *(f"DOR-{number}" for number in range(1, 8)),
    *(f"CON-{number}" for number in range(2, 5)),
    "STI-1",
    *(f"BEY-{number}" for number in (3, 4, 5, 8, 9)),
]


@pytest.mark.parametrize("file", ["Procfile", "docker-compose.yml"])
def test_every_queue_has_a_worker(file: str) -> None:
    text = (ROOT / file).read_text()

    assert all(re.search(rf"-Q\W+[\w,]*\b{queue}\b", text) for queue in QUEUES)


def test_storesync_up_serves_every_queue() -> None:
    (worker,) = (program for program in all_programs(workers=1, flower_port=1, web_port=2) if program.name == "worker")

    assert ",".join(QUEUES) in worker.command


def test_Flower_of_storesync_up_asks_for_the_login_of_its_home(tmp_path: Path) -> None:
    config = Config("", "", tmp_path, "", "text")
    (flower,) = (program for program in all_programs(workers=1, flower_port=1, web_port=2) if program.name == "flower")

    login = environment(config)["FLOWER_BASIC_AUTH"]

    assert login == (tmp_path / "flower_login").read_text()
    assert login not in " ".join(flower.command)


def test_storesync_up_names_every_worker_by_its_machine() -> None:
    programs = {program.name: program for program in all_programs(workers=2, flower_port=1, web_port=2)}
    names = [" ".join(programs[name].command) % {"process_num": 1} for name in ("worker", "courier")]

    assert "-n worker1@%h" in names[0]
    assert "-n courier@%h" in names[1]


def test_every_task_is_routed_to_a_queue() -> None:
    app.loader.import_default_modules()
    tasks = {name for name in app.tasks if not name.startswith("celery.")}

    assert tasks == set(TASKS)
    assert {task.queue for task in TASKS.values()} <= set(QUEUES)
    assert {name: app.tasks[name].__module__ for name in TASKS} == {name: task.module for name, task in TASKS.items()}


def test_every_fixed_beat_entry_is_a_task_and_expires() -> None:
    assert all(entry["task"] in TASKS and "expires" in entry["options"] for entry in FIXED.values())


def test_every_platform_has_a_sandbox() -> None:
    assert set(platforms.PLATFORMS) == set(SANDBOXES)
    assert set(HUBS) == set(HUB_SANDBOXES)


@pytest.mark.parametrize("rule", FINISHED)
def test_every_finished_rule_is_named_by_a_test(rule: str) -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py") if file != Path(__file__))

    assert re.search(rf"{rule.replace('-', '[-_]')}(?!\d)", tests)


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(name.split("_")[0]) for name, _ in postgres.migrations()]

    assert numbers == list(range(1, len(numbers) + 1))


def test_decisions_are_numbered_as_they_came() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))

    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    assert [page.read_text().split()[1] for page in pages] == [page.name[:4] for page in pages]


def test_SQL_stands_only_in_its_own_files() -> None:
    statement = re.compile(r"""["'](SELECT|INSERT INTO|UPDATE|DELETE FROM)\s""")
    files = [file for folder in ("schemas", "tasks", "workers") for file in (ROOT / folder).rglob("*.py")]
    found = [str(file) for file in files if statement.search(file.read_text())]

    assert found == [str(ROOT / "workers" / "schedule.py")]  # its advisory lock


def _statements() -> list[str]:
    files = (ROOT / "connectors").rglob("queries/*.sql")
    return [name for file in files for name in re.findall(r"^-- name: (\w+)$", file.read_text(), re.MULTILINE)]


def test_no_statement_has_the_name_of_another() -> None:
    assert [name for name, times in Counter(_statements()).items() if times > 1] == []


def test_every_statement_is_used() -> None:
    code = "\n".join(file.read_text() for file in (ROOT / "connectors").rglob("*.py"))

    assert set(_statements()) - set(re.findall(r"""["'](\w+)["']""", code)) == set()


def test_no_two_public_classes_have_one_name() -> None:
    folders = ("schemas", "connectors", "tasks", "workers")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    names = Counter(
        node.name for file in files for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)
    )

    assert [name for name, times in names.items() if times > 1 and not name.startswith("_")] == []


def names_of_platforms(file: Path) -> set[str]:
    """Where code names a platform: a name of Python's that holds one, or a text that is one. Prose and examples may."""
    platform = re.compile("|".join(platforms.PLATFORMS), re.IGNORECASE)
    with file.open("rb") as lines:
        return {
            token.string
            for token in tokenize.tokenize(lines.readline)
            if (token.type == tokenize.NAME and platform.search(token.string))
            or (token.type == tokenize.STRING and platform.fullmatch(token.string.strip("\"'")))
        }


def test_only_the_list_of_platforms_names_them_outside_their_folders() -> None:
    own = {f"{folder}/{name}" for folder in ("schemas", "connectors") for name in platforms.PLATFORMS}
    files = [file for folder in ("schemas", "connectors", "tasks", "workers") for file in (ROOT / folder).rglob("*.py")]
    found = [file.relative_to(ROOT) for file in files if names_of_platforms(file)]

    assert [str(file) for file in found if str(file.parent) not in own] == ["connectors/platforms.py"]


def test_the_list_of_platforms_has_one_line_for_each() -> None:
    text = (ROOT / "connectors" / "platforms.py").read_text()

    assert [sum(name in line for line in text.splitlines()) for name in platforms.PLATFORMS] == [1, 1, 1]


def test_every_error_is_met_in_one_place() -> None:
    meets = re.compile(r"^\s*except( Exception\b.*| BaseException\b.*)?:", re.MULTILINE)
    folders = ("schemas", "connectors", "tasks", "workers")
    found = {
        str(file.relative_to(ROOT)): len(meets.findall(file.read_text()))
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
    }

    assert {file: number for file, number in found.items() if number} == {
        "tasks/trouble.py": 1,
        "connectors/postgres/__init__.py": 1,  # a connection is closed whatever ends its making, and that goes on
    }


def test_every_task_on_a_store_has_its_lane() -> None:
    app.loader.import_default_modules()
    of_stores = {name for name in TASKS if "store" in inspect.signature(app.tasks[name].run).parameters}

    assert of_stores == set(LANES)


def test_what_comes_from_the_database_is_typed_in_tasks_and_workers() -> None:
    rows = re.compile(r"postgres\.Row\b|^\s*from connectors\.postgres import .*\bRow\b|dict_row", re.MULTILINE)
    files = [file for folder in ("tasks", "workers") for file in (ROOT / folder).rglob("*.py")]

    assert [str(file) for file in files if rows.search(file.read_text())] == []


def test_modules_of_the_database_are_called_by_their_names() -> None:
    renamed = re.compile(r"^\s*from connectors\.postgres import \w+ as ", re.MULTILINE)
    files = [file for folder in ("connectors", "tasks", "workers", "bench") for file in (ROOT / folder).rglob("*.py")]

    assert [str(file) for file in files if renamed.search(file.read_text())] == []


def test_tasks_have_one_clock_and_one_chance() -> None:
    other = re.compile(r"\b(datetime\.now|utcnow|random\.\w+\()")
    found = [str(file) for file in (ROOT / "tasks").rglob("*.py") if other.search(file.read_text())]

    assert found == [str(ROOT / "tasks" / "held.py")]


def test_the_built_in_hub_is_named_only_where_a_hub_is_wired_and_by_its_own_commands() -> None:
    name = re.compile(r"\b(PostgresHub|BuiltinHub)\b|import.* builtin_hub|connectors\.builtin_hub")
    folders = ("schemas", "connectors", "tasks", "workers")
    files = [file.relative_to(ROOT) for folder in folders for file in (ROOT / folder).rglob("*.py")]
    own = ("connectors/builtin_hub/", "connectors/hubs.py", "workers/cli/hub/", "workers/cli/demo/whole.py")

    assert [file for file in files if name.search((ROOT / file).read_text()) and not str(file).startswith(own)] == []


def test_what_storesync_remembers_asks_nothing_of_the_hub_s_own_tables() -> None:
    queries = {file.name: postgres.queries(file.stem) for file in (ROOT / "connectors/postgres/queries").glob("*.sql")}

    assert [(file, name) for file, of in queries.items() for name, text in of.items() if "hub." in text] == []


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
        if re.search("PASSWORD|SECRET|AUTH|_URL", key) and key != "PUBLIC_URL"
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

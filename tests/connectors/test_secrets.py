"""connectors.secrets: credentials at rest (BEY-9)."""

import dataclasses
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken

from connectors.config import Config, ConfigError
from connectors.keys import flower_login, is_random, new_key
from connectors.secrets import Secrets, _stretched, _unstretched, open_secrets

CREDENTIALS = {"consumer_key": "ck_1", "consumer_secret": "cs_ü"}
OLD, NEW = "correct horse battery", "staple correct horse"


@pytest.fixture
def embedded(tmp_path: Path) -> Config:
    return Config(database_url="", redis_url="", home=tmp_path / "home", secret_key="", log="text")


@pytest.fixture
def external(embedded: Config) -> Config:
    return dataclasses.replace(embedded, database_url="postgresql://x", redis_url="redis://x")


@pytest.mark.parametrize(
    "key", [OLD, Fernet.generate_key().decode(), "x" * 44, "ключ" * 4], ids=["old", "new", "no base64", "cyrillic"]
)
def test_BEY_9_credentials_come_back_and_do_not_show(key: str) -> None:
    locked = Secrets([key]).lock(CREDENTIALS)

    assert "ck_1" not in locked
    assert Secrets([key]).unlock(locked) == CREDENTIALS


def test_a_fernet_key_is_used_as_it_is() -> None:
    key = Fernet.generate_key()

    locked = Secrets([key.decode()]).lock(CREDENTIALS)

    assert b"ck_1" in Fernet(key).decrypt(locked.encode())


@pytest.mark.long
def test_BEY_9_a_passphrase_is_stretched_with_a_salt_that_is_kept() -> None:
    one, other = Secrets([OLD]).lock(CREDENTIALS), Secrets([OLD]).lock(CREDENTIALS)

    assert [text.split(":")[0] for text in (one, other)] == ["scrypt", "scrypt"]
    assert one.split(":")[1] != other.split(":")[1]
    with pytest.raises(InvalidToken):  # what a guess costs no more than a hash
        Fernet(_unstretched(OLD)).decrypt(one.split(":")[2].encode())
    with pytest.raises(ConfigError):
        Secrets([NEW]).unlock(one)


def test_BEY_9_what_is_locked_next_is_stretched_no_more_than_once() -> None:
    secrets = Secrets([OLD])
    secrets.unlock(Secrets([OLD]).lock(CREDENTIALS))
    before = _stretched.cache_info().misses

    assert secrets.unlock(secrets.lock(CREDENTIALS)) == CREDENTIALS
    assert _stretched.cache_info().misses == before


def test_BEY_9_what_a_passphrase_locked_before_still_opens_and_rotates() -> None:
    old = Fernet(_unstretched(OLD)).encrypt(json.dumps(CREDENTIALS).encode()).decode()

    assert Secrets([OLD]).unlock(old) == CREDENTIALS
    assert Secrets([NEW]).unlock(Secrets([NEW, OLD]).rotate(old)) == CREDENTIALS


def test_BEY_9_a_new_key_is_random_and_of_its_form() -> None:
    assert is_random(new_key())
    assert new_key() != new_key()
    assert not is_random(OLD)


def test_Flower_s_login_is_made_once_and_kept_private(embedded: Config) -> None:
    login = flower_login(embedded)

    assert login.startswith("storesync:")
    assert len(login) > 30
    assert flower_login(embedded) == login
    assert stat.S_IMODE((embedded.home / "flower_login").stat().st_mode) == 0o600
    assert flower_login(dataclasses.replace(embedded, flower_login="me:chosen")) == "me:chosen"


def test_BEY_9_after_a_rotation_the_old_key_is_not_needed() -> None:
    locked = Secrets([OLD]).lock(CREDENTIALS)

    rotated = Secrets([NEW, OLD]).rotate(locked)

    assert Secrets([NEW]).unlock(rotated) == CREDENTIALS


def test_while_rotating_both_keys_open_and_the_first_locks() -> None:
    both = Secrets([NEW, OLD])

    assert both.unlock(Secrets([OLD]).lock(CREDENTIALS)) == CREDENTIALS
    assert Secrets([NEW]).unlock(both.lock(CREDENTIALS)) == CREDENTIALS


@pytest.mark.parametrize(
    "text", ["nonsense", "ü", Secrets([OLD]).lock(CREDENTIALS)], ids=["nonsense", "no key", "other"]
)
def test_a_wrong_key_says_what_to_do(text: str) -> None:
    for ask in (Secrets([NEW]).unlock, Secrets([NEW]).rotate):
        with pytest.raises(ConfigError, match="STORESYNC_SECRET_KEY"):
            ask(text)


def test_a_disconnected_store_has_no_credentials() -> None:
    secrets = Secrets([NEW])

    assert (secrets.lock({}), secrets.unlock(""), secrets.rotate("")) == ("", {}, "")


def test_a_short_key_is_refused_by_name(external: Config) -> None:
    with pytest.raises(ConfigError, match="STORESYNC_SECRET_KEY"):
        open_secrets(dataclasses.replace(external, secret_key=f"{NEW},short"))


def test_several_keys_stand_behind_commas(external: Config) -> None:
    secrets = open_secrets(dataclasses.replace(external, secret_key=f" {NEW} , {OLD},"))

    assert secrets.unlock(Secrets([OLD]).lock(CREDENTIALS)) == CREDENTIALS


def test_your_own_servers_need_a_key(external: Config) -> None:
    with pytest.raises(ConfigError, match="STORESYNC_SECRET_KEY must be set"):
        open_secrets(external)

    assert not external.home.exists()


def test_embedded_servers_make_a_key_once_and_keep_it_private(embedded: Config) -> None:
    locked = open_secrets(embedded).lock(CREDENTIALS)

    assert open_secrets(embedded).unlock(locked) == CREDENTIALS
    assert stat.S_IMODE((embedded.home / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in embedded.home.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_get_the_same_key(embedded: Config) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_secrets, [embedded] * 8))

    locked = opened[0].lock(CREDENTIALS)
    assert all(secrets.unlock(locked) == CREDENTIALS for secrets in opened)


def test_a_broken_key_file_is_named(embedded: Config) -> None:
    embedded.home.mkdir()
    (embedded.home / "secret_key").write_text("")

    with pytest.raises(ConfigError, match="secret_key"):
        open_secrets(embedded)

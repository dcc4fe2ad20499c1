"""The configuration: where it comes from, what it refuses, and what it says then."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from features.adapters import FILES
from features.errors import QuerenciaError
from serving.settings import Settings, load
from training.registry import Registry

pytestmark = pytest.mark.usefixtures("workplace")


def write(text: str, path: str = "querencia.toml") -> Path:
    Path(path).write_text(text)
    return Path(path)


def test_defaults_need_no_file() -> None:
    settings = load()
    assert settings == Settings.model_construct()
    assert (settings.data, settings.store) == (Path("data"), Path("mlruns"))
    assert (settings.name, settings.language, settings.tables) == ("querencia", "en", {})
    assert settings.features.horizon_days == 90
    assert (settings.list.top_share, settings.list.min_risk, settings.list.most) == (0.2, 0.5, 500)
    assert (settings.service.host, settings.service.port) == ("127.0.0.1", 3000)


def test_the_file_beside_us_is_read() -> None:
    write(
        """
        language = "es"
        [features]
        horizon_days = 60
        [tables.transactions]
        path = "orders.csv"
        columns.customer_id = "Kunde"
        """
    )
    settings = load()
    assert settings.language == "es"
    assert settings.features.horizon_days == 60
    assert settings.features.currency == "EUR"
    assert settings.tables["transactions"].path == "orders.csv"
    assert settings.tables["transactions"].columns == {"customer_id": "Kunde"}


def test_a_variable_names_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write('name = "here"')
    monkeypatch.setenv("QUERENCIA_CONFIG", str(write('name = "there"', "other.toml")))
    assert load().name == "there"


def test_what_is_given_beats_the_environment_which_beats_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write('name = "file"\n[list]\nmost = 1\nmin_risk = 0.1\ntop_share = 0.1')
    monkeypatch.setenv("QUERENCIA_NAME", "environment")
    monkeypatch.setenv("QUERENCIA_LIST__MOST", "2")
    monkeypatch.setenv("QUERENCIA_LIST__MIN_RISK", "0.2")
    settings = load(list={"most": 3})
    assert settings.name == "environment"
    assert settings.list.model_dump() == {"most": 3, "min_risk": 0.2, "top_share": 0.1}


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load().name = "other"  # type: ignore[misc]


def test_the_registry_is_the_named_model_in_the_named_store(workplace: Path) -> None:
    registry = load(store=Path("store"), name="shop").registry
    assert isinstance(registry, Registry)
    assert (registry.folder, registry.model_name) == (workplace / "store", "shop")


@pytest.mark.parametrize(
    ("text", "entry", "why"),
    [
        ("[features]\nhorizon_days = 0", "features.horizon_days", "greater than 0"),
        ("[features]\ncurency = 'EUR'", "features.curency", "not permitted"),
        ("[features]\ncurrency = 'euro'", "features.currency", "match pattern"),
        ("[features]\ntime_zone = 'Mars'", "features.time_zone", "no such time zone"),
        ("[features]\ntime_zone = '../etc'", "features.time_zone", "no such time zone"),
        ("[list]\nmost = 'many'", "list.most", "valid integer"),
        ("[service]\nport = 70000", "service.port", "less than 65536"),
        ("language = 'fr'", "language", "'en' or 'es'"),
        ("[tables.transactions]\nfile = 'a.csv'", "tables.transactions.file", "not permitted"),
        ("[feature]\nhorizon_days = 3", "feature", "not permitted"),
    ],
)
def test_a_wrong_entry_is_named_with_the_reason(text: str, entry: str, why: str) -> None:
    write(text)
    with pytest.raises(QuerenciaError, match=rf"(?m)^  {entry}: .*{why}") as told:
        load()
    assert "querencia.toml" in str(told.value)
    assert "querencia config --defaults" in str(told.value)


def test_every_wrong_entry_is_named() -> None:
    write("[features]\nhorizon_days = 0\n[list]\nmost = 0\nmin_risk = 2")
    with pytest.raises(QuerenciaError) as told:
        load()
    for entry in ("features.horizon_days", "list.most", "list.min_risk"):
        assert f"  {entry}: " in str(told.value)


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("QUERENCIA_LIST__MOST", "0", "list.most"),
        ("QUERENCIA_LIST__MOSTT", "5", "list.mostt"),
        ("QUERENCIA_TABLES", "orders.csv", '"tables"'),
        ("QUERENCIA_LANG", "es", "QUERENCIA_LANG"),
        ("querencia_liste__most", "5", "querencia_liste__most"),
    ],
)
def test_a_wrong_variable_is_named(
    variable: str, value: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(QuerenciaError, match=named):
        load()


@pytest.mark.parametrize("content", [b"[features", b"name = querencia", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_told_as_such(content: bytes) -> None:
    Path("querencia.toml").write_bytes(content)
    with pytest.raises(QuerenciaError, match=r"querencia\.toml.* is wrong"):
        load()


def test_a_definition_that_comes_with_the_product_is_named_in_place_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUERENCIA_CONFIG", "olist")
    monkeypatch.setenv("QUERENCIA_LANGUAGE", "es")
    settings = load()
    assert (settings.features.currency, settings.language) == ("BRL", "es")
    assert set(settings.tables) == {"customers", "transactions", "surveys"}
    assert settings.tables["surveys"].source().files["orders"] == Path("orders.parquet")


@pytest.mark.parametrize("name", FILES)
def test_every_definition_is_a_configuration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERENCIA_CONFIG", name)
    assert load().tables


def test_a_file_goes_before_a_definition_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERENCIA_CONFIG", str(write('name = "mine"', "olist")))
    assert load().name == "mine"


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERENCIA_CONFIG", "nowhere.toml")
    with pytest.raises(QuerenciaError, match=r"no configuration file nowhere\.toml.*olist"):
        load()


def entries(settings: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from entries(type(field.default), f"{path}{name}.")
        else:
            yield f"{path}{name}", field


def test_every_entry_has_a_meaning() -> None:
    assert [name for name, field in entries(Settings) if not field.description] == []

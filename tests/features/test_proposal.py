"""For a file nobody knows, a mapping is proposed that reads it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.intake import Intake, take_in
from features.proposal import Guess, Proposal, propose
from features.reading import Found, Reading, look
from features.records import CONTRACTS, SURVEYS, TICKETS, TRANSACTIONS, Contract
from features.settings import FeatureSettings, TableSettings
from features.sources import Source, attach, connect
from features.synonyms import SYNONYMS

NUMBER, INSTANT = Reading("number"), Reading("instant")


def proposal(path: Path, contract: Contract = TRANSACTIONS) -> Proposal:
    with connect("UTC") as connection:
        attach(connection, Source(path))
        return propose(look(connection), contract, Source(path))


def proposed(path: Path, contract: Contract = TRANSACTIONS) -> TableSettings:
    found = proposal(path, contract)
    return TableSettings(columns=found.columns, where=found.where)


def columns(found: list[Found], contract: Contract = TRANSACTIONS) -> dict[str, str]:
    return propose(found, contract, Source()).columns


def take(path: Path, settings: TableSettings, folder: Path) -> Intake:
    source = Source(path, settings.columns, settings.where)
    return take_in(source, TRANSACTIONS, folder, FeatureSettings(time_zone="Europe/Madrid"))


def records(folder: Path, *columns: str) -> list[tuple[Any, ...]]:
    rows = pq.read_table(folder / "records" / "transactions.parquet", columns=list(columns))
    return [tuple(row.values()) for row in rows.to_pylist()]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


ONLINE_RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HEART,6,{}2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536366,71053,LANTERN,6,2010-12-01 08:28:00,3.39,13047,United Kingdom
C536367,71053,LANTERN,-6,2010-12-13 08:28:00,3.39,17850,United Kingdom
"""


def test_online_retail_typed(tmp_path: Path, csv: Path) -> None:
    csv.write_text(ONLINE_RETAIL.format(""))
    rows = pd.read_csv(csv, parse_dates=["InvoiceDate"])
    rows.to_parquet(tmp_path / "lines.parquet")
    assert proposed(tmp_path / "lines.parquet").columns == {
        "transaction_id": "InvoiceNo || '-' || row_number() OVER ()",
        "customer_id": "CustomerID",
        "occurred_at": "InvoiceDate",
        "amount": "Quantity * UnitPrice",
    }


def test_online_retail_as_text_with_american_dates(tmp_path: Path, csv: Path) -> None:
    csv.write_text(
        ONLINE_RETAIL.format("")
        .replace("2010-12-01 08:26:00", "12/1/2010 8:26")
        .replace("2010-12-01 08:28:00", "12/1/2010 8:28")
        .replace("2010-12-13 08:28:00", "12/13/2010 8:28")
    )
    settings = proposed(csv)
    assert settings.columns["occurred_at"] == "try_strptime(InvoiceDate, '%m/%d/%Y %H:%M')"
    assert take(csv, settings, tmp_path).kept == 4
    assert records(tmp_path, "transaction_id", "customer_id", "amount") == [
        ("536366-3", "13047", 20.34),
        ("536365-2", "17850", 20.34),
        ("536365-1", "17850", 15.3),
        ("C536367-4", "17850", -20.34),
    ]


def test_a_spanish_export(tmp_path: Path, csv: Path) -> None:
    csv.write_text(
        "Pedido;Cliente;Fecha;Importe;Canal;Divisa;Fecha prevista de entrega;Categoría\n"
        "A1;ana;31/05/2024;1.234,50 €;web;EUR;02/06/2024;Hogar\n"
        "A2;bea;01/06/2024;5,10 €;tienda;EUR;;Jardín\n"
        "A3;ana;02/06/2024;-5,10 €;web;EUR;;\n"
    )
    settings = proposed(csv)
    assert settings.columns == {
        "transaction_id": "Pedido",
        "customer_id": "Cliente",
        "occurred_at": "try_strptime(Fecha, '%d/%m/%Y')",
        "amount": "replace(regexp_replace(Importe, '[^0-9,-]', '', 'g'), ',', '.')",
        "currency": "Divisa",
        "channel": "Canal",
        "category": "Categoría",
        "promised_at": "try_strptime(\"Fecha prevista de entrega\", '%d/%m/%Y')",
    }
    assert take(csv, settings, tmp_path).faults == ()
    assert [
        (customer, str(day), amount)
        for customer, day, amount in records(tmp_path, "customer_id", "day", "amount")
    ] == [("ana", "2024-05-31", 1234.5), ("ana", "2024-06-02", -5.1), ("bea", "2024-06-01", 5.1)]


@pytest.mark.parametrize(
    ("header", "customer"),
    [
        ("Nº Pedido,Código Cliente,Fecha de pedido,Importe total", "Código Cliente"),
        ("NUM_PEDIDO,ID_CLIENTE,FECHA_PEDIDO,TOTAL_PEDIDO", "ID_CLIENTE"),
        ("numeroPedido,idCliente,fechaCompra,importeNeto", "idCliente"),
        ("ticket,socio,fecha y hora,ventas", "socio"),
        ("factura,nombre del cliente,fecha factura,base imponible", "nombre del cliente"),
        ("order_id,customer_id,order_date,order_total", "customer_id"),
        ("Order Number,E-Mail,Created At,Grand Total", "E-Mail"),
        ("basket_id,household_key,transaction_timestamp,sales_value", "household_key"),
    ],
)
def test_names_are_known_whatever_their_case_accents_and_spaces(
    csv: Path, header: str, customer: str
) -> None:
    csv.write_text(f"{header}\n7,9,2024-05-31 10:00:00,12.50\n8,9,2024-06-01 09:00:00,3\n")
    order, _, when, amount = header.split(",")
    assert proposed(csv) == TableSettings(
        columns={
            "transaction_id": order,
            "customer_id": customer,
            "occurred_at": when,
            "amount": amount,
        }
    )


def test_a_shopify_like_export_has_one_total_for_the_rows_of_an_order(
    tmp_path: Path, csv: Path
) -> None:
    csv.write_text(
        "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Discount Amount,Created at,"
        "Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Refunded Amount,Source\n"
        "#1001,ana@example.com,paid,2024-05-31 10:15:00 +0200,EUR,20.00,20.00,0.00,"
        "2024-05-31 00:14:58 +0200,1,Mug,10.00,Ana,0.00,web\n"
        "#1001,ana@example.com,,,,,,,2024-05-31 00:14:58 +0200,2,Plate,5.00,,,\n"
        "#1002,bea@example.com,paid,2024-06-01 10:15:00 +0200,EUR,7.50,7.50,0.50,"
        "2024-06-01 10:14:00 +0200,1,Mug,8.00,Bea,0.00,pos\n"
    )
    settings = proposed(csv)
    assert settings == TableSettings(
        where="Total IS NOT NULL",
        columns={
            "transaction_id": "Name",
            "customer_id": "Email",
            "occurred_at": "try_strptime(\"Created at\", '%Y-%m-%d %H:%M:%S %z')",
            "amount": "Total",
            "currency": "Currency",
            "channel": "Source",
            "discount": "Discount Amount",
        },
    )
    assert take(csv, settings, tmp_path).faults == ()
    assert [
        (name, str(day), amount)
        for name, day, amount in records(tmp_path, "transaction_id", "day", "amount")
    ] == [("#1001", "2024-05-31", 20.0), ("#1002", "2024-06-01", 7.5)]


def test_a_woocommerce_like_export(csv: Path) -> None:
    csv.write_text(
        "order_id,order_number,date,status,shipping_total,discount_total,order_total,"
        "order_currency,payment_method,customer_id,billing_first_name,billing_email\n"
        "101,101,2024-05-31 10:15:00,completed,3.00,0,25.00,EUR,stripe,7,Ana,ana@example.com\n"
        "102,102,2024-06-01 10:15:00,completed,3.00,2,15.00,EUR,stripe,7,Ana,ana@example.com\n"
    )
    assert proposed(csv).columns == {
        "transaction_id": "order_id",
        "customer_id": "customer_id",
        "occurred_at": "date",
        "amount": "order_total",
        "currency": "order_currency",
        "discount": "discount_total",
    }


def test_a_woocommerce_like_report(csv: Path) -> None:
    csv.write_text(
        '"Date","Order #","Status","Customer","Customer type","Product(s)","N. Revenue"\n'
        '"2024-05-31 10:15:00","101","completed","Ana","returning","1 mug","1,125.00"\n'
        '"2024-06-01 10:15:00","102","completed","Ana","returning","1 mug","15.00"\n'
    )
    assert proposed(csv).columns == {
        "transaction_id": "Order #",
        "customer_id": "Customer",
        "occurred_at": "Date",
        "amount": "regexp_replace(\"N. Revenue\", '[^0-9.-]', '', 'g')",
    }


def test_without_telling_names_content_decides_where_only_one_column_could_be_it(csv: Path) -> None:
    rows = [f"{row},p{row % 9},2024-01-{row + 1:02},1.{row},{'EF'[row % 2]}" for row in range(20)]
    csv.write_text("\n".join(["a,b,c,d,e", *rows]))
    assert proposed(csv).columns == {"customer_id": "b", "occurred_at": "c"}, "a or d is the amount"
    csv.write_text("\n".join(["a,b,c,price,e", *rows]))
    assert proposed(csv).columns == {
        "transaction_id": "a",
        "customer_id": "b",
        "occurred_at": "c",
        "amount": "price",
    }


def test_what_a_column_holds_overrules_its_name() -> None:
    found = [
        Found("date", filled=9, distinct=9),  # not one that can be read as a time
        Found("total", filled=9, distinct=9),
        Found("customer", INSTANT, 9, 9),
        Found("email", filled=9, distinct=3),
        Found("order", filled=0),
    ]
    assert columns(found) == {
        "customer_id": "email",
        "occurred_at": "customer",  # the only time there is
    }


@pytest.mark.parametrize(
    ("distinct", "transaction_id"),
    [(40, "\"order\" || '-' || row_number() OVER ()"), (95, "order"), (100, "order")],
)
def test_rows_are_numbered_where_orders_have_lines_not_where_some_are_booked_twice(
    distinct: int, transaction_id: str
) -> None:
    found = [Found("order", filled=100, distinct=distinct), Found("total", NUMBER, 100, 50)]
    assert columns(found)["transaction_id"] == transaction_id


def test_versions_of_an_order_are_not_lines() -> None:
    found = [
        Found("order id", filled=100, distinct=40),
        Found("total", NUMBER, 100, 50),
        Found("loaded at", INSTANT, 100, 90),
    ]
    assert columns(found)["transaction_id"] == "order id"


def test_other_tables_are_proposed_too(csv: Path) -> None:
    csv.write_text(
        "Incidencia,Cliente,Fecha apertura,Fecha resolución,Motivo,Canal\n"
        "1,ana,2024-01-01,2024-01-02,envío,web\n1,bea,2024-01-01,,pago,web\n"
    )
    assert proposed(csv, TICKETS).columns == {
        "ticket_id": "Incidencia",
        "customer_id": "Cliente",
        "opened_at": "Fecha apertura",
        "resolved_at": "Fecha resolución",
        "topic": "Motivo",
        "channel": "Canal",
    }
    csv.write_text(
        "review_id,customer,review_score,review_comment_message,review_creation_date,"
        "review_answer_timestamp\n1,ana,5,bien,2024-01-01,2024-01-02 10:00:00\n"
    )
    assert proposed(csv, SURVEYS).columns == {
        "survey_id": "review_id",
        "customer_id": "customer",
        "asked_at": "review_creation_date",
        "answered_at": "review_answer_timestamp",
        "score": "review_score",
        "comment": "review_comment_message",
    }


def test_an_empty_file_has_nothing_to_propose(csv: Path) -> None:
    csv.write_text("order,customer,date,total\n")
    assert proposed(csv) == TableSettings()


def test_each_guess_tells_an_example_and_what_it_rests_on(csv: Path) -> None:
    csv.write_text(
        "Pedido;Cliente;x;Unidades;Precio\nA1;ana;31/05/2024;2;1,50\nA1;ana;31/05/2024;1;2,00\n"
    )
    guesses = {guess.column: guess for guess in proposal(csv).guesses}
    assert guesses["occurred_at"] == Guess(
        "occurred_at", "try_strptime(x, '%d/%m/%Y')", "x", "31/05/2024", "content"
    )
    assert (guesses["customer_id"].example, guesses["customer_id"].why) == ("ana", "name")
    amount = guesses["amount"]
    assert (amount.theirs, amount.example, amount.why) == ("Unidades * Precio", "2 * 1,50", "price")
    assert (guesses["transaction_id"].theirs, guesses["transaction_id"].why) == ("Pedido", "lines")


def test_what_is_missing_is_told(csv: Path) -> None:
    csv.write_text("Cliente\nana\n")
    assert [column.name for column in proposal(csv).missing] == ["occurred_at", "amount"]


def test_a_password_is_not_shown() -> None:
    address = "postgresql://me:secret@db/shop"
    block = propose([], TRANSACTIONS, Source(address, query="FROM orders")).toml
    assert "secret" not in block
    assert 'query = "FROM orders"' in block


def test_synonyms_are_of_columns_there_are() -> None:
    assert set(SYNONYMS) <= {name for contract in CONTRACTS.values() for name in contract.names}

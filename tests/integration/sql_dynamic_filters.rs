//! Filters that a plan makes while it runs: a join's small side, and what a top-n has found, keep row groups of the large table
//! from being fetched.

use crate::scan_fixture::{Fixture, field, small_pages};
use crate::sql_fixture::rows;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use lakeglass::sql::{Session, SessionOptions};
use std::sync::Arc;

const FILES: i64 = 20;
const ROWS: i64 = 8_000;
const GROUP: usize = 4_000;

/// Keys that ascend from file to file, and something heavy beside each.
async fn large() -> Fixture {
    let mut fixture = Fixture::new(Schema::new(vec![field("key", DataType::Int64), field("text", DataType::Utf8)]));
    for file in 0..FILES {
        let keys: Vec<i64> = (file * ROWS..(file + 1) * ROWS).collect();
        let texts: StringArray = keys.iter().map(|key| Some(format!("{key:0100}"))).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![("key", Arc::new(Int64Array::from(keys))), ("text", Arc::new(texts))];
        fixture.add_with(&RecordBatch::try_from_iter(columns).unwrap(), small_pages(GROUP, GROUP)).await;
    }
    fixture
}

async fn small() -> Fixture {
    let mut fixture = Fixture::new(Schema::new(vec![field("id", DataType::Int64), field("name", DataType::Utf8)]));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![81_000, 82_500, 3]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["near", "near", "far"]));
    fixture.add(&RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap()).await;
    fixture
}

/// The rows of a query over new tables, and which part of the large one's bytes it fetched.
async fn asked(sql: &str) -> (Vec<String>, f64) {
    let (large, small) = (large().await, small().await);
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("large", large.table()).unwrap();
    session.register("small", small.table()).unwrap();
    rows(&session, "SELECT count(*) FROM large WHERE key IS NULL").await; // brings the footers
    large.store.take_reads();
    let rows = rows(&session, sql).await;
    let bytes: u64 = large.store.take_reads().iter().map(|(_, range)| range.end - range.start).sum();
    (rows, bytes as f64 / (FILES * ROWS * 112) as f64)
}

#[tokio::test]
async fn a_joins_small_side_prunes_the_large_one() {
    let join = "SELECT key, length(text) AS n FROM large JOIN small ON key = id";
    let (found, part) = asked(&format!("{join} WHERE name = 'near' ORDER BY key")).await;
    assert_eq!(found, ["81000|100", "82500|100"]);
    assert!(part < 0.1, "{part} of the bytes for two keys near each other");
    let (found, part) = asked("SELECT count(*), max(length(text)) FROM large").await;
    assert_eq!(found, ["160000|100"]);
    assert!(part > 0.9, "{part} of the bytes for all rows");
}

#[tokio::test]
async fn a_top_n_prunes_by_what_it_has_found() {
    let (found, part) = asked("SELECT key, text FROM large ORDER BY key LIMIT 2").await;
    assert_eq!(found, [format!("0|{:0100}", 0), format!("1|{:0100}", 1)]);
    // What was under way when the first rows came is not called back.
    assert!(part < 0.5, "{part} of the bytes");
}

/// Filters land on the columns that they are of, where a join's two sides have columns of one name:
/// <https://github.com/apache/datafusion/issues/25296>, and 21246, 25263.
#[tokio::test]
async fn datafusion_25296_filters_above_joins_with_equal_names() {
    let session = Session::new(SessionOptions::default()).unwrap();
    let x = "(VALUES (1, 'a'), (2, 'b')) AS x(id, t)";
    let y = "(VALUES (1, 'abc', true), (7, 'b', true), (8, '', true)) AS y(id, t, b)";
    let join = format!("SELECT y.id FROM {x} RIGHT JOIN {y} ON x.id = y.id");
    assert_eq!(rows(&session, &format!("{join} WHERE CASE WHEN y.b THEN x.t = y.t ELSE true END")).await, [""; 0]);
    assert_eq!(
        rows(&session, &format!("{join} WHERE CASE WHEN y.b THEN starts_with(y.t, x.t) ELSE false END")).await,
        ["1"]
    );

    // Files of the table with the falling amounts are read one after the other, and what was found leaves none of them out.
    let (mut orders, mut payments, mut customers) =
        (amounts(), amounts(), Fixture::new(Schema::new(vec![field("id", DataType::Int64)])));
    for file in 0..8_i64 {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(file * 10..file * 10 + 10));
        let rising: ArrayRef = Arc::new(Int64Array::from_iter_values((file * 10..file * 10 + 10).map(|id| 1000 + id)));
        let falling: ArrayRef = Arc::new(Int64Array::from_iter_values((file * 10..file * 10 + 10).map(|id| 500 - id)));
        orders.add(&RecordBatch::try_from_iter([("id", ids.clone()), ("amount", rising)]).unwrap()).await;
        payments.add(&RecordBatch::try_from_iter([("id", ids.clone()), ("amount", falling)]).unwrap()).await;
        customers.add(&RecordBatch::try_from_iter([("id", ids)]).unwrap()).await;
    }
    for (name, fixture) in [("orders", &orders), ("payments", &payments), ("customers", &customers)] {
        session.register(name, fixture.table()).unwrap();
    }
    let sql = "SELECT o.amount, p.amount FROM orders o JOIN payments p ON o.id = p.id JOIN customers c ON p.id = c.id";
    assert_eq!(rows(&session, &format!("{sql} ORDER BY p.amount LIMIT 1")).await, ["1079|421"]);
    assert_eq!(rows(&session, &format!("{sql} ORDER BY o.amount DESC LIMIT 1")).await, ["1079|421"]);
    assert_eq!(rows(&session, &format!("{sql} ORDER BY p.amount DESC LIMIT 1")).await, ["1000|500"]);
}

fn amounts() -> Fixture {
    Fixture::new(Schema::new(vec![field("id", DataType::Int64), field("amount", DataType::Int64)]))
}

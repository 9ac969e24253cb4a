//! Parameters of statements: by place and by name, of every type, and never read as SQL.

use crate::sql_fixture::{session, text};
use futures::TryStreamExt;
use lakeglass::sql::{ParamValue, Params, Session};
use lakeglass::{Error, Result};

async fn rows(session: &Session, sql: &str, params: Params) -> Result<Vec<String>> {
    let result = session.query_with(sql, &params).await?;
    let batches: Vec<_> = result.batches.try_collect().await?;
    Ok(batches.iter().flat_map(text).collect())
}

fn positional(values: impl IntoIterator<Item = ParamValue>) -> Params {
    Params::Positional(values.into_iter().collect())
}

fn named<const N: usize>(values: [(&str, ParamValue); N]) -> Params {
    Params::Named(values.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

#[tokio::test]
async fn values_of_every_type_arrive() {
    let session = session(&[]).await;
    let list = ParamValue::List(vec![1.into(), ParamValue::Null, 3.into()]);
    for (value, sql, expected) in [
        (ParamValue::Null, "SELECT ? IS NULL", "true"),
        (ParamValue::Boolean(false), "SELECT NOT ?", "true"),
        (ParamValue::Integer(-9_223_372_036_854_775_808), "SELECT ?", "-9223372036854775808"),
        (ParamValue::Integer(170_141_183_460_469_231_731), "SELECT ?", "170141183460469231731"),
        (ParamValue::Double(0.1), "SELECT $1 + 0.2e0", "0.30000000000000004"),
        (ParamValue::Double(f64::INFINITY), "SELECT $1", "inf"),
        (ParamValue::Double(-1e-300), "SELECT $1", "-1e-300"),
        (ParamValue::from("it's '' \\ \" ; DROP"), "SELECT ? || ''", "it's '' \\ \" ; DROP"),
        (ParamValue::from("a''b"), "SELECT n FROM (SELECT ? AS n) PIVOT (count(*) FOR n IN ('a'))", ""),
        (ParamValue::Binary(vec![0, 255]), "SELECT ?", "00ff"),
        (ParamValue::Date(-1), "SELECT ?", "1969-12-31"),
        (ParamValue::Timestamp(1_500), "SELECT ?", "1970-01-01T00:00:00.001500Z"),
        (list.clone(), "SELECT ?", "[1, null, 3]"),
        (list.clone(), "SELECT 3 = ANY(?)", "true"),
        (list, "SELECT count(*) FROM unnest(?) AS t(x)", "3"),
    ] {
        match rows(&session, sql, positional([value.clone()])).await {
            Ok(found) if !expected.is_empty() => assert_eq!(found, [expected], "{sql} {value:?}"),
            Ok(found) => panic!("{sql}: {found:?}"),
            Err(error) => assert!(expected.is_empty(), "{sql} {value:?}: {error}"),
        }
    }
    let quoted = "SELECT * FROM (SELECT $v AS k, 1 AS x) PIVOT (sum(x) FOR k IN ($v AS found))";
    assert_eq!(rows(&session, quoted, named([("v", ParamValue::from("a''b"))])).await.unwrap(), ["1"]);
}

#[tokio::test]
async fn places_and_names() {
    let session = session(&[("weather", "www/demo/weather")]).await;
    let sql = "FROM weather SELECT count(*) WHERE temperature > ? AND city = ? LIMIT ?";
    let params = positional([ParamValue::Double(11.5), "Paris".into(), 1.into()]);
    assert_eq!(rows(&session, sql, params).await.unwrap(), ["3"]);
    let sql = "SELECT $2, $1, $2";
    assert_eq!(rows(&session, sql, positional([1.into(), 2.into()])).await.unwrap(), ["2|1|2"]);
    let sql = "SELECT count(*) FROM weather VERSION AS OF $version WHERE city IN ($city, 'Rome')";
    let params = named([("version", 1.into()), ("city", "Paris".into())]);
    assert_eq!(rows(&session, sql, params).await.unwrap(), ["3"]);
    let sql = "SELECT count(*) FROM weather WHERE time >= $from";
    let noon = ParamValue::Timestamp(1_759_240_800_000_000);
    assert_eq!(rows(&session, sql, named([("from", noon)])).await.unwrap(), ["2"]);
}

#[tokio::test]
async fn what_is_missing_or_too_much_is_told() {
    let session = session(&[]).await;
    for (sql, params) in [
        ("SELECT ?", Params::None),
        ("SELECT ?, ?", positional([1.into()])),
        ("SELECT ?", positional([1.into(), 2.into()])),
        ("SELECT $1, ?", positional([1.into(), 2.into()])),
        ("SELECT $a", named([("b", 1.into())])),
        ("SELECT $a", named([("a", 1.into()), ("b", 1.into())])),
        ("SELECT 1", positional([1.into()])),
        ("SELECT * FROM ?", positional(["weather".into()])),
    ] {
        let error: Error = rows(&session, sql, params.clone()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "invalid_sql", "{sql} {params:?}: {error}");
    }
}

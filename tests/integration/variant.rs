//! Tables with variant columns: through the log, the scan and SQL, in files that shred them differently.

use crate::delta_fixture::{add, commit_name, lines};
use crate::scan_fixture::{collect, parquet, texts};
use arrow::array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use lakeglass::scan::{FooterCache, preview};
use lakeglass::storage::{Meter, Storage};
use lakeglass::{Table, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use parquet::file::properties::WriterProperties;
use parquet_variant_compute::{VariantArray, json_to_variant, shred_variant};
use serde_json::{Value, json};
use std::sync::Arc;

fn variants(texts: &[Option<&str>]) -> VariantArray {
    let json: ArrayRef = Arc::new(texts.iter().copied().collect::<StringArray>());
    json_to_variant(&json).unwrap()
}

fn nullable(name: &str, array: &ArrayRef) -> Field {
    Field::new(name, array.data_type().clone(), true)
}

/// `id`, `v`, and three variants of each row in `nested`, a list of structs.
fn file(first: i64, rows: &[Option<&str>], shape: Option<DataType>) -> Vec<u8> {
    let shredded = |rows: &[Option<&str>]| match &shape {
        Some(shape) => shred_variant(&variants(rows), shape).unwrap().into_inner(),
        None => variants(rows).into_inner(),
    };
    let ids: ArrayRef = Arc::new((first..first + rows.len() as i64).collect::<Int64Array>());
    let v: ArrayRef = Arc::new(shredded(rows));
    let thrice: Vec<Option<&str>> = rows.iter().flat_map(|row| [*row, Some("1"), None]).collect();
    let inner: ArrayRef = Arc::new(shredded(&thrice));
    let elements: ArrayRef = Arc::new(StructArray::from(vec![(Arc::new(nullable("w", &inner)), inner)]));
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(|_| 3));
    let nested: ArrayRef = Arc::new(ListArray::new(Arc::new(nullable("element", &elements)), offsets, elements, None));
    let columns = [("id", ids), ("v", v), ("nested", nested)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    parquet(&batch, WriterProperties::default())
}

async fn table(features: &[&str]) -> lakeglass::Result<Table> {
    let field =
        |name: &str, data_type: Value| json!({"name": name, "type": data_type, "nullable": true, "metadata": {}});
    let element = json!({"type": "struct", "fields": [field("w", json!("variant"))]});
    let nested = json!({"type": "array", "elementType": element, "containsNull": true});
    let schema = json!({"type": "struct", "fields": [field("id", json!("long")), field("v", json!("variant")), field("nested", nested)]});
    let shape = DataType::Struct(vec![Field::new("a", DataType::Int64, true)].into());
    let files = [
        file(1, &[Some(r#"{"a":1,"b":[true,"x"]}"#), Some("null"), None], None),
        file(4, &[Some(r#"{"a":2}"#), Some(r#"{"a":"two","c":{"d":1.50}}"#), Some("[7]")], Some(shape)),
        file(7, &[Some("8"), Some("\"nine\"")], Some(DataType::Int64)),
    ];
    let store = InMemory::new();
    let mut actions = vec![
        json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}}),
        json!({"metaData": {"id": "t", "format": {"provider": "parquet"}, "schemaString": schema.to_string(),
            "partitionColumns": [], "configuration": {}}}),
    ];
    for (number, bytes) in files.into_iter().enumerate() {
        let mut action = add(&format!("{number}.parquet"));
        action["add"]["partitionValues"] = json!({});
        action["add"]["size"] = json!(bytes.len());
        // Bounds that would rule every row out, were they read as text.
        let bounds = json!({"numRecords": 3 - number / 2, "minValues": {"v": "zzzz"}, "maxValues": {"v": "zzzz"}, "nullCount": {"v": 0}});
        action["add"]["stats"] = json!(bounds.to_string());
        actions.push(action);
        store.put(&Path::from(format!("{number}.parquet")), bytes.into()).await.unwrap();
    }
    store.put(&Path::from(commit_name(0)), lines(&actions).into()).await.unwrap();
    let storage = Storage::from_store(Arc::new(store), Path::default(), "memory://table");
    Table::open_in(storage, Version::Latest, &Meter::default()).await
}

const VALUES: [&str; 8] =
    [r#"{"a":1,"b":[true,"x"]}"#, "null", "∅", r#"{"a":2}"#, r#"{"a":"two","c":{"d":1.5}}"#, "[7]", "8", "\"nine\""];

#[tokio::test]
async fn variants_are_json_however_a_file_holds_them() {
    for features in [&["variantType"][..], &["variantType-preview", "variantShredding-preview"], &["variantShredding"]]
    {
        let table = table(features).await.unwrap();
        let mut rows = texts(&collect(&table.scan(&FooterCache::default())).await.unwrap());
        let expected: Vec<String> = (1..)
            .zip(VALUES)
            .map(|(id, value)| {
                let nested = if value == "∅" { "" } else { value };
                format!(
                    "{id} | {value} | [{{w: {}}}, {{w: 1}}, {{w: ∅}}]",
                    if nested.is_empty() { "∅" } else { nested }
                )
            })
            .collect();
        rows.sort();
        assert_eq!(rows, expected);
    }
}

#[tokio::test]
async fn the_preview_shows_json() {
    use futures::TryStreamExt;
    let table = table(&["variantType"]).await.unwrap();
    let (schema, rows) = preview(table.scan(&FooterCache::default()), Some(&["v"]), 2).unwrap();
    assert_eq!(schema.field(0).data_type(), &DataType::Utf8);
    let rows: Vec<RecordBatch> = rows.try_collect().await.unwrap();
    assert_eq!(texts(&rows), &VALUES[6..]);
    assert_eq!(lakeglass::snapshot::field_type_name(table.snapshot().schema.logical.field(1)), "variant");
    let nested = table.snapshot().schema.logical.field(2);
    assert_eq!(lakeglass::snapshot::field_type_name(nested), "array<struct<w: variant>>");
}

#[cfg(feature = "sql")]
#[tokio::test]
async fn sql_reads_into_variants() {
    use crate::sql_fixture::{error, rows};
    use lakeglass::sql::{Session, SessionOptions};
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", table(&["variantType"]).await.unwrap()).unwrap();
    let a = rows(&session, "SELECT id, try_variant_get(v, '$.a', 'int') FROM t ORDER BY id").await;
    assert_eq!(a, ["1|1", "2|null", "3|null", "4|2", "5|null", "6|null", "7|null", "8|null"]);
    let sum = "SELECT sum(variant_get(V, '$.a', 'bigint')), sum(variant_get(v, '$.c.d', 'decimal(4,2)')) FROM t WHERE id <> 5";
    assert_eq!(rows(&session, sum).await, ["3|null"]);
    let text = "SELECT variant_get(v, '$.a', 'string'), variant_get(v, '$.a'), variant_get(v, concat('$.', 'c')) FROM t WHERE id = 5";
    assert_eq!(rows(&session, text).await, ["two|\"two\"|{\"d\":1.5}"]);
    assert_eq!(
        rows(&session, "SELECT id FROM t WHERE v = '[7]' OR variant_get(v, '$', 'string') = 'nine' ORDER BY id").await,
        ["6", "8"]
    );
    assert_eq!(
        rows(&session, "SELECT to_json(v), variant_to_json(nested[1].w) FROM t WHERE id = 4").await,
        ["{\"a\":2}|{\"a\":2}"]
    );
    assert_eq!(rows(&session, "SELECT count(*) FROM t WHERE v < 'a'").await, ["3"]);
    assert_eq!(rows(&session, "SELECT variant_get('{\"x\": 5}', '$.x', 'double')").await, ["5.0"]);
    let described = rows(&session, "DESCRIBE t").await;
    assert_eq!(described, ["id|BIGINT|YES", "v|VARIANT|YES", "nested|STRUCT(w VARIANT)[]|YES"]);
    for (sql, count) in [
        ("SELECT nested, v FROM t UNION ALL SELECT nested, v FROM t", 16),
        ("SELECT DISTINCT nested, v FROM t", 8),
        ("SELECT a.nested, b.v FROM t a LEFT JOIN t b ON a.nested[1].w = b.v AND a.id = b.id", 8),
        ("SELECT unnest(nested) FROM t", 24),
        ("SELECT make_array(nested[1]), coalesce(nested, nested), CASE WHEN id > 3 THEN nested END FROM t", 8),
        ("SELECT nested, count(*), array_agg(nested[1]) FROM t GROUP BY nested", 8),
        ("SELECT named_struct('n', nested[2], 'v', v) FROM t ORDER BY nested[1].w", 8),
    ] {
        assert_eq!(rows(&session, sql).await.len(), count, "{sql}");
    }
    for sql in [
        "SELECT variant_get(v, '$.a', 'int') FROM t",
        "SELECT variant_get(v, 'a') FROM t",
        "SELECT variant_get(v, '$.a', 'array<int>') FROM t",
        "SELECT variant_get('{', '$.a')",
        "SELECT variant_get(id, '$.a') FROM t",
        "SELECT variant_get(v) FROM t",
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code().as_str(), "invalid_sql", "{sql}: {error}");
        assert!(error.to_string().contains("variant_get: "), "{sql}: {error}");
    }
}

//! `_metadata.row_id` and `_metadata.row_commit_version`: which row it is, whatever file it was copied to.

use crate::delta_fixture::{Objects, commit_info, commit_name, lines};
use crate::scan_fixture::{parquet, small_pages};
use crate::sql_fixture::{error, rows, run};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{Meter, Storage};
use lakeglass::{Table, Version};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde_json::{Value, json};
use std::sync::Arc;

fn column(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

fn file(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let columns = columns.iter().map(|(name, values)| (*name, values.clone(), true));
    parquet(&RecordBatch::try_from_iter_with_nullable(columns).unwrap(), small_pages(4, 2))
}

fn add(objects: &Objects, path: &str, base_row_id: Option<i64>, version: Option<i64>, vector: Option<&Value>) -> Value {
    json!({"add": {"path": path, "partitionValues": {}, "size": objects[path].len(), "modificationTime": 1, "dataChange": true,
        "baseRowId": base_row_id, "defaultRowCommitVersion": version, "deletionVector": vector}})
}

fn protocol() -> Value {
    json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"],
        "writerFeatures": ["deletionVectors", "rowTracking", "domainMetadata"]}})
}

fn metadata(configuration: Value) -> Value {
    let id = json!({"name": "id", "type": "long", "nullable": true, "metadata": {}});
    json!({"metaData": {"id": "t", "format": {"provider": "parquet", "options": {}}, "partitionColumns": [],
        "schemaString": json!({"type": "struct", "fields": [id]}).to_string(), "configuration": configuration}})
}

/// Version 0 inserts ten rows. Version 1 inserts one more and changes rows 3 and 4: deleted by a deletion vector in the first file,
/// and in another one with the ids that they had; row 4 was only copied, so that its version is the old one.
fn tracked() -> Objects {
    let mut objects = Objects::new();
    objects.insert("a.parquet".into(), file(&[("id", column((0..10).map(Some)))]));
    let second = [
        ("id", column([Some(1003), Some(4), Some(10)])),
        ("_id", column([Some(3), Some(4), None])),
        ("_version", column([None, Some(0), None])),
    ];
    objects.insert("b.parquet".into(), file(&second));
    let enabled = json!({"delta.enableRowTracking": "true", "delta.rowTracking.materializedRowIdColumnName": "_id",
        "delta.rowTracking.materializedRowCommitVersionColumnName": "_version"});
    let first = [commit_info(1), protocol(), metadata(enabled), add(&objects, "a.parquet", Some(0), Some(0), None)];
    objects.insert(commit_name(0), lines(&first));
    let bitmap = roaring::RoaringTreemap::from_iter([3_u64, 4]);
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    bitmap.serialize_into(&mut bytes).unwrap();
    let size = bytes.len();
    bytes.resize(size.div_ceil(4) * 4, 0);
    let vector =
        json!({"storageType": "i", "pathOrInlineDv": z85::encode(bytes), "sizeInBytes": size, "cardinality": 2});
    let second = [
        commit_info(2),
        json!({"remove": {"path": "a.parquet", "dataChange": true}}),
        add(&objects, "a.parquet", Some(0), Some(0), Some(&vector)),
        add(&objects, "b.parquet", Some(10), Some(1), None),
    ];
    objects.insert(commit_name(1), lines(&second));
    objects
}

async fn session(tables: &[(&str, &Objects)]) -> Session {
    let session = Session::new(SessionOptions::default()).unwrap();
    for (name, objects) in tables {
        let store = InMemory::new();
        for (name, bytes) in *objects {
            store.put(&Path::parse(name).unwrap(), bytes.clone().into()).await.unwrap();
        }
        let storage = Storage::from_store(Arc::new(store), Path::default(), "memory:///table/");
        session.register(name, Table::open_in(storage, Version::Latest, &Meter::default()).await.unwrap()).unwrap();
    }
    session
}

#[tokio::test]
async fn a_row_has_its_id_in_every_version() {
    let session = session(&[("t", &tracked())]).await;
    let all = |version: &str| {
        format!("SELECT id, _metadata.row_id, _metadata.row_commit_version FROM t {version} ORDER BY 2")
    };
    let before: Vec<_> = (0..10).map(|id| format!("{id}|{id}|0")).collect();
    assert_eq!(rows(&session, &all("VERSION AS OF 0")).await, before);
    let mut after = before.clone();
    after[3] = "1003|3|1".into();
    after.push("10|12|1".into());
    assert_eq!(rows(&session, &all("")).await, after);
    // What is left out before a row does not change its id.
    let one =
        "SELECT id, t._metadata.row_id, _metadata.row_index FROM t WHERE id = 7 OR _metadata.Row_Id = 4 ORDER BY id";
    assert_eq!(rows(&session, one).await, ["4|4|1", "7|7|7"]);
    assert_eq!(rows(&session, "SELECT max(_metadata.row_commit_version) FROM t").await, ["1"]);
    let changed = "SELECT n.id, o.id FROM t n JOIN t VERSION AS OF 0 o ON n._metadata.row_id = o._metadata.row_id
                   WHERE n._metadata.row_commit_version <> o._metadata.row_commit_version";
    assert_eq!(rows(&session, changed).await, ["1003|3"]);
    let renamed = "SELECT m.row_id FROM (SELECT _metadata AS m, id FROM t) WHERE id = 10";
    assert_eq!(rows(&session, renamed).await, ["12"]);
}

#[tokio::test]
async fn the_columns_that_carry_it_stay_hidden() {
    let session = session(&[("t", &tracked())]).await;
    let (result, _) = run(&session, "SELECT * FROM t").await.unwrap();
    assert_eq!(result.schema.fields().len(), 1);
    let (result, _) = run(&session, "SELECT _metadata FROM t").await.unwrap();
    assert!(!result.schema.field(0).to_string().contains("row_id"), "{}", result.schema);
    assert_eq!(error(&session, "SELECT _version FROM t").await.code().as_str(), "invalid_sql");
}

/// A table that writes ids, and does not promise that all rows have one.
fn supported() -> Objects {
    let mut objects = Objects::new();
    objects.insert("a.parquet".into(), file(&[("id", column([Some(1)]))]));
    let add = add(&objects, "a.parquet", Some(0), Some(0), None);
    objects.insert(commit_name(0), lines(&[commit_info(1), protocol(), metadata(json!({})), add]));
    objects
}

#[tokio::test]
async fn a_table_that_keeps_no_track_of_rows_is_refused() {
    let untracked = session(&[("s", &supported())]).await;
    for sql in ["SELECT _metadata.row_id FROM s", "SELECT id FROM s WHERE s._metadata.row_commit_version > 1"] {
        let refused = error(&untracked, sql).await;
        assert_eq!(refused.code().as_str(), "unsupported_feature", "{refused}");
        assert!(refused.to_string().contains("delta.enableRowTracking"), "{refused}");
    }
    assert_eq!(rows(&untracked, "SELECT _metadata.row_index FROM s").await, ["0"]);
    let both = session(&[("t", &tracked()), ("s", &supported())]).await;
    let refused = error(&both, "SELECT _metadata.row_id FROM s").await;
    assert!(refused.to_string().contains("row_id"), "{refused}");
    let beside = "SELECT t._metadata.row_id, s._metadata.row_index FROM t JOIN s ON t.id = s.id";
    assert_eq!(rows(&both, beside).await, ["1|0"]);
}

#[tokio::test]
async fn a_file_without_ids_is_told_when_they_are_asked_for() {
    let mut objects = tracked();
    let forgotten = add(&objects, "b.parquet", None, Some(1), None);
    objects.insert(commit_name(2), lines(&[commit_info(3), forgotten]));
    let session = session(&[("t", &objects)]).await;
    let damaged = error(&session, "SELECT _metadata.row_id FROM t").await;
    assert_eq!(damaged.code().as_str(), "corrupt_table", "{damaged}");
    assert!(damaged.to_string().contains("b.parquet"), "{damaged}");
    assert_eq!(rows(&session, "SELECT count(*), max(_metadata.row_commit_version) FROM t").await, ["11|1"]);
}

//! TPC-H's 22 queries over Delta tables, with deletion vectors and without, against DuckDB's answers on the same rows.
//!
//! The rows are generated here, at scale factor 0.01; `TPCH_SCALE=0.1`, which scripts/test sets, takes ten times as many. DuckDB's answers to both are in
//! `tests/sql/tpch`, beside what made them.

use crate::scan_fixture::parquet;
use crate::sql_fixture::{folder, run};
use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{Meter, Storage};
use lakeglass::{Table, Version};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::file::properties::WriterProperties;
use roaring::RoaringTreemap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use tpchgen::generators::*;
use tpchgen_arrow::*;
use uuid::Uuid;

/// Files of the largest tables.
const FILES: usize = 4;

/// All rows of a table, in the types that Delta has.
fn rows(table: &str, scale: f64) -> RecordBatch {
    macro_rules! generate {
        ($arrow:ident, $generator:ident) => {{
            let batches = $arrow::new($generator::new(scale, 1, 1)).map(Result::unwrap).collect::<Vec<_>>();
            concat_batches(&batches[0].schema(), &batches).unwrap()
        }};
    }
    let batch = match table {
        "customer" => generate!(CustomerArrow, CustomerGenerator),
        "lineitem" => generate!(LineItemArrow, LineItemGenerator),
        "nation" => generate!(NationArrow, NationGenerator),
        "orders" => generate!(OrderArrow, OrderGenerator),
        "part" => generate!(PartArrow, PartGenerator),
        "partsupp" => generate!(PartSuppArrow, PartSuppGenerator),
        "region" => generate!(RegionArrow, RegionGenerator),
        _ => generate!(SupplierArrow, SupplierGenerator),
    };
    let plain = |data_type: &DataType| if data_type.is_string() { DataType::Utf8 } else { data_type.clone() };
    let fields: Vec<Field> =
        batch.schema().fields().iter().map(|f| Field::new(f.name(), plain(f.data_type()), true)).collect();
    let columns = batch.columns().iter().zip(&fields).map(|(column, f)| cast(column, f.data_type()).unwrap()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn delta_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Int64 => "long".into(),
        DataType::Int32 => "integer".into(),
        DataType::Utf8 => "string".into(),
        DataType::Date32 => "date".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => panic!("{other}"),
    }
}

/// The rows with every fifth of them there twice, and where those are that are too many.
fn doubled(batch: &RecordBatch) -> (RecordBatch, Vec<u64>) {
    let (mut indices, mut too_many) = (Vec::new(), Vec::new());
    for row in 0..batch.num_rows() as u64 {
        indices.push(row);
        if row % 5 == 2 {
            too_many.push(indices.len() as u64);
            indices.push(row);
        }
    }
    (take_record_batch(batch, &UInt64Array::from(indices)).unwrap(), too_many)
}

/// Writes a deletion vector into a file of its own; its descriptor in the log.
async fn deletion_vector(store: &InMemory, table: &str, rows: &[u64], uuid: Uuid) -> Value {
    let mut bitmap = 1_681_511_377_u32.to_le_bytes().to_vec();
    rows.iter().copied().collect::<RoaringTreemap>().serialize_into(&mut bitmap).unwrap();
    let mut file = vec![1_u8];
    file.extend((bitmap.len() as u32).to_be_bytes());
    file.extend_from_slice(&bitmap);
    file.extend(crc32fast::hash(&bitmap).to_be_bytes());
    let path = Path::from(format!("{table}/deletion_vector_{uuid}.bin"));
    store.put(&path, file.into()).await.unwrap();
    json!({"storageType": "u", "pathOrInlineDv": z85::encode(uuid.as_bytes()), "offset": 1,
        "sizeInBytes": bitmap.len(), "cardinality": rows.len()})
}

/// Writes a Delta table and opens it.
async fn table(store: &Arc<InMemory>, name: &str, scale: f64, with_deletes: bool) -> Table {
    let all = rows(name, scale);
    let fields = all.schema().fields().clone();
    let fields = fields.iter().map(
        |field| json!({"name": field.name(), "type": delta_type(field.data_type()), "nullable": true, "metadata": {}}),
    );
    let schema = json!({"type": "struct", "fields": fields.collect::<Vec<_>>()}).to_string();
    let protocol = match with_deletes {
        true => json!({"minReaderVersion": 3, "minWriterVersion": 7,
            "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}),
        false => json!({"minReaderVersion": 1, "minWriterVersion": 2}),
    };
    let metadata = json!({"id": name, "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
        "partitionColumns": [], "configuration": {}});
    let mut log = vec![json!({"protocol": protocol}), json!({"metaData": metadata})];
    let length = all.num_rows().div_ceil(FILES).max(1000);
    for (part, start) in (0..all.num_rows()).step_by(length).enumerate() {
        let slice = all.slice(start, length.min(all.num_rows() - start));
        let (written, too_many) = if with_deletes { doubled(&slice) } else { (slice, Vec::new()) };
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10_000)).build();
        let bytes = parquet(&written, properties);
        let mut add = json!({"path": format!("part-{part}.parquet"), "partitionValues": {}, "size": bytes.len(),
            "modificationTime": 1, "dataChange": true, "stats": format!("{{\"numRecords\":{}}}", written.num_rows())});
        if !too_many.is_empty() {
            add["deletionVector"] = deletion_vector(store, name, &too_many, Uuid::from_u128(part as u128 + 1)).await;
        }
        store.put(&Path::from(format!("{name}/part-{part}.parquet")), bytes.into()).await.unwrap();
        log.push(json!({"add": add}));
    }
    let commit = log.iter().map(|action| format!("{action}\n")).collect::<String>();
    store.put(&Path::from(format!("{name}/_delta_log/{:020}.json", 0)), commit.into()).await.unwrap();
    let storage =
        Storage::from_store(store.clone() as Arc<dyn ObjectStore>, Path::from(name), format!("memory:///{name}"));
    Table::open_in(storage, Version::Latest, &Meter::default()).await.unwrap()
}

/// The queries, in their order.
fn queries() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder("tests/sql/tpch/queries.sql")).unwrap();
    let parts = text.split("\n-- q").skip(1).map(|part| part.split_once('\n').unwrap());
    parts.map(|(name, sql)| (format!("q{name}"), sql.trim().to_string())).collect()
}

/// DuckDB's rows by query.
fn answers(scale: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let text = fs::read_to_string(folder(&format!("tests/sql/tpch/answers-{scale}.tsv"))).unwrap();
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in text.lines() {
        let mut cells = line.split('\t').map(str::to_string);
        found.entry(cells.next().unwrap()).or_default().push(cells.collect());
    }
    found
}

fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("null");
    let columns: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()).collect()
}

/// Averages and quotients have as many digits as an engine gives them: six behind the point here.
fn equal(ours: &str, theirs: &str) -> bool {
    match (ours.parse::<f64>(), theirs.parse::<f64>()) {
        (Ok(ours), Ok(theirs)) => (ours - theirs).abs() <= 1.1e-6 + 1e-9 * theirs.abs(),
        _ => ours == theirs,
    }
}

async fn all_22(with_deletes: bool) {
    let scale = std::env::var("TPCH_SCALE").unwrap_or("0.01".into());
    let store = Arc::new(InMemory::new());
    let session = Session::new(SessionOptions::default()).unwrap();
    for name in ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"] {
        let table = table(&store, name, scale.parse().unwrap(), with_deletes).await;
        assert_eq!(table.snapshot().files.iter().any(|file| file.deletes.is_some()), with_deletes);
        session.register(name, table).unwrap();
    }
    let answers = answers(&scale);
    let mut wrong = Vec::new();
    for (name, sql) in queries() {
        let (_, batches) = run(&session, &sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours: Vec<Vec<String>> = batches.iter().flat_map(cells).collect();
        let theirs = answers.get(&name).cloned().unwrap_or_default();
        let same = |(ours, theirs): (&Vec<String>, &Vec<String>)| {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| equal(ours, theirs))
        };
        if ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(same) {
            let at = ours.iter().zip(&theirs).position(|rows| !same(rows));
            let shown = at.map(|at| (at, ours[at].clone(), theirs[at].clone()));
            wrong.push(format!("{name}: {} rows, DuckDB has {}; {shown:?}", ours.len(), theirs.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(queries().len(), 22);
}

#[tokio::test]
async fn all_22_queries_are_answered_as_duckdb_does() {
    all_22(false).await;
}

#[tokio::test]
async fn all_22_queries_are_answered_as_duckdb_does_where_rows_are_deleted() {
    all_22(true).await;
}

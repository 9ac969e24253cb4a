//! A format that there is not, and a table of it that has what no built-in format has: constants of single files, defaults, position,
//! equality and ordered deletes, and rows in the metadata. It is opened by its URL, and queried by SQL.

use crate::loopback::Server;
use crate::scan_fixture::{parquet, texts};
use crate::sql_fixture::{error, rows};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use futures::TryStreamExt;
use lakeglass::error::{Error, Result};
use lakeglass::formats::{FormatOpener, Location, Opened, PlainStatistics, TableFormat, register};
use lakeglass::scan::{FooterCache, preview};
use lakeglass::snapshot::{
    ColumnStatistics, Commit, ContainerStatistics, DataFile, DeleteFile, DeleteKind, FileDescription, FileDetails,
    FileLocation, Snapshot, StatisticsSource, TableSchema, VersionList,
};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{Storage, StorageOptions};
use lakeglass::{Table, Version};
use object_store::path::Path;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// The sizes of a table's files, one a line: `name size`. The rest is told below.
const LIST: &str = "made_up.txt";

#[derive(Debug)]
struct MadeUp;

#[async_trait]
impl FormatOpener for MadeUp {
    fn name(&self) -> &'static str {
        "made_up"
    }

    fn looks_for(&self) -> &'static str {
        "a made-up list"
    }

    async fn open(&self, location: &Location<'_>, version: Version) -> Result<Option<Opened>> {
        if !location.url.path().contains("made-up") {
            return Ok(None);
        }
        let (storage, snapshot) = MadeUp.snapshot(&location.storage, version).await?;
        Ok(Some(Opened { storage, snapshot: Arc::new(snapshot), format: Arc::new(MadeUp) }))
    }
}

#[async_trait]
impl TableFormat for MadeUp {
    async fn snapshot(&self, storage: &Storage, _version: Version) -> Result<(Storage, Snapshot)> {
        let list = storage.get(&at(LIST)).await?;
        let size = |name: &str| {
            let text = String::from_utf8_lossy(&list.bytes).into_owned();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            line.ok_or_else(|| Error::corrupt(LIST, format!("no {name}")))
        };
        let deletes = |name: &str, kind| Ok(Arc::new(DeleteFile { location: at(name), size: size(name)?, kind }));
        let positions = deletes("positions.parquet", DeleteKind::Positions)?;
        let names = deletes("names.parquet", DeleteKind::Keys { columns: vec![1], ordering: None })?;
        let ordered = deletes("ordered.parquet", DeleteKind::Keys { columns: vec![0], ordering: Some(4) })?;
        let file = |name: &str, row_count, size, region, delete_files, rows| DataFile {
            row_count: Some(row_count),
            has_tight_bounds: true,
            details: Some(Arc::new(FileDetails {
                constants: vec![(2, strings([Some(region)]))],
                delete_name: Some(format!("made:up/{name}")),
                delete_files,
                rows,
            })),
            ..DataFile::new(at(name), size)
        };
        let inlined = RecordBatch::try_from_iter([
            ("name", strings([Some("c1"), Some("b2"), Some("c3")])),
            ("id", numbers([21, 22, 23])),
            ("price", numbers([210, 220, 230])),
        ]);
        let files = vec![
            file("a.parquet", 4, size("a.parquet")?, "north", vec![positions.clone()], None),
            file("b.parquet", 5, size("b.parquet")?, "south", vec![names.clone(), ordered], None),
            file("inlined", 3, 0, "west", vec![names, positions], Some(inlined.map_err(Error::internal)?)),
        ];
        let number = |name| Field::new(name, DataType::Int64, true);
        let text = |name| Field::new(name, DataType::Utf8, true);
        let fields = vec![number("id"), text("name"), text("region"), number("price"), number("seq"), text("payload")];
        let plain = TableSchema::plain(Arc::new(Schema::new(fields)));
        let snapshot = Snapshot::new(TableSchema { defaults: vec![(3, numbers([7]))], ..plain }, files);
        Ok((storage.clone(), snapshot))
    }

    async fn versions(&self, _storage: &Storage, _open: &Snapshot) -> Result<VersionList> {
        Ok(VersionList::contiguous(0, 0, None))
    }

    async fn history(&self, _storage: &Storage, _until: Option<u64>, _limit: Option<usize>) -> Result<Vec<Commit>> {
        Ok(Vec::new())
    }

    fn statistics(&self, _storage: &Storage, open: &Arc<Snapshot>) -> Arc<dyn StatisticsSource> {
        Arc::new(Bounds(PlainStatistics::new(open.clone())))
    }
}

/// Of ids, beside what the snapshot tells itself.
#[derive(Debug)]
struct Bounds(PlainStatistics);

#[async_trait]
impl StatisticsSource for Bounds {
    async fn load(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        self.at_hand(files, columns)
    }

    fn at_hand(&self, files: &[usize], columns: &[usize]) -> Result<ContainerStatistics> {
        let mut found = self.0.at_hand(files, columns)?;
        let bound = |of: fn(i64) -> i64| numbers(files.iter().map(|file| of(10 * *file as i64)));
        let null_count = UInt64Array::from(vec![0; files.len()]);
        let ids = ColumnStatistics { min: bound(|first| first + 1), max: bound(|first| first + 5), null_count };
        found.columns.insert(0, ids);
        Ok(found)
    }

    async fn describe(&self, files: &[usize]) -> Result<Vec<Option<FileDescription>>> {
        self.0.describe(files).await
    }

    async fn missing_object(&self, name: &str) -> Error {
        self.0.missing_object(name).await
    }
}

fn at(name: &str) -> FileLocation {
    FileLocation::Relative(Path::from(name))
}

fn strings<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

fn numbers(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A server with the table, the table, and a session that has it.
async fn opened() -> (Server, Table, Session) {
    served("name").await
}

/// The same, where the file with deleted names calls its column `key`.
async fn served(key: &str) -> (Server, Table, Session) {
    let server = Server::in_memory([("none", "")]);
    let mut list = String::new();
    let mut put = |name: &str, columns: Vec<(&str, ArrayRef)>| {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, of)| (name, of, true)));
        let bytes = parquet(&batch.unwrap(), WriterProperties::default());
        list += &format!("{name} {}\n", bytes.len());
        server.put(&format!("made-up/{name}"), bytes);
    };
    let names = strings([Some("a1"), Some("a2"), None, Some("b2")]);
    put("a.parquet", vec![("id", numbers(1..5)), ("name", names), ("price", numbers([10, 20, 30, 40]))]);
    // Text that does not get smaller, so that it shows whether it was fetched.
    let mut state = 1_u64;
    let mut payload = || {
        let mut letter = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + (state >> 57) as u8 % 90)
        };
        (0..200_000).map(|_| letter()).collect::<String>()
    };
    let payloads: Vec<String> = (0..5).map(|_| payload()).collect();
    let payloads = strings(payloads.iter().map(|text| Some(text.as_str())));
    let names = strings([Some("b1"), Some("b2"), Some("b3"), Some("b4"), None]);
    let seq = numbers([1, 2, 3, 4, 5]);
    put("b.parquet", vec![("id", numbers(11..16)), ("name", names), ("seq", seq), ("payload", payloads)]);
    let paths = ["made:up/a.parquet", "made:up/b.parquet", "made:up/inlined", "other"].map(Some);
    put("positions.parquet", vec![("file_path", strings(paths)), ("pos", numbers([1, 0, 0, 2]))]);
    put("names.parquet", vec![(key, strings([Some("b2"), None]))]);
    // Of 13 the newer delete counts, the one of 14 is older than the row.
    put("ordered.parquet", vec![("id", numbers([13, 13, 14])), ("seq", numbers([3, 1, 3]))]);
    server.put(&format!("made-up/{LIST}"), list);
    register(Arc::new(MadeUp));
    let url = server.url("made-up").as_str().parse().unwrap();
    let table = Table::open(&url, Version::Latest, &StorageOptions::default()).await.unwrap();
    let session = Session::new(SessionOptions::default()).unwrap();
    session.register("t", table.clone()).unwrap();
    server.forget().await;
    (server, table, session)
}

#[tokio::test]
async fn rows_are_what_is_left_of_all_files() {
    let (_server, _, session) = opened().await;
    let found = rows(&session, "SELECT id, name, region, price, seq FROM t ORDER BY id").await;
    let left = [
        "1|a1|north|10|null",
        "3|null|north|30|null",
        "4|b2|north|40|null",
        "11|b1|south|7|1",
        "14|b4|south|7|4",
        "23|c3|west|230|null",
    ];
    assert_eq!(found, left);
    assert_eq!(rows(&session, "SELECT count(*) FROM t").await, ["6"]);
    assert_eq!(
        rows(&session, "SELECT region, count(*) FROM t GROUP BY 1 ORDER BY 1").await,
        ["north|3", "south|2", "west|1"]
    );
    assert_eq!(rows(&session, "SELECT min(id), max(id), sum(price) FROM t").await, ["1|23|324"]);
    let files = "SELECT id, _metadata.row_index FROM t ORDER BY id";
    assert_eq!(rows(&session, files).await, ["1|0", "3|2", "4|3", "11|0", "14|3", "23|2"]);
}

#[tokio::test]
async fn limits_count_rows_that_are_left() {
    let (_server, table, session) = opened().await;
    for limit in [1, 4, 5, 6, 7] {
        let found = rows(&session, &format!("SELECT id FROM t LIMIT {limit}")).await;
        assert_eq!(found.len(), limit.min(6), "{limit}");
        let (_, batches) = preview(table.scan(&FooterCache::default()), Some(&["id", "region"]), limit).unwrap();
        let first: Vec<String> = texts(&batches.try_collect::<Vec<_>>().await.unwrap());
        let all = ["1 | north", "3 | north", "4 | north", "11 | south", "14 | south", "23 | west"];
        assert_eq!(first, all[..limit.min(6)], "{limit}");
    }
}

#[tokio::test]
async fn files_are_ruled_out_by_what_is_known_of_them() {
    let (server, _, session) = opened().await;
    let fetched = |name: &str| -> usize {
        let requests = server.requests();
        requests.iter().filter(|request| request.path.ends_with(name)).map(|request| request.bytes).sum()
    };
    // A constant of the file's own, and the statistics of its format.
    assert_eq!(rows(&session, "SELECT id FROM t WHERE region = 'north' ORDER BY id").await, ["1", "3", "4"]);
    assert_eq!(rows(&session, "SELECT name FROM t WHERE id < 4 ORDER BY id").await, ["a1", "null"]);
    assert_eq!((fetched("b.parquet"), fetched("names.parquet")), (0, 0));
    // Rows in the metadata cost what deletes them.
    server.forget().await;
    assert_eq!(rows(&session, "SELECT id, price FROM t WHERE region = 'west'").await, ["23|230"]);
    assert_eq!(rows(&session, "SELECT count(*) FROM t WHERE region = 'nowhere'").await, ["0"]);
    assert!(fetched("names.parquet") > 0 && fetched("a.parquet") + fetched("b.parquet") == 0);
    // The default of a column that a file lacks.
    server.forget().await;
    let dear = "SELECT id, length(payload) FROM t WHERE price > 7 ORDER BY id";
    assert_eq!(rows(&session, dear).await, ["1|null", "3|null", "4|null", "23|null"]);
    assert!(fetched("b.parquet") < 100_000, "{}", fetched("b.parquet"));
    let cheap = "SELECT id, length(payload) FROM t WHERE price = 7 ORDER BY id";
    assert_eq!(rows(&session, cheap).await, ["11|200000", "14|200000"]);
    assert!(fetched("b.parquet") > 100_000);
    let once = server.requests().iter().filter(|request| request.path.ends_with("ordered.parquet")).count();
    assert!(once <= 1, "{:?}", server.paths());
}

#[tokio::test]
async fn a_delete_file_without_its_key_is_damaged() {
    let (_server, _, session) = served("other").await;
    let error = error(&session, "SELECT id FROM t WHERE region = 'south'").await;
    assert_eq!(error.code().as_str(), "corrupt_table");
    assert!(error.to_string().contains("has no column name"), "{error}");
}

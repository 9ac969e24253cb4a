//! Queries that are started together, as a dashboard does: bytes come once, and the first query is served first.

use crate::loopback::{Request, Server};
use crate::scan_fixture::parquet;
use crate::sql_fixture::{run, text};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::StorageOptions;
use lakeglass::{Table, Version};
use parquet::file::properties::WriterProperties;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

const FILES: i64 = 4;
const ROWS: i64 = 40_000;
const COLUMNS: usize = 9;

/// Ten aggregates that read overlapping columns, some of them of a part of the rows.
fn queries() -> Vec<String> {
    let columns = |i: usize| (format!("c{}", i % COLUMNS), format!("c{}", (i + 1) % COLUMNS), (i + 4) % COLUMNS);
    let query = |i: usize| {
        let (a, b, c) = columns(i);
        match i % 3 {
            1 => format!("SELECT sum({a}), max({b}) FROM t WHERE id >= {}", i as i64 * ROWS / 4),
            2 => format!("SELECT count(*), min({a}), sum(c{c}) FROM t WHERE {b} > 0"),
            _ => format!("SELECT sum({a}), min({b}), max(c{c}) FROM t"),
        }
    };
    (0..10).map(query).collect()
}

/// A Delta table of numbers that do not compress, by path.
fn table() -> BTreeMap<String, Vec<u8>> {
    let properties = || WriterProperties::builder().set_max_row_group_row_count(Some(10_000)).build();
    let mut objects = BTreeMap::new();
    let names: Vec<String> = (0..COLUMNS).map(|i| format!("c{i}")).collect();
    let all = || std::iter::once("id").chain(names.iter().map(String::as_str));
    let fields = all().map(|name| json!({"name": name, "type": "long", "nullable": true, "metadata": {}}));
    let schema = json!({"type": "struct", "fields": fields.collect::<Vec<_>>()}).to_string();
    let mut log = vec![
        json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
        json!({"metaData": {"id": "t", "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
            "partitionColumns": [], "configuration": {}}}),
    ];
    for file in 0..FILES {
        let ids = file * ROWS..(file + 1) * ROWS;
        let scattered = |column: i64| {
            let value = move |id: i64| (id * 31 + column).wrapping_mul(-7_046_029_254_386_353_131) >> 8;
            Arc::new(Int64Array::from_iter_values(ids.clone().map(value))) as ArrayRef
        };
        let sorted: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.clone()));
        let columns = std::iter::once(sorted).chain((0..COLUMNS as i64).map(scattered));
        let bytes = parquet(&RecordBatch::try_from_iter(all().zip(columns)).unwrap(), properties());
        let path = format!("part-{file}.parquet");
        log.push(json!({"add": {"path": path, "partitionValues": {}, "size": bytes.len(), "modificationTime": 1,
            "dataChange": true, "stats": format!("{{\"numRecords\":{ROWS}}}")}}));
        objects.insert(path, bytes.to_vec());
    }
    let commit: String = log.iter().map(|action| format!("{action}\n")).collect();
    objects.insert(format!("_delta_log/{:020}.json", 0), commit.into_bytes());
    objects
}

/// Runs `queries` together over the table, opened anew: their rows, and how long each took.
async fn run_all(server: &Server, queries: &[String]) -> Vec<(Vec<String>, Duration)> {
    let session = Session::new(SessionOptions::default()).unwrap();
    let url = server.url("").to_string().parse().unwrap();
    session.register("t", Table::open(&url, Version::Latest, &StorageOptions::default()).await.unwrap()).unwrap();
    server.forget().await;
    let began = Instant::now();
    let one = async |sql: &String| {
        let (_, batches) = run(&session, sql).await.unwrap();
        (batches.iter().flat_map(text).collect(), began.elapsed())
    };
    futures::future::join_all(queries.iter().map(one)).await
}

type Ranges = BTreeMap<String, Vec<Range<u64>>>;

fn ranges(requests: &[Request]) -> Ranges {
    let mut ranges = Ranges::new();
    for request in requests {
        ranges.entry(request.path.clone()).or_default().push(request.range_bytes().unwrap());
    }
    ranges
}

/// The ranges without overlaps.
fn union(mut ranges: Ranges) -> Ranges {
    for of in ranges.values_mut() {
        of.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::new();
        for range in of.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        *of = merged;
    }
    ranges
}

fn bytes(ranges: &Ranges) -> u64 {
    ranges.values().flatten().map(|range| range.end - range.start).sum()
}

#[tokio::test]
async fn ten_aggregates_together_fetch_each_byte_once_and_serve_the_first_first() {
    let server = Server::in_memory(table()).with_latency(20).with_bandwidth(20_000_000);
    let queries = queries();
    let (mut needed, mut alone, mut one_by_one) = (Ranges::new(), Vec::new(), Duration::ZERO);
    for query in &queries {
        let (rows, elapsed) = run_all(&server, std::slice::from_ref(query)).await.pop().unwrap();
        let needs = ranges(&server.requests());
        needs.iter().for_each(|(path, of)| needed.entry(path.clone()).or_default().extend(of.clone()));
        one_by_one += elapsed;
        alone.push((rows, needs, elapsed));
    }
    let needed = bytes(&union(needed));

    let answers = run_all(&server, &queries).await;
    let requests = server.requests();
    for ((rows, _, _), (together, _)) in alone.iter().zip(&answers) {
        assert_eq!(rows, together);
    }
    let fetched = ranges(&requests);
    let once = bytes(&union(fetched.clone()));
    assert!(
        bytes(&fetched) <= once.min(needed) * 105 / 100,
        "{} bytes: {once} of them, {needed} needed",
        bytes(&fetched)
    );

    // Where the bytes that the first query needs have all been requested.
    let (_, first, elapsed) = &alone[0];
    let mut missing = union(first.clone());
    let mut take = |request: &Request| {
        let (range, before) = (request.range_bytes().unwrap(), bytes(&missing));
        let of = missing.entry(request.path.clone()).or_default();
        *of = of.iter().flat_map(|one| outside(one, &range)).collect();
        before - bytes(&missing)
    };
    let taken: Vec<u64> = requests.iter().map(&mut take).collect();
    let last = taken.iter().rposition(|taken| *taken > 0).unwrap();
    let others = bytes(&ranges(&requests[..last])) - taken[..last].iter().sum::<u64>();
    eprintln!(
        "{} requests, {} bytes of {needed}; the first query's {} bytes are requested with {others} others; \
         first answer {:?} (alone {elapsed:?}), last {:?} (one by one, each cold, {one_by_one:?})",
        requests.len(),
        bytes(&fetched),
        bytes(first),
        answers.iter().map(|(_, elapsed)| elapsed).min().unwrap(),
        answers.iter().map(|(_, elapsed)| elapsed).max().unwrap(),
    );
    assert!(others <= bytes(first) / 2, "{others} bytes of later queries before {} of the first", bytes(first));
}

/// The parts of `range` outside `hole`.
fn outside(range: &Range<u64>, hole: &Range<u64>) -> Vec<Range<u64>> {
    let parts = [range.start..range.end.min(hole.start), range.start.max(hole.end)..range.end];
    parts.into_iter().filter(|part| part.start < part.end).collect()
}

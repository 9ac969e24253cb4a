//! Reads a table both ways and says how it went.

use crate::cases::{Case, Expectation};
use crate::exceptions::{Instead, disagreement};
use crate::expected::{Expected, Rows};
use crate::loopback::Server;
use crate::oracle::{self, Answer};
use crate::spell;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt;
use lakeglass::error::Error;
use lakeglass::scan::FooterCache;
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::StorageOptions;
use lakeglass::table::{Table, TableUrl};
use serde_json::Value;
use std::collections::BTreeMap;

pub enum Outcome {
    Passed(String),
    Refused(String),
    Skipped(String),
    Failed(String),
}

/// What was read: columns and rows.
struct Content {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Content {
    fn without(&self, column: &str) -> Result<Content, String> {
        let kept: Vec<_> = (0..self.schema.fields().len()).filter(|&i| self.schema.field(i).name() != column).collect();
        let schema = self.schema.project(&kept).map_err(|error| error.to_string())?;
        let batches: Result<Vec<_>, _> = self.batches.iter().map(|batch| batch.project(&kept)).collect();
        Ok(Content { schema: schema.into(), batches: batches.map_err(|error| error.to_string())? })
    }
}

/// The table's features for the report, and the outcome.
pub async fn run(case: Case) -> (String, Outcome) {
    if let Expectation::Instead(Instead::Skipped, reason) = &case.expectation {
        return (String::new(), Outcome::Skipped(reason.clone()));
    }
    let table = match open(&case).await {
        Ok(table) => table,
        Err(error) => return (String::new(), refusal(&case.expectation, &error, true)),
    };
    let features = features(&table);
    let (mut rows, mut right) = (0, None);
    let mut ways = vec![("scan", scan(&table).await), ("SQL", sql(&table).await)];
    // What is wrong with a log may be seen only in a listing, and HTTP has none.
    if !matches!(case.expectation, Expectation::Instead(..)) {
        ways.push(("HTTP", http(&case).await));
    }
    for (way, read) in ways {
        let content = match read {
            Ok(content) => content,
            Err(error) => match refusal(&case.expectation, &error, false) {
                Outcome::Failed(reason) => return (features, Outcome::Failed(format!("{way}: {reason}"))),
                _ => continue,
            },
        };
        // What one way has read right, another reads right too if it is the same: spelling a million rows takes its time.
        let whole = concat_batches(&content.schema, &content.batches).ok();
        if whole.is_none() || whole != right {
            if let Err(difference) = check(&case.expectation, &content) {
                return (features, Outcome::Failed(format!("{way}: {difference}")));
            }
            right = whole;
        }
        rows = content.batches.iter().map(RecordBatch::num_rows).sum();
    }
    let kernel = match second_opinion(&case, right.as_ref()).await {
        Ok(kernel) => kernel,
        Err(difference) => return (features, Outcome::Failed(difference)),
    };
    let outcome = match case.expectation {
        Expectation::Instead(Instead::RefusedToRead(code), reason) => Outcome::Refused(format!("{code}: {reason}")),
        Expectation::Instead(_, reason) => Outcome::Passed(format!("{rows} rows{kernel}: {reason}")),
        Expectation::RowsWithout(column, _, reason) => {
            Outcome::Passed(format!("{rows} rows{kernel}, without {column}: {reason}"))
        }
        Expectation::Rows(_) => Outcome::Passed(format!("{rows} rows{kernel}")),
    };
    (features, outcome)
}

/// What delta_kernel has to say about what was read: words for the report, or how it differs.
async fn second_opinion(case: &Case, read: Option<&RecordBatch>) -> Result<String, String> {
    let Some(read) = read else { return Ok(String::new()) };
    let (wanted, digest, first) = match oracle::ask(case).await? {
        Answer::NotAsked => return Ok(String::new()),
        Answer::Refused(reason) => return Ok(format!(" (not read by delta_kernel: {reason})")),
        Answer::Read { types, rows, digest, first } => (types, (rows, digest), first),
    };
    let fields = read.schema_ref().fields().iter();
    let types: BTreeMap<_, _> =
        fields.map(|field| (field.name().clone(), spell::arrow_type(field.data_type()))).collect();
    let rows = spell::rows(read);
    let same = types == wanted && digest == (rows.len(), spell::digest(&rows));
    match (same, disagreement(&case.table)) {
        (true, None) => Ok(", as delta_kernel reads them".into()),
        (false, Some(reason)) => Ok(format!(", other than delta_kernel's: {reason}")),
        (true, Some(_)) => Err("delta_kernel reads the same, although it is listed as disagreeing".into()),
        (false, None) if types != wanted => Err(format!("columns are {types:?}; delta_kernel has {wanted:?}")),
        (false, None) => Err(format!(
            "{} rows, delta_kernel has {}; the first is {} and {first}",
            rows.len(),
            digest.0,
            rows.first().unwrap_or(&Value::Null)
        )),
    }
}

async fn open(case: &Case) -> Result<Table, Error> {
    let url: TableUrl = case.root.to_string_lossy().parse()?;
    Table::open(&url, case.version, &StorageOptions::default()).await
}

async fn scan(table: &Table) -> Result<Content, Error> {
    let scan = table.scan(&FooterCache::default());
    Ok(Content { schema: scan.schema().clone(), batches: scan.stream().try_collect().await? })
}

/// The scan again, over a host that cannot list.
async fn http(case: &Case) -> Result<Content, Error> {
    let server = Server::start(&case.root);
    let url: TableUrl = server.url("").as_str().parse()?;
    scan(&Table::open(&url, case.version, &StorageOptions::default()).await?).await
}

async fn sql(table: &Table) -> Result<Content, Error> {
    let session = Session::new(SessionOptions::default())?;
    session.register("t", table.clone())?;
    let result = session.query("SELECT * FROM t").await?;
    Ok(Content { schema: result.schema, batches: result.batches.try_collect().await? })
}

/// Reader features, or the reader version where there are none, and the column mapping in use.
fn features(table: &Table) -> String {
    let snapshot = table.snapshot();
    let mut features = snapshot.format.names("readerFeatures").to_vec();
    if features.is_empty() {
        features.push(format!("reader {}", snapshot.format.number("minReaderVersion").unwrap_or_default()));
    }
    features.extend(
        snapshot.metadata.configuration.get("delta.columnMapping.mode").map(|mode| format!("mapped by {mode}")),
    );
    features.join(", ")
}

/// Whether an error is the one that was wanted.
fn refusal(expectation: &Expectation, error: &Error, opening: bool) -> Outcome {
    let got = error.code().as_str();
    match expectation {
        Expectation::Instead(Instead::RefusedToOpen(wanted), reason) if opening && *wanted == got => {
            Outcome::Refused(format!("{got}: {reason}"))
        }
        Expectation::Instead(Instead::RefusedToRead(wanted), reason) if !opening && *wanted == got => {
            Outcome::Refused(format!("{got}: {reason}"))
        }
        _ => Outcome::Failed(format!("{got}: {error}")),
    }
}

fn check(expectation: &Expectation, content: &Content) -> Result<(), String> {
    let rows: Vec<Value> = content.batches.iter().flat_map(spell::rows).collect();
    match expectation {
        Expectation::Instead(Instead::Empty, _) if rows.is_empty() => Ok(()),
        Expectation::Instead(_, reason) => Err(format!("{} rows were read, although: {reason}", rows.len())),
        Expectation::Rows(expected) => {
            check_types(expected, content)?;
            check_rows(&expected.rows, rows)
        }
        Expectation::RowsWithout(column, expected, _) => {
            let projected = content.without(column)?;
            check_types(expected, &projected)?;
            check_rows(&expected.rows, projected.batches.iter().flat_map(spell::rows).collect())
        }
    }
}

/// Columns by name and type, and that every batch has the types that were announced.
fn check_types(expected: &Expected, content: &Content) -> Result<(), String> {
    let fields = content.schema.fields().iter();
    let types: BTreeMap<_, _> =
        fields.map(|field| (field.name().clone(), spell::arrow_type(field.data_type()))).collect();
    if types != expected.types {
        let differ = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
            let differing: Vec<_> = a.iter().filter(|(name, kind)| b.get(*name) != Some(*kind)).collect();
            differing.iter().map(|(name, kind)| format!("{name} {kind}")).collect::<Vec<_>>().join(", ")
        };
        return Err(format!(
            "columns are {}; expected {}",
            differ(&types, &expected.types),
            differ(&expected.types, &types)
        ));
    }
    for batch in &content.batches {
        let announced = content.schema.fields().iter().map(|field| field.data_type());
        if !announced.eq(batch.schema_ref().fields().iter().map(|field| field.data_type())) {
            return Err(format!("a batch has {}, announced was {}", batch.schema_ref(), content.schema));
        }
    }
    Ok(())
}

fn check_rows(expected: &Rows, rows: Vec<Value>) -> Result<(), String> {
    match expected {
        Rows::Count(count) if *count == rows.len() => Ok(()),
        Rows::Digest { count, digest } if *count == rows.len() && *digest == spell::digest(&rows) => Ok(()),
        Rows::Digest { count, digest } => Err(format!(
            "{} rows with digest {}; expected {count} with {digest}; the first is {}",
            rows.len(),
            spell::digest(&rows),
            rows.first().unwrap_or(&Value::Null)
        )),
        Rows::Count(count) => Err(format!("{} rows; expected {count}", rows.len())),
        Rows::These(expected) => same_rows(expected, &rows),
    }
}

/// Both as sorted text, so that order does not matter and repeats do.
fn same_rows(expected: &[Value], rows: &[Value]) -> Result<(), String> {
    let sorted = |rows: &[Value]| {
        let mut texts: Vec<_> = rows.iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    let (expected, rows) = (sorted(expected), sorted(rows));
    if expected == rows {
        return Ok(());
    }
    let missing = expected.iter().find(|row| !rows.contains(row));
    let extra = rows.iter().find(|row| !expected.contains(row));
    Err(format!("{} rows, expected {}; missing {missing:?}; too many {extra:?}", rows.len(), expected.len()))
}

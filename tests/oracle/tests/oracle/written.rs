//! Random histories of tables that no Python package writes, by the writer in this package: every version's rows by the writer's own
//! account, as Lakeglass reads them, and as delta_kernel does where it reads the table at all.

use crate::histories::number;
use crate::report::Differences;
use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use lakeglass_oracle::pruned::{self, Filter};
use lakeglass_oracle::writer::data_file::Identity;
use lakeglass_oracle::writer::history::{History, table_schema};
use lakeglass_oracle::writer::numbers::Numbers;
use lakeglass_oracle::{Content, Result, kernel, ours};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rows with their ids and versions, sorted.
fn tracked_text(rows: RecordBatch, identities: &[Identity]) -> Vec<String> {
    let mut fields = rows.schema().fields().to_vec();
    let mut columns = rows.columns().to_vec();
    let column = |of: fn(&Identity) -> i64| Arc::new(identities.iter().map(of).collect::<Int64Array>()) as ArrayRef;
    for (name, column) in
        [("row_id", column(|identity| identity.0)), ("row_commit_version", column(|identity| identity.1))]
    {
        fields.push(Arc::new(Field::new(name, DataType::Int64, true)));
        columns.push(column);
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    Content { version: 0, schema: batch.schema(), batches: vec![batch] }.sorted()
}

/// A filter by one of the values, if some column has any that can be compared.
fn filter(batch: &RecordBatch, numbers: &mut Numbers) -> Option<Filter> {
    let column = numbers.below(batch.num_columns());
    let row = (batch.num_rows() > 0).then(|| numbers.below(batch.num_rows()))?;
    let value = batch.column(column).slice(row, 1);
    let fits = Filter::fits(value.data_type()) && value.is_valid(0);
    let (at_least, at_most) = *numbers.one_of(&[(true, false), (false, true), (true, true)]);
    fits.then_some(Filter { column, value, at_least, at_most })
}

/// The first history's seed and their number, unless `LAKEGLASS_SEED` and `LAKEGLASS_TABLES` say otherwise.
const SEED: u64 = 1;
const TABLES: u64 = 30;

fn text(content: &Content) -> String {
    format!("{:?} {}", content.types(), content.sorted().join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_has_the_rows_that_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut differences = Differences::default();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let first = number("LAKEGLASS_SEED", SEED);
    let tables = number("LAKEGLASS_TABLES", TABLES);
    let (mut tracked, mut kernel_tracked, mut left_out) = (0, 0, 0);
    let mut numbers = Numbers::new(first);
    for seed in first..first + tables {
        let root = folder.path().join(seed.to_string());
        let history = History::write(&root, seed, true);
        for (number, version) in history.versions.iter().enumerate() {
            let schema = table_schema(&version.columns).into();
            let written = Content { version: number as u64, schema, batches: vec![version.batch()] };
            let written: Result<String> = Ok(text(&written));
            let ours = ours::read(&root, Some(number as u64)).await.map(|content| text(&content));
            let theirs = kernel::read(&root, Some(number as u64)).map(|content| text(&content));
            let name = format!("seed {seed}, version {number} ({}), {:?}", version.what, history.mapping);
            match theirs {
                Err(reason) => {
                    let reason: String = reason.lines().next().unwrap_or_default().chars().take(90).collect();
                    *refused.entry(reason).or_default() += 1;
                    differences.equal(&name, &written, &ours);
                }
                theirs => differences.compare(&name, &written, &ours, &theirs),
            }
            let batch = version.batch();
            for _ in 0..3 {
                let Some(filter) = filter(&batch, &mut numbers) else { continue };
                let schema = batch.schema();
                let rows = Content { version: 0, schema, batches: vec![filter.filter(&batch)] }.sorted();
                let pruned = pruned::read(&root, Some(number as u64), &filter).await;
                left_out += pruned.as_ref().map_or(0, |(_, files)| *files);
                let what = format!("{name}: {filter:?}");
                differences.equal(&what, &Ok(rows), &pruned.map(|(content, _)| content.sorted()));
            }
            if history.row_tracking {
                tracked += 1;
                let written = Ok(tracked_text(version.batch(), &version.identities));
                let ours = ours::read_tracked(&root, Some(number as u64)).await.map(|content| content.sorted());
                match kernel::read_tracked(&root, Some(number as u64)).map(|content| content.sorted()) {
                    Err(_) => differences.equal(&format!("{name}: row ids"), &written, &ours),
                    theirs => {
                        kernel_tracked += 1;
                        let text = |rows: Result<Vec<String>>| rows.map(|rows| rows.join("\n"));
                        differences.compare(&format!("{name}: row ids"), &text(written), &text(ours), &text(theirs));
                    }
                }
            }
        }
        std::fs::remove_dir_all(root).unwrap();
    }
    for (reason, count) in refused {
        println!("{count} versions are not read by delta_kernel: {reason}");
    }
    println!("row ids of {tracked} versions, {kernel_tracked} of them read by delta_kernel too");
    assert!(tracked >= tables && kernel_tracked > 0, "row ids of {tracked} versions, {kernel_tracked}");
    println!("{left_out} files were left out by their bounds");
    assert!(left_out > tables as usize, "{left_out} files left out");
    differences.finish(tables * 5);
}

//! Many scans of tables made at random: whatever is pruned, deleted, limited and fetched ahead, the rows are right.

use crate::scan_fixture::{Between, Fixture, collect, field, small_pages};
use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type, Schema};
use lakeglass::snapshot::Deletes;
use roaring::RoaringTreemap;
use std::sync::Arc;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A row: where it is, a key that may be null, and a text.
type Row = (i64, Option<i64>, Option<String>);

fn schema() -> Schema {
    Schema::new(vec![field("at", DataType::Int64), field("key", DataType::Int64), field("text", DataType::Utf8)])
}

async fn table(numbers: &mut Numbers) -> (Fixture, Vec<Row>) {
    let mut fixture = Fixture::new(schema());
    let mut left = Vec::new();
    for file in 0..1 + numbers.below(4) as usize {
        let count = numbers.below(400) as i64;
        let key = |at: i64, numbers: &mut Numbers| (numbers.below(9) > 0).then(|| at + numbers.below(30) as i64);
        let rows: Vec<Row> = (0..count)
            .map(|row| {
                let at = file as i64 * 1000 + row;
                let key = key(at, numbers);
                (at, key, (numbers.below(5) > 0).then(|| format!("text {}", numbers.below(50))))
            })
            .collect();
        let batch = RecordBatch::try_new(
            Arc::new(schema()),
            vec![
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0))),
                Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>()),
                Arc::new(rows.iter().map(|row| row.2.clone()).collect::<StringArray>()),
            ],
        );
        let page = 1 + numbers.below(60) as usize;
        fixture.add_with(&batch.unwrap(), small_pages(page + numbers.below(200) as usize, page)).await;
        let share = numbers.below(4);
        let deleted: RoaringTreemap = (0..count as u64).filter(|_| share > 0 && numbers.below(3) < share).collect();
        left.extend(rows.into_iter().enumerate().filter(|(i, _)| !deleted.contains(*i as u64)).map(|(_, row)| row));
        if !deleted.is_empty() {
            let mut bitmap = 1_681_511_377_u32.to_le_bytes().to_vec();
            deleted.serialize_into(&mut bitmap).unwrap();
            fixture.set_deletes(file, Deletes::Inline { bitmap: bitmap.into(), cardinality: deleted.len() });
        }
    }
    (fixture, left)
}

fn rows(batches: &[RecordBatch]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        let (at, key) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
        let text = batch.column(2).as_string::<i32>();
        let row = |i: usize| {
            (at.value(i), key.is_valid(i).then(|| key.value(i)), text.is_valid(i).then(|| text.value(i).to_string()))
        };
        rows.extend((0..batch.num_rows()).map(row));
    }
    rows
}

#[tokio::test]
async fn rows_are_right_whatever_is_asked() {
    let mut numbers = Numbers(42);
    for round in 0..150 {
        let (fixture, expected) = table(&mut numbers).await;
        let scan =
            fixture.scan().with_batch_size(1 + numbers.below(100) as usize).with_ahead_bytes(numbers.below(3) * 2000);
        assert_eq!(rows(&collect(&scan).await.unwrap()), expected, "round {round}");

        let limit = numbers.below(500) as usize;
        let limited = rows(&collect(&scan.clone().with_limit(Some(limit))).await.unwrap());
        assert_eq!(limited, expected[..limit.min(expected.len())], "round {round}, limit {limit}");

        let low = numbers.below(4000) as i64;
        let high = low + numbers.below(300) as i64;
        let wanted = |row: &&Row| row.1.is_some_and(|key| (low..=high).contains(&key));
        let pruned = rows(&collect(&scan.with_pruner(Between::new(1, low..=high))).await.unwrap());
        let matching: Vec<&Row> = expected.iter().filter(wanted).collect();
        assert_eq!(pruned.iter().filter(wanted).collect::<Vec<_>>(), matching, "round {round}, {low} to {high}");
        let mut all = expected.iter();
        assert!(pruned.iter().all(|row| all.any(|other| other == row)), "round {round}: other rows, or another order");
    }
}

//! Lists as older writers of Parquet spell them.

use crate::scan_fixture::{Fixture, field};
use arrow::datatypes::{DataType, Schema};
use parquet::data_type::Int32Type;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// A file of one list column, whose leaf has these levels and values: `[[1, 2], null, [], [3]]`.
fn lists(message: &str, definitions: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type(message).unwrap());
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[1, 2, 3], Some(definitions), Some(&[0, 1, 0, 0, 0])).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

/// <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists>
#[tokio::test]
async fn lists_of_older_writers() {
    let list = DataType::List(Arc::new(field("element", DataType::Int32)));
    for (message, definitions) in [
        ("message m { optional group l (LIST) { repeated group list { optional int32 element; } } }", [3, 3, 0, 1, 3]),
        (
            "message m { optional group l (LIST) { repeated group bag { optional int32 array_element; } } }",
            [3, 3, 0, 1, 3],
        ),
        ("message m { optional group l (LIST) { repeated int32 array; } }", [2, 2, 0, 1, 2]),
    ] {
        let mut fixture = Fixture::new(Schema::new(vec![field("l", list.clone())]));
        fixture.add_bytes(lists(message, &definitions), &[]).await;
        assert_eq!(fixture.rows().await, ["[1, 2]", "∅", "[]", "[3]"], "{message}");
    }
}

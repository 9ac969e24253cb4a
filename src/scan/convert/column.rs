//! One column of a batch: a constant, null, or what the file has, as the table types it.

use super::constant;
use super::projection::Source;
use super::schema_adapter;
use crate::error::{Error, Result};
use crate::snapshot::canonical_floats;
use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::Field;

/// The column of type `output`, for `rows` rows whose columns that are read are `data`. `name` is what errors call the file.
pub(in crate::scan) fn column(
    constant: Option<&ArrayRef>,
    source: &Source,
    data: &[ArrayRef],
    output: &Field,
    rows: usize,
    name: &str,
) -> Result<ArrayRef> {
    let column = match (constant, source) {
        (Some(value), _) => constant::repeat(value, rows),
        (None, Source::Missing) => Ok(new_null_array(output.data_type(), rows)),
        (None, Source::File { position, shape, .. }) => match data.get(*position) {
            Some(array) => {
                schema_adapter::adapt(array, shape, output.data_type()).map(|column| canonical_floats(&column))
            }
            None => return Err(Error::internal("a column that was asked for is not decoded")),
        },
    };
    column.map_err(|error| Error::corrupt(name, format!("column {}: {error}", output.name())))
}

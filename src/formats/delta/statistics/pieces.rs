//! Statistics decoded piece by piece, as they come out of a checkpoint, and put back into the order of the files. Pure.

use super::Column;
use super::sources::Sources;
use crate::error::{Error, Result};
use crate::snapshot::ColumnStatistics;
use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::interleave;

/// The statistics of some files, by wanted column.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) row_count: UInt64Array,
    pub(crate) columns: Vec<ColumnStatistics>,
}

impl Piece {
    pub(crate) fn new(sources: &Sources<'_>, wanted: &[Column<'_>]) -> Result<Piece> {
        let row_count = sources.row_count();
        let column = |(at, column): (usize, &Column<'_>)| sources.column(at, column.field.data_type(), &row_count);
        let columns = wanted.iter().enumerate().map(column).collect::<Result<_>>()?;
        Ok(Piece { row_count, columns })
    }
}

/// Pieces, and where in them each file is.
#[derive(Debug)]
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
    /// By file.
    places: Vec<(usize, usize)>,
}

impl Pieces {
    /// Begins with a piece that has all files, and perhaps says nothing of some.
    pub(crate) fn new(first: Piece) -> Pieces {
        let places = (0..first.row_count.len()).map(|row| (0, row)).collect();
        Pieces { pieces: vec![first], places }
    }

    /// A piece that says more of the files `at`, in its order.
    pub(crate) fn push(&mut self, at: impl IntoIterator<Item = usize>, piece: Piece) {
        for (row, file) in at.into_iter().enumerate() {
            if let Some(place) = self.places.get_mut(file) {
                *place = (self.pieces.len(), row);
            }
        }
        self.pieces.push(piece);
    }

    /// All of them as one, in the order of the files.
    pub(crate) fn join(self) -> Result<Piece> {
        let row_count = self.joined_counts(|piece| Some(&piece.row_count))?;
        let columns = self.pieces.first().map_or(0, |piece| piece.columns.len());
        let column = |at: usize| {
            Ok(ColumnStatistics {
                min: self.joined(|piece| Some(piece.columns.get(at)?.min.as_ref()))?,
                max: self.joined(|piece| Some(piece.columns.get(at)?.max.as_ref()))?,
                null_count: self.joined_counts(|piece| Some(&piece.columns.get(at)?.null_count))?,
            })
        };
        Ok(Piece { row_count, columns: (0..columns).map(column).collect::<Result<_>>()? })
    }

    fn joined<'p>(&'p self, array: impl Fn(&'p Piece) -> Option<&'p dyn Array>) -> Result<ArrayRef> {
        let arrays: Option<Vec<&dyn Array>> = self.pieces.iter().map(array).collect();
        let arrays = arrays.ok_or_else(|| Error::internal("a piece without a column"))?;
        interleave(&arrays, &self.places).map_err(Error::internal)
    }

    fn joined_counts<'p>(&'p self, array: impl Fn(&'p Piece) -> Option<&'p UInt64Array>) -> Result<UInt64Array> {
        let joined = self.joined(|piece| array(piece).map(|counts| counts as &dyn Array))?;
        joined.as_primitive_opt().cloned().ok_or_else(|| Error::internal("counts of another type"))
    }
}

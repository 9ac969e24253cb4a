//! ByteKeys and binaries as keys of 128 bits.
//!
//! Up to 12 bytes their view is the key: nothing has to be compared but it. A longer one's is its number among those kept here.

use super::id_table::{IdTable, hash_bytes};
use arrow::array::{Array, ArrayBuilder, ArrayRef, BinaryViewArray, BinaryViewBuilder};
use arrow::buffer::NullBuffer;
use datafusion::error::Result;
use std::sync::Arc;

/// Up to so many bytes a view holds its text itself.
const SHORT: u32 = 12;
/// In a key instead of the length: what follows is a number.
const NUMBERED: u32 = u32::MAX;

/// The distinct texts that are longer than a view.
pub struct ByteKeys {
    long: BinaryViewBuilder,
    /// Of their hashes; where two texts have the same one, the second has that one + 1, or the next that is free.
    numbers: IdTable<u64>,
    keys: Vec<u128>,
}

impl ByteKeys {
    /// None yet.
    pub fn new() -> ByteKeys {
        ByteKeys { long: BinaryViewBuilder::new(), numbers: IdTable::new(), keys: Vec::new() }
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.long.allocated_size() + self.numbers.size() + self.keys.capacity() * size_of::<u128>()
    }

    /// For each row a key that equal texts have in common; of nulls any.
    pub fn keys<'a>(&'a mut self, array: &'a BinaryViewArray) -> Result<&'a [u128]> {
        let views = array.views();
        if !views.iter().any(|view| length(*view) > SHORT) {
            return Ok(views);
        }
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        keys.extend_from_slice(views);
        let mut last = (0, 0);
        for (row, key) in keys.iter_mut().enumerate() {
            if length(*key) <= SHORT || array.is_null(row) {
                continue;
            }
            // Rows next to each other are often one text of a dictionary.
            if last.0 != *key {
                last = (*key, u128::from(self.number(array.value(row))?) << 32 | u128::from(NUMBERED));
            }
            *key = last.1;
        }
        self.keys = keys;
        Ok(&self.keys)
    }

    /// The number of a long text: the next one, if it is new.
    fn number(&mut self, text: &[u8]) -> Result<u32> {
        let mut hash = hash_bytes(text);
        loop {
            let mut number = [0];
            self.numbers.intern(&[hash], &mut number)?;
            let [number] = number;
            if number as usize >= self.long.len() {
                self.long.try_append_value(text)?;
                return Ok(number);
            }
            if self.long.get_value(number as usize) == text {
                return Ok(number);
            }
            hash = hash.wrapping_add(1);
        }
    }

    /// The texts that `keys` stand for.
    pub fn into_array(mut self, keys: Vec<u128>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let long = self.long.finish();
        let view = |key: u128| match length(key) {
            NUMBERED => long.views().get((key >> 32) as usize).copied().unwrap_or_default(),
            _ => key,
        };
        let views: Vec<u128> = keys.into_iter().map(view).collect();
        Ok(Arc::new(BinaryViewArray::try_new(views.into(), long.data_buffers().to_vec(), nulls)?))
    }
}

/// What a view begins with.
#[expect(clippy::cast_possible_truncation, reason = "its lowest 32 bits")]
fn length(view: u128) -> u32 {
    view as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;

    #[test]
    fn equal_texts_have_a_key_in_common_and_come_back() {
        let texts = [
            "",
            "\0",
            "twelve bytes",
            "twelve byteš",
            "thirteen bytes",
            "thirteen-bytes",
            "thirteen bytes, and more",
            "a text of thirty-two bytes, exact",
        ];
        let mut kept = ByteKeys::new();
        let first = BinaryViewArray::from_iter_values(texts);
        let keys = kept.keys(&first).unwrap().to_vec();
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), texts.len());
        // From another array, whose views point elsewhere, and with nulls.
        let again =
            BinaryViewArray::from_iter([Some("a long text of nobody else's"), None].into_iter().chain(texts.map(Some)));
        assert_eq!(kept.keys(&again).unwrap()[2..], keys);
        let back = kept.into_array(keys, None).unwrap();
        assert_eq!(back.as_binary_view(), &first);
    }

    #[test]
    fn texts_with_one_hash_are_told_apart() {
        let mut kept = ByteKeys::new();
        let text = |number: u8| [number; 20];
        // Taken by others: what follows a text's own hash.
        let hash = hash_bytes(&text(0));
        for other in 1..4 {
            kept.numbers.intern(&[hash.wrapping_add(u64::from(other) - 1)], &mut [0]).unwrap();
            kept.long.append_value(text(other));
        }
        assert_eq!(kept.number(&text(0)).unwrap(), 3);
        assert_eq!(kept.number(&text(0)).unwrap(), 3);
        assert_eq!(kept.number(&text(9)).unwrap(), 4);
    }
}

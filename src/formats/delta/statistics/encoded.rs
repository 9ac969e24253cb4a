//! `add.stats`: statistics as a JSON object, of which only the wanted columns are looked at.

use super::bounds::Side;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats<'a> {
    #[serde(borrow)]
    num_records: Option<&'a RawValue>,
    #[serde(borrow)]
    tight_bounds: Option<&'a RawValue>,
    #[serde(borrow)]
    min_values: Option<&'a RawValue>,
    #[serde(borrow)]
    max_values: Option<&'a RawValue>,
    #[serde(borrow)]
    null_count: Option<&'a RawValue>,
}

/// One file's statistics: by wanted column, the values as they are written.
pub(crate) struct Encoded<'a> {
    pub(crate) num_records: Option<u64>,
    pub(crate) tight_bounds: bool,
    min: Vec<Option<&'a RawValue>>,
    max: Vec<Option<&'a RawValue>>,
    null_count: Vec<Option<&'a RawValue>>,
}

impl<'a> Encoded<'a> {
    /// `None` where the text is not JSON.
    pub(crate) fn parse(text: &'a str, names: &[&str]) -> Option<Encoded<'a>> {
        let stats: Stats<'a> = serde_json::from_str(text).ok()?;
        let picked = |values: Option<&'a RawValue>| pick(values, names).unwrap_or_default();
        Some(Encoded {
            num_records: stats.num_records.and_then(number),
            // Absent means tight; anything but a plain `true` does not.
            tight_bounds: stats.tight_bounds.is_none_or(|tight| tight.get() == "true"),
            min: picked(stats.min_values),
            max: picked(stats.max_values),
            null_count: picked(stats.null_count),
        })
    }

    pub(crate) fn bound(&self, at: usize, side: Side) -> Option<&'a RawValue> {
        let bounds = match side {
            Side::Min => &self.min,
            Side::Max => &self.max,
        };
        bounds.get(at).copied().flatten()
    }

    pub(crate) fn null_count(&self, at: usize) -> Option<u64> {
        self.null_count.get(at).copied().flatten().and_then(number)
    }
}

/// Only `numRecords`.
pub(crate) fn num_records(text: &str) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct NumRecords {
        num_records: Option<u64>,
    }
    serde_json::from_str::<NumRecords>(text).ok()?.num_records
}

/// Only `tightBounds`, which is true where it is not said.
pub(crate) fn has_tight_bounds(text: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct TightBounds {
        tight_bounds: Option<bool>,
    }
    serde_json::from_str::<TightBounds>(text).is_ok_and(|read| read.tight_bounds.unwrap_or(true))
}

fn number(raw: &RawValue) -> Option<u64> {
    raw.get().parse().ok()
}

fn pick<'a>(object: Option<&'a RawValue>, names: &[&str]) -> Option<Vec<Option<&'a RawValue>>> {
    let mut deserializer = serde_json::Deserializer::from_str(object?.get());
    Pick { names }.deserialize(&mut deserializer).ok()
}

/// Takes the values of some keys out of an object, and skips the others.
struct Pick<'n> {
    names: &'n [&'n str],
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value for each column")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut values = vec![None; self.names.len()];
        while let Some(Key(key)) = map.next_key()? {
            let place = self.names.iter().position(|name| *name == key).and_then(|at| values.get_mut(at));
            match place {
                Some(place) => *place = Some(map.next_value::<&RawValue>()?).filter(|value| value.get() != "null"),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(values)
    }
}

/// A key, borrowed unless it has escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

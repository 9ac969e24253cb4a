//! A variant's scalar values, and how each is spelled in JSON.

use super::broken;
use arrow::datatypes::{Decimal128Type, DecimalType};
use arrow::error::ArrowError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveTime};

/// A value that is neither an object nor an array.
pub(crate) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    /// Digits, and how many of them are behind the point.
    Decimal(i128, i8),
    /// Days since the Unix epoch.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    Timestamp {
        /// Since the Unix epoch.
        micros: i64,
        /// Nanoseconds beyond them.
        nanos: u32,
        /// Whether it is an instant, not a wall clock's.
        utc: bool,
    },
    Binary(&'a [u8]),
    String(&'a str),
    Uuid(&'a [u8; 16]),
}

impl Scalar<'_> {
    pub(crate) fn timestamp_nanos(value: i64, utc: bool) -> Scalar<'static> {
        let nanos = u32::try_from(value.rem_euclid(1_000)).unwrap_or_default();
        Scalar::Timestamp { micros: value.div_euclid(1_000), nanos, utc }
    }

    pub(crate) fn write(&self, json: &mut Vec<u8>) -> Result<(), ArrowError> {
        match self {
            Scalar::Null => json.extend_from_slice(b"null"),
            Scalar::Boolean(value) => json.extend_from_slice(if *value { b"true" } else { b"false" }),
            Scalar::Integer(value) => json.extend_from_slice(value.to_string().as_bytes()),
            Scalar::Float(value) if value.is_finite() => return number(json, value),
            Scalar::Double(value) if value.is_finite() => return number(json, value),
            Scalar::Float(value) => plain(json, not_finite(f64::from(*value))),
            Scalar::Double(value) => plain(json, not_finite(*value)),
            Scalar::Decimal(digits, scale) => {
                json.extend_from_slice(Decimal128Type::format_decimal(*digits, 38, *scale).as_bytes());
            }
            Scalar::Date(days) => {
                let date = NaiveDate::from_epoch_days(*days).ok_or_else(|| broken("a date is out of range"))?;
                plain(json, &date.to_string());
            }
            Scalar::Time(micros) => plain(json, &time(*micros)?),
            Scalar::Timestamp { micros, nanos, utc } => plain(json, &timestamp(*micros, *nanos, *utc)?),
            Scalar::Binary(bytes) => plain(json, &STANDARD.encode(bytes)),
            Scalar::String(text) => return string(json, text),
            Scalar::Uuid(bytes) => plain(json, &uuid(bytes)),
        }
        Ok(())
    }
}

/// A string of any characters.
pub(crate) fn string(json: &mut Vec<u8>, text: &str) -> Result<(), ArrowError> {
    number(json, &text)
}

fn number(json: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<(), ArrowError> {
    serde_json::to_writer(json, value).map_err(|error| broken(&error.to_string()))
}

/// A string without a character to escape.
fn plain(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

fn not_finite(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

fn time(micros: i64) -> Result<String, ArrowError> {
    let parts = u32::try_from(micros.div_euclid(1_000_000)).ok().zip(u32::try_from(micros.rem_euclid(1_000_000)).ok());
    let time =
        parts.and_then(|(seconds, micros)| NaiveTime::from_num_seconds_from_midnight_opt(seconds, micros * 1_000));
    Ok(time.ok_or_else(|| broken("a time of day is out of range"))?.format("%H:%M:%S%.f").to_string())
}

fn timestamp(micros: i64, nanos: u32, utc: bool) -> Result<String, ArrowError> {
    let time = DateTime::from_timestamp_micros(micros);
    let time = time.and_then(|time| time.checked_add_signed(chrono::TimeDelta::nanoseconds(nanos.into())));
    let time = time.ok_or_else(|| broken("a timestamp is out of range"))?;
    Ok(time.format(if utc { "%Y-%m-%dT%H:%M:%S%.fZ" } else { "%Y-%m-%dT%H:%M:%S%.f" }).to_string())
}

fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

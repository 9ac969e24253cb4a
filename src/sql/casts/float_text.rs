//! Floats as text: `1.5`, `1e+20`, `NaN`, as DuckDB writes numbers. Pure.

use std::fmt::{LowerExp, Write};

/// Adds the shortest text that is read as `value` again; with an exponent where there are many zeros, else with a digit behind the
/// point.
pub fn write<F: LowerExp + Into<f64> + Copy>(value: F, out: &mut String) {
    let double: f64 = value.into();
    if !double.is_finite() {
        out.push_str(if double.is_nan() { "NaN" } else { "" });
        out.push_str(if double == f64::INFINITY { "inf" } else { "" });
        out.push_str(if double == f64::NEG_INFINITY { "-inf" } else { "" });
        return;
    }
    let text = format!("{value:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return out.push_str(&text) };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |positive| ("-", positive));
    out.push_str(sign);
    if !(-4..16).contains(&exponent) {
        let _ = write!(out, "{mantissa}e{exponent:+03}");
        return;
    }
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let places = usize::try_from(exponent.abs()).unwrap_or_default();
    if exponent < 0 {
        let _ = write!(out, "0.{}{digits}", "0".repeat(places - 1));
    } else {
        let (whole, fraction) = digits.split_at_checked(places + 1).unwrap_or((&digits, ""));
        let zeros = "0".repeat((places + 1).saturating_sub(digits.len()));
        let _ = write!(out, "{whole}{zeros}.{}", if fraction.is_empty() { "0" } else { fraction });
    }
}

#[cfg(test)]
mod tests {
    use super::write;

    fn text<F: std::fmt::LowerExp + Into<f64> + Copy>(value: F) -> String {
        let mut out = String::new();
        write(value, &mut out);
        out
    }

    #[test]
    fn doubles_and_floats() {
        for (value, expected) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (123_456_789.125, "123456789.125"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_01, "1e-05"),
            (-1.25e-7, "-1.25e-07"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(value), expected);
        }
        assert_eq!(
            (text(0.1f32), text(123_456_789f32), text(3.4e38f32)),
            ("0.1".into(), "123456790.0".into(), "3.4e+38".into())
        );
    }
}

//! Regular expressions beside those of DataFusion, in the same syntax: `regexp_extract_all`, `regexp_split_to_array`, and the
//! pattern of a GLOB.

use super::{arrays, strings, values};
use arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use regex::Regex;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let function = |(name, asked)| {
        Arc::new(ScalarUDF::new_from_impl(Regexp {
            name,
            asked,
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    };
    let all =
        [("regexp_extract_all", Asked::All), ("regexp_split_to_array", Asked::Split), ("glob_to_regex", Asked::Glob)];
    all.into_iter().map(function).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    /// Every match, or a group of each.
    All,
    /// What is between the matches.
    Split,
    /// The regular expression of a GLOB.
    Glob,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Regexp {
    name: &'static str,
    asked: Asked,
    signature: Signature,
}

impl ScalarUDFImpl for Regexp {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let string = |data_type: &DataType| data_type.is_string() || *data_type == DataType::Null;
        match (self.asked, arguments) {
            (Asked::All | Asked::Split, [text, pattern]) if string(text) && string(pattern) => {}
            (Asked::All, [text, pattern, group]) if string(text) && string(pattern) && group.is_integer() => {}
            (Asked::Glob, [pattern]) if string(pattern) => {}
            _ => return plan_err!("{}: takes a string and a pattern", self.name),
        }
        let coerced = |data_type: &DataType| if data_type.is_integer() { DataType::Int64 } else { DataType::Utf8View };
        Ok(arguments.iter().map(coerced).collect())
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.asked {
            Asked::All | Asked::Split => DataType::new_list(DataType::Utf8, true),
            Asked::Glob => DataType::Utf8View,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (arrays, constant) = arrays(&args.args, args.number_rows)?;
        let texts = strings(arrays.first())?;
        if self.asked == Asked::Glob {
            let mut patterns = StringViewBuilder::new();
            texts.iter().for_each(|text| patterns.append_option(text.map(glob)));
            return values(Arc::new(patterns.finish()) as ArrayRef, constant);
        }
        let patterns = strings(arrays.get(1))?;
        let groups = arrays.get(2).map(|groups| strings(Some(groups))).transpose()?;
        let mut known: HashMap<String, Regex> = HashMap::new();
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..texts.len() {
            if texts.is_null(row) || patterns.is_null(row) {
                lists.append_null();
                continue;
            }
            let pattern = patterns.value(row);
            if !known.contains_key(pattern) {
                match Regex::new(pattern) {
                    Ok(regex) => known.insert(pattern.to_string(), regex),
                    Err(error) => return exec_err!("{}: {error}", self.name),
                };
            }
            let Some(regex) = known.get(pattern) else { return internal_err!("a pattern vanished") };
            let group = groups.as_ref().and_then(|groups| groups.value(row).parse::<usize>().ok()).unwrap_or_default();
            if group >= regex.captures_len() {
                return exec_err!("{}: the pattern has no group {group}", self.name);
            }
            match self.asked {
                Asked::Split => regex.split(texts.value(row)).for_each(|part| lists.values().append_value(part)),
                _ => regex.captures_iter(texts.value(row)).for_each(|found| {
                    lists.values().append_value(found.get(group).map_or("", |part| part.as_str()));
                }),
            }
            lists.append(true);
        }
        values(Arc::new(lists.finish()) as ArrayRef, constant)
    }
}

/// `*` is any text, `?` any character, `[…]` one of some.
fn glob(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut in_class = false;
    for letter in pattern.chars() {
        match letter {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        match letter {
            '*' if !in_class => out.push_str(".*"),
            '?' if !in_class => out.push('.'),
            '!' if in_class && out.ends_with('[') => out.push('^'),
            '[' | ']' | '-' if in_class || letter != '-' => out.push(letter),
            letter if in_class => out.push(letter),
            letter => out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

//! Functions by their names in DuckDB and Spark, in terms of those that there are.
//!
//! A template's `$1`, `$2` are the arguments as written. Where a name means different things to the two engines, and the
//! call does not tell which, it is refused and says what to write.

/// Functions that are there under another name; their clauses and arguments stay as they are.
const RENAMED: &[(&str, &str)] = &[
    ("apply", "array_transform"),
    ("approx_count_distinct", "approx_distinct"),
    ("arbitrary", "first_value"),
    ("array", "make_array"),
    ("array_apply", "array_transform"),
    ("any_match", "array_any_match"),
    ("ceiling", "ceil"),
    ("char", "chr"),
    ("curdate", "current_date"),
    ("endswith", "ends_with"),
    ("every", "bool_and"),
    ("explode", "unnest"),
    ("favg", "avg"),
    ("filter", "array_filter"),
    ("first", "first_value"),
    ("fsum", "sum"),
    ("gen_random_uuid", "uuid"),
    ("get_current_timestamp", "now"),
    ("getdate", "now"),
    ("greatest_common_divisor", "gcd"),
    ("ifnull", "coalesce"),
    ("json_object_keys", "json_keys"),
    ("kahan_sum", "sum"),
    ("last", "last_value"),
    ("length", "len"),
    ("least_common_multiple", "lcm"),
    ("size", "len"),
    ("array_size", "len"),
    ("list", "array_agg"),
    ("list_apply", "array_transform"),
    ("list_filter", "array_filter"),
    ("list_min", "array_min"),
    ("list_pack", "make_array"),
    ("list_transform", "array_transform"),
    ("list_value", "make_array"),
    ("map_from_arrays", "map"),
    ("map_from_lists", "map"),
    ("mean", "avg"),
    ("nchar", "chr"),
    ("nvl", "coalesce"),
    ("pow", "power"),
    ("prefix", "starts_with"),
    ("sequence", "generate_series"),
    ("some", "bool_or"),
    ("startswith", "starts_with"),
    ("std", "stddev"),
    ("struct_extract", "get_field"),
    ("suffix", "ends_with"),
    ("sumkahan", "sum"),
    ("transaction_timestamp", "now"),
    ("transform", "array_transform"),
    ("unix_timestamp", "to_unixtime"),
    ("variance", "var_samp"),
];

/// False where a NULL in the list is all that might be it: `array_has` gives NULL there, for a column.
const LIST_CONTAINS: &str = "coalesce(array_has($1, $2), CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN false END)";

/// Functions, with how many arguments, and what they stand for.
const TEMPLATES: &[(&str, usize, &str)] = &[
    // Aggregates.
    ("approx_quantile", 2, "approx_percentile_cont($2) WITHIN GROUP (ORDER BY $1)"),
    ("approx_percentile", 2, "approx_percentile_cont($2) WITHIN GROUP (ORDER BY $1)"),
    ("percentile_approx", 2, "approx_percentile_cont($2) WITHIN GROUP (ORDER BY $1)"),
    ("arg_max", 2, "first_value($1 ORDER BY $2 DESC) FILTER (WHERE $1 IS NOT NULL AND $2 IS NOT NULL)"),
    ("argmax", 2, "first_value($1 ORDER BY $2 DESC) FILTER (WHERE $1 IS NOT NULL AND $2 IS NOT NULL)"),
    ("arg_min", 2, "first_value($1 ORDER BY $2) FILTER (WHERE $1 IS NOT NULL AND $2 IS NOT NULL)"),
    ("argmin", 2, "first_value($1 ORDER BY $2) FILTER (WHERE $1 IS NOT NULL AND $2 IS NOT NULL)"),
    ("max_by", 2, "first_value($1 ORDER BY $2 DESC) FILTER (WHERE $1 IS NOT NULL AND $2 IS NOT NULL)"),
    ("min_by", 2, "first_value($1 ORDER BY $2) FILTER (WHERE $1 IS NOT NULL AND $2 IS NOT NULL)"),
    ("max", 2, "max_n($1, $2)"),
    ("min", 2, "min_n($1, $2)"),
    ("arg_max", 3, "arg_max_n($1, $2, $3)"),
    ("argmax", 3, "arg_max_n($1, $2, $3)"),
    ("max_by", 3, "arg_max_n($1, $2, $3)"),
    ("arg_min", 3, "arg_min_n($1, $2, $3)"),
    ("argmin", 3, "arg_min_n($1, $2, $3)"),
    ("min_by", 3, "arg_min_n($1, $2, $3)"),
    ("arg_max_null", 2, "first_value($1 ORDER BY $2 DESC) FILTER (WHERE $2 IS NOT NULL)"),
    ("arg_min_null", 2, "first_value($1 ORDER BY $2) FILTER (WHERE $2 IS NOT NULL)"),
    ("collect_list", 1, "array_agg($1) FILTER (WHERE $1 IS NOT NULL)"),
    ("collect_set", 1, "array_agg(DISTINCT $1) FILTER (WHERE $1 IS NOT NULL)"),
    ("count_if", 1, "count(*) FILTER (WHERE $1)"),
    ("countif", 1, "count(*) FILTER (WHERE $1)"),
    ("group_concat", 1, "string_agg($1, ',')"),
    ("listagg", 1, "string_agg($1, ',')"),
    ("string_agg", 1, "string_agg($1, ',')"),
    ("group_concat", 2, "string_agg($1, $2)"),
    ("listagg", 2, "string_agg($1, $2)"),
    // Conditions.
    ("if", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"),
    ("iff", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"),
    ("iif", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"),
    ("isnotnull", 1, "($1 IS NOT NULL)"),
    ("isnull", 1, "($1 IS NULL)"),
    ("equal_null", 2, "($1 IS NOT DISTINCT FROM $2)"),
    ("zeroifnull", 1, "coalesce($1, 0)"),
    ("nullifzero", 1, "nullif($1, 0)"),
    // Strings.
    ("encode", 1, "arrow_cast($1, 'Binary')"),
    ("decode", 1, "arrow_cast($1, 'Utf8View')"),
    ("base64", 1, "encode($1, 'base64pad')"),
    ("to_base64", 1, "encode($1, 'base64pad')"),
    ("from_base64", 1, "decode($1, 'base64pad')"),
    ("unbase64", 1, "decode($1, 'base64pad')"),
    ("charindex", 2, "strpos($2, $1)"),
    ("locate", 2, "strpos($2, $1)"),
    ("regexp_substr", 2, "nullif(regexp_extract($1, $2), '')"),
    ("sha2", 2, "encode(digest($1, 'sha' || CAST($2 AS VARCHAR)), 'hex')"),
    ("sha256", 1, "encode(digest($1, 'sha256'), 'hex')"),
    ("space", 1, "repeat(' ', $1)"),
    ("array_join", 2, "array_to_string($1, $2)"),
    ("array_join", 3, "array_to_string($1, $2, $3)"),
    // Numbers.
    ("e", 0, "exp(1.0)"),
    ("mod", 2, "($1 % $2)"),
    ("pmod", 2, "((($1 % $2) + $2) % $2)"),
    ("subtract", 2, "($1 - $2)"),
    ("multiply", 2, "($1 * $2)"),
    ("add", 2, "($1 + $2)"),
    ("try_divide", 2, "CASE WHEN $2 <> 0 THEN CAST($1 AS DOUBLE) / $2 END"),
    ("divide", 2, "($1 // $2)"),
    ("shiftleft", 2, "($1 << $2)"),
    // Parts of dates and times.
    ("century", 1, "date_part('century', $1)"),
    ("day", 1, "date_part('day', $1)"),
    ("dayofmonth", 1, "date_part('day', $1)"),
    ("dayofyear", 1, "date_part('doy', $1)"),
    ("decade", 1, "date_part('decade', $1)"),
    ("era", 1, "date_part('era', $1)"),
    ("julian", 1, "date_part('julian', $1)"),
    ("millennium", 1, "date_part('millennium', $1)"),
    ("timezone_hour", 1, "date_part('timezone_hour', $1)"),
    ("timezone_minute", 1, "date_part('timezone_minute', $1)"),
    ("epoch", 1, "date_part('epoch', $1)"),
    ("unix_date", 1, "($1 - DATE '1970-01-01')"),
    ("hour", 1, "date_part('hour', $1)"),
    ("isodow", 1, "date_part('isodow', $1)"),
    ("isoyear", 1, "date_part('isoyear', $1)"),
    ("microsecond", 1, "date_part('microsecond', $1)"),
    ("millisecond", 1, "date_part('millisecond', $1)"),
    ("minute", 1, "date_part('minute', $1)"),
    ("month", 1, "date_part('month', $1)"),
    ("quarter", 1, "date_part('quarter', $1)"),
    ("second", 1, "date_part('second', $1)"),
    ("week", 1, "date_part('week', $1)"),
    ("weekofyear", 1, "date_part('week', $1)"),
    ("year", 1, "date_part('year', $1)"),
    ("yearweek", 1, "date_part('yearweek', $1)"),
    // Dates and times.
    ("datediff", 2, "(CAST($1 AS DATE) - CAST($2 AS DATE))"),
    ("date_from_unix_date", 1, "(DATE '1970-01-01' + $1)"),
    ("add_months", 2, "date_add('month', $2, CAST($1 AS DATE))"),
    ("age", 1, "age(current_date, $1)"),
    ("from_unixtime", 1, "CAST(timestamp_seconds($1) AS TIMESTAMP)"),
    ("to_date", 1, "CAST($1 AS DATE)"),
    ("to_time", 1, "CAST($1 AS TIME)"),
    // Lists, maps and structs.
    ("array_first", 1, "array_element($1, 1)"),
    ("list_first", 1, "array_element($1, 1)"),
    ("array_push_front", 2, "array_prepend($2, $1)"),
    ("list_inner_product", 2, "inner_product($1, $2)"),
    ("list_dot_product", 2, "inner_product($1, $2)"),
    ("list_cosine_similarity", 2, "(1 - cosine_distance($1, $2))"),
    ("array_remove", 2, "array_remove_all($1, $2)"),
    ("array_last", 1, "array_element($1, -1)"),
    ("list_last", 1, "array_element($1, -1)"),
    ("get", 2, "array_element($1, $2 + 1)"),
    ("slice", 3, "array_slice($1, $2, $2 + $3 - 1)"),
    ("sort_array", 1, "array_sort($1, 'ASC', 'NULLS FIRST')"),
    ("list_contains", 2, LIST_CONTAINS),
    ("array_contains", 2, LIST_CONTAINS),
    ("list_has", 2, LIST_CONTAINS),
    ("map_contains", 2, "array_has(map_keys($1), $2)"),
    ("map_contains_key", 2, "array_has(map_keys($1), $2)"),
    ("map_contains_value", 2, "array_has(map_values($1), $2)"),
    ("map_extract_value", 2, "array_element(map_extract($1, $2), 1)"),
];

/// Functions that mean different things to different engines, and what to write.
const REFUSED: &[(&str, usize, &str)] = &[
    (
        "dayofweek",
        1,
        "it counts from 0 in DuckDB and from 1 in Spark: write date_part('dow', x), where Sunday is 0, or isodow(x)",
    ),
    (
        "weekday",
        1,
        "Sunday is 0 in DuckDB, and Monday in Spark: write date_part('dow', x), where Sunday is 0, or isodow(x)",
    ),
    ("trunc", 2, "of a date it is date_trunc('month', x); of a number round(x, n)"),
    ("from_json", 2, "take parts out of the text with json_extract(text, '$.path')"),
    ("columns", 1, "list the columns, or write * EXCLUDE (…)"),
];

/// The function's name where it is only another name.
pub(crate) fn renamed(name: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(alias, _)| *alias == name).map(|(_, other)| *other)
}

/// What a function of `count` arguments stands for.
pub(crate) fn template(name: &str, count: usize) -> Option<&'static str> {
    TEMPLATES.iter().find(|(alias, arguments, _)| *alias == name && *arguments == count).map(|(_, _, text)| *text)
}

/// Why a function is refused.
pub(crate) fn refused(name: &str, count: usize) -> Option<&'static str> {
    REFUSED.iter().find(|(alias, arguments, _)| *alias == name && *arguments == count).map(|(_, _, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::compat::template;
    use datafusion::sql::sqlparser::ast::{Expr, Value};

    #[test]
    fn every_template_parses_and_its_places_are_its_arguments() {
        for &(name, count, text) in TEMPLATES {
            let argument = |i: usize| Expr::Value(Value::Number(format!("{i}001"), false).with_empty_span());
            let arguments: Vec<Expr> = (1..=count).map(argument).collect();
            let expr = template::expression(text, &arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!["$1", "$2", "$3"].iter().any(|place| expr.to_string().contains(place)), "{name}: {expr}");
            assert!(
                arguments.iter().all(|argument| expr.to_string().contains(&argument.to_string())),
                "{name}: {expr}"
            );
        }
    }

    #[test]
    fn a_name_is_there_once() {
        let mut names: Vec<(&str, Option<usize>)> = RENAMED.iter().map(|(name, _)| (*name, None)).collect();
        names.extend(TEMPLATES.iter().map(|(name, count, _)| (*name, Some(*count))));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(TEMPLATES.iter().all(|(name, _, _)| renamed(name).is_none()));
    }
}

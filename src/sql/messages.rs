//! DataFusion's and Arrow's messages in the words of SQL: what is wrong with the statement, and what to write.

/// Types as the engine writes them, and in SQL.
const TYPES: [(&str, &str); 25] = [
    ("Utf8View", "VARCHAR"),
    ("LargeUtf8", "VARCHAR"),
    ("Utf8", "VARCHAR"),
    ("BinaryView", "BLOB"),
    ("LargeBinary", "BLOB"),
    ("Binary", "BLOB"),
    ("Boolean", "BOOLEAN"),
    ("UInt8", "UTINYINT"),
    ("UInt16", "USMALLINT"),
    ("UInt32", "UINTEGER"),
    ("UInt64", "UBIGINT"),
    ("Int8", "TINYINT"),
    ("Int16", "SMALLINT"),
    ("Int32", "INTEGER"),
    ("Int64", "BIGINT"),
    ("Float16", "HALF"),
    ("Float32", "FLOAT"),
    ("Float64", "DOUBLE"),
    ("Date32", "DATE"),
    ("Date64", "DATE"),
    ("Decimal32", "DECIMAL"),
    ("Decimal64", "DECIMAL"),
    ("Decimal128", "DECIMAL"),
    ("Decimal256", "DECIMAL"),
    ("Interval(MonthDayNano)", "INTERVAL"),
];

/// What errors are wrapped in.
const WRAPPINGS: [&str; 12] = [
    "Internal error: ",
    "Error during planning: ",
    "Execution error: ",
    "External error: ",
    "Schema error: ",
    "SQL error: ",
    "Optimizer rule 'type_coercion' failed",
    "type_coercion",
    "caused by",
    "Cast error: ",
    "Parser error: ",
    "Invalid argument error: ",
];

/// Functions that are called with OVER.
const WINDOW_FUNCTIONS: [&str; 10] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "nth_value",
];

/// `message` in plain words.
pub(super) fn plain(message: &str) -> String {
    let mut text = message.trim();
    while let Some(rest) = WRAPPINGS.iter().find_map(|wrapping| text.strip_prefix(wrapping)) {
        text = rest.trim_start_matches([':', '\n', ' ']);
    }
    if let Some((_, inner)) = text.split_once("user-defined coercion failed with: ") {
        return plain(inner);
    }
    let text = types(text);
    call(&text)
        .or_else(|| operation(&text))
        .or_else(|| names(&text))
        .or_else(|| casts(&text))
        .or_else(|| clauses(&text))
        .unwrap_or_else(|| without_tree(&text))
}

/// What stands between two parts of a text.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    if after.is_empty() { Some(rest) } else { rest.split_once(after).map(|(found, _)| found) }
}

/// Calls of functions: a name that is none, arguments that do not fit.
fn call(text: &str) -> Option<String> {
    if let Some(name) = between(text, "Invalid function '", "'") {
        if WINDOW_FUNCTIONS.contains(&name.to_lowercase().as_str()) {
            return Some(format!("{name} is a window function: write {name}(…) OVER (ORDER BY …)"));
        }
        let meant = between(text, "Did you mean '", "'").filter(|meant| is_near(name, meant));
        return Some(format!(
            "no function named {name}{}",
            meant.map(|meant| format!(". Did you mean {meant}?")).unwrap_or_default()
        ));
    }
    let signature = between(text, "argument types '", "'.").or_else(|| between(text, "argument types '", "'"));
    let named = between(text, "Function '", "'").or_else(|| between(text, "The function '", "'"));
    let name = named.or_else(|| signature.and_then(|signature| signature.split('(').next()))?;
    if let Some(expected) = between(text, "expects ", " arguments but received ")
        && text.starts_with("Function '")
        && !text.contains("failed to match any signature")
    {
        let received: String = between(text, "but received ", "")?.chars().take_while(char::is_ascii_digit).collect();
        let plural = if expected == "1" { "" } else { "s" };
        return Some(format!("{name} takes {expected} argument{plural}, not {received}"));
    }
    if let Some(expected) = between(text, "expected ", " argument(s) but received ") {
        let received: String = between(text, "but received ", "")?.chars().take_while(char::is_ascii_digit).collect();
        return Some(format!("{name} takes {expected} arguments, not {received}"));
    }
    if text.contains("zero arguments")
        || text.contains("without any arguments")
        || text.contains("called with 0 arguments")
    {
        return Some(format!("{name} needs an argument"));
    }
    if let Some(count) = between(text, "min/max was called with ", " arguments") {
        return Some(format!(
            "{name} takes 1 argument, not {count}: of several values of a row, write least or greatest"
        ));
    }
    let taken = taken(text);
    let given = signature.and_then(|signature| signature.split_once('(')).map(|(_, given)| format!("({given}"));
    let received = between(text, "(DataType: ", ")").map(|one| format!("({one})"));
    let given = given.or(received)?;
    if signature.is_none() && taken.is_empty() {
        return None;
    }
    let reason = match (text.split_once(". No function matches"), taken.is_empty()) {
        (Some((reason, _)), true) if !reason.contains("coerc") && !reason.starts_with("Function '") => {
            return Some(format!("{reason}: {name} was called with {given}"));
        }
        (_, true) => String::new(),
        (_, false) => format!(", but {}", taken.join(" or ")),
    };
    Some(format!("{name} does not take {given}{reason}: cast the argument, or see how many it takes"))
}

/// The kinds of values that a function says it takes.
fn taken(text: &str) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(" requires ") {
        let Some((kind, behind)) = after.split_once(", but received") else { break };
        let kind = types(kind);
        if !kinds.contains(&kind) && kind.len() < 40 {
            kinds.push(kind);
        }
        rest = behind;
    }
    kinds
}

/// Operators between types that do not fit.
fn operation(text: &str) -> Option<String> {
    if let Some(operation) = between(text, "Cannot coerce arithmetic expression ", " to valid types") {
        return Some(format!("{operation} cannot be computed: cast one side to the other's type"));
    }
    if let Some(operation) = between(text, "for comparison operation ", "") {
        return Some(format!("{operation} cannot be compared: cast one side to the other's type"));
    }
    if let Some(operation) = between(text, "for logical boolean operation ", "") {
        return Some(format!("{operation}: AND and OR take conditions, such as a > 1"));
    }
    if let Some(operands) = between(text, "common type to coerce ", " in LIKE expression") {
        return Some(format!("LIKE compares texts, not {operands}: cast them to VARCHAR"));
    }
    if let Some(found) = between(text, "requires a boolean expression, got ", "") {
        return Some(format!("NOT takes a condition, not {found}"));
    }
    let predicate = between(text, "Cannot create filter with non-boolean predicate '", "' returning ")?;
    let found = between(text, "' returning ", "")?;
    Some(format!("WHERE takes a condition, and {predicate} is of type {found}"))
}

/// Names that mean nothing, or too much.
fn names(text: &str) -> Option<String> {
    if let Some(name) = between(text, "Ambiguous reference to unqualified field ", "") {
        return Some(format!("{name} is ambiguous: several tables have it, write the table's name before it"));
    }
    if let Some(name) = between(text, "Schema contains duplicate qualified field name ", "") {
        return Some(format!("two columns are called {name}: give the tables or the columns aliases"));
    }
    if let Some(name) = between(text, "Schema contains duplicate unqualified field name ", "") {
        return Some(format!("two columns are called {name}: give one an alias"));
    }
    if text.starts_with("Projections require unique expression names") {
        let name = between(text, "expression \"", "\"").unwrap_or_default();
        return Some(format!("two columns are called {name}: give one an alias"));
    }
    if let Some(name) = text.strip_prefix("Invalid qualifier ") {
        return Some(format!("no table named {name} in FROM, and no struct whose fields are known"));
    }
    if let Some(name) = between(text, "table function '", "' not found") {
        return Some(format!("no table function named {name}"));
    }
    if let Some(name) = between(text, "The window \"", "\" is not defined") {
        return Some(format!("no window named {name}: add WINDOW {name} AS (…)"));
    }
    if let Some(name) = between(text, "Unsupported SQL type ", "") {
        return Some(format!("no type named {name}"));
    }
    if let Some(name) = between(text, "variable [\"", "\"] has no type information") {
        return Some(format!("there are no variables such as {name}: use parameters, $name"));
    }
    let (columns, rest) = text.strip_prefix("Source table contains ")?.split_once(" columns but only ")?;
    let names = rest.split(' ').next()?;
    Some(format!("the alias names {names} columns, and there are {columns}"))
}

/// Values that are none of a type.
fn casts(text: &str) -> Option<String> {
    let unfit = |value: &str, kind: &str| format!("{value} is no {kind}: TRY_CAST makes it NULL");
    if let Some(rest) = text.strip_prefix("Cannot cast string ").or_else(|| text.strip_prefix("Cannot cast value ")) {
        let (value, rest) = rest.rsplit_once(" to value of ")?;
        return Some(unfit(value, rest.strip_suffix(" type").unwrap_or(rest)));
    }
    if let Some(rest) = text.strip_prefix("Can't cast value ") {
        let (value, kind) = rest.rsplit_once(" to type ")?;
        return Some(format!("{value} does not fit into {kind}"));
    }
    if let Some(value) = between(text, "Error parsing timestamp from ", ": timestamp must contain") {
        return Some(format!("{value} is no timestamp: write it as 2025-09-30 12:00:00"));
    }
    let (value, rest) = text.split_once(" is too large to store in a DECIMAL of precision ")?;
    Some(format!("{value} is too large for a DECIMAL of {}", rest.replacen(". Max is ", " digits: at most ", 1)))
}

/// Clauses in the wrong place.
fn clauses(text: &str) -> Option<String> {
    if text.starts_with("Column in SELECT must be in GROUP BY") || text.starts_with("Column in ORDER BY must be") {
        let column = between(text, "column \"", "\" must appear")?;
        return Some(format!(
            "column {column} must be in GROUP BY, or inside an aggregate function such as any_value({column})"
        ));
    }
    if let Some(column) = between(text, "HAVING clause references: ", " must appear in") {
        return Some(format!(
            "HAVING refers to {}, which is neither in GROUP BY nor in an aggregate function",
            literals(column)
        ));
    }
    if let Some(columns) = between(text, "The subquery should only return one column: ", "") {
        return Some(format!("a subquery in the place of a value has one column, not several: {columns}"));
    }
    if text.starts_with("Substring without for/from") {
        return Some("substring needs a start: substring(text, start, length)".into());
    }
    if text.starts_with("unnest() can only be applied") {
        return Some("unnest takes a list or a struct".into());
    }
    if let Some(at) = between(text, "Order by column out of bounds, specified: ", ",") {
        return Some(format!("ORDER BY {at}: there are only {} columns", between(text, "max: ", "")?));
    }
    if let Some(at) = between(text, "Cannot find column with position ", " in SELECT clause") {
        return Some(format!("GROUP BY {at}: there is no such column in the select list"));
    }
    text.strip_prefix("Aggregate functions are not allowed in the WHERE clause")
        .map(|_| "WHERE comes before aggregation: write the condition on an aggregate in HAVING".into())
}

/// `Int64(1)` as `1`.
fn literals(text: &str) -> String {
    let mut out = text.to_string();
    for (_, name) in TYPES {
        while let Some(at) = out.find(&format!("{name}(")) {
            let (head, rest) = out.split_at(at);
            let Some((value, tail)) = rest.get(name.len() + 1..).and_then(|rest| rest.split_once(')')) else { break };
            out = format!("{head}{value}{tail}");
        }
    }
    out
}

/// A text with the names of types as in SQL.
pub(super) fn types(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let begins = !out.ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '\'');
        if begins && let Some((name, behind)) = type_at(rest) {
            out.push_str(&name);
            rest = behind;
            continue;
        }
        let mut letters = rest.chars();
        out.extend(letters.next());
        rest = letters.as_str();
    }
    out
}

/// The type that a text begins with, and what is behind it.
fn type_at(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix("Timestamp(") {
        let (inner, behind) = rest.split_once(')')?;
        let zone = inner.contains(',') && !inner.contains("None");
        return Some((if zone { "TIMESTAMP WITH TIME ZONE" } else { "TIMESTAMP" }.into(), behind));
    }
    let (engine, sql) = TYPES.iter().find(|(engine, _)| text.starts_with(engine))?;
    let behind = text.get(engine.len()..)?;
    let ends = !behind.starts_with(|after: char| after.is_alphanumeric() || after == '_');
    ends.then(|| (sql.to_string(), behind))
}

/// A message up to where it prints a syntax tree.
fn without_tree(text: &str) -> String {
    let is_tree =
        ["Ident {", "ValueWithSpan", "Span(", "Field {", "Expr(", "Some(\""].iter().any(|part| text.contains(part));
    match text.find(['(', '{']).filter(|_| is_tree) {
        Some(end) => {
            let words = text.get(..end).unwrap_or(text).trim_end();
            let words = words.rsplit_once(' ').map_or(words, |(words, last)| {
                if last.starts_with(char::is_uppercase) { words } else { words.get(..).unwrap_or(words) }
            });
            format!("{} cannot be planned", words.trim_end_matches([':', ' ']))
        }
        None => text.into(),
    }
}

/// Whether one name may be a slip of another: a third of its letters at most.
fn is_near(name: &str, other: &str) -> bool {
    let (name, other): (Vec<char>, Vec<char>) = (name.to_lowercase().chars().collect(), other.chars().collect());
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in name.iter().enumerate() {
        let mut next = vec![i + 1];
        for ((replaced, above), found) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let before = next.last().copied().unwrap_or_default();
            next.push((replaced + usize::from(letter != found)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().is_some_and(|distance| distance * 3 <= name.len().max(3))
}

/// The parser's message, in plain words.
pub(super) fn syntax(message: &str) -> String {
    let (text, place) = match message.rsplit_once(" at Line: ") {
        Some((text, place)) => (text, place.split_once(", Column: ")),
        None => (message, None),
    };
    let text = text.replace("Expected: ", "expected ").replace("Expected ", "expected ");
    let text = text.replace("found: EOF", "found the end of the statement").replace("found: ", "found ");
    let text = text.replace("Unterminated string literal", "a quote ' is not closed");
    let text = match text.strip_prefix("expected close delimiter '") {
        Some(rest) => format!("a quote {} is not closed", rest.chars().next().unwrap_or('"')),
        None => text,
    };
    match place {
        Some((line, column)) => format!("{text} at line {line}, column {column}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_in_the_words_of_sql() {
        for (engine, expected) in [
            ("Invalid function 'cont'.\nDid you mean 'cot'?", "no function named cont. Did you mean cot?"),
            ("Invalid function 'strftme'.\nDid you mean 'to_time'?", "no function named strftme"),
            (
                "Invalid function 'lag'.\nDid you mean 'log'?",
                "lag is a window function: write lag(…) OVER (ORDER BY …)",
            ),
            (
                "Function 'upper' expects 1 arguments but received 2. No function matches the given name and argument types 'upper(Utf8View, Int64)'. You might need to add explicit type casts.",
                "upper takes 1 argument, not 2",
            ),
            (
                "Internal error: Function 'sum' failed to match any signature, errors: Error during planning: Function 'sum' requires Decimal, but received String (DataType: Utf8View).,Error during planning: Function 'sum' requires UInt64, but received String (DataType: Utf8View).",
                "sum does not take (VARCHAR), but Decimal or UBIGINT: cast the argument, or see how many it takes",
            ),
            (
                "Cannot coerce arithmetic expression Utf8View + Int64 to valid types",
                "VARCHAR + BIGINT cannot be computed: cast one side to the other's type",
            ),
            (
                "Cannot infer common argument type for comparison operation Timestamp(µs, \"UTC\") > Int64",
                "TIMESTAMP WITH TIME ZONE > BIGINT cannot be compared: cast one side to the other's type",
            ),
            ("Cannot cast string 'a' to value of Int32 type", "'a' is no INTEGER: TRY_CAST makes it NULL"),
            ("Can't cast value 300 to type Int8", "300 does not fit into TINYINT"),
            (
                "HAVING clause references: t.a > Int64(1) must appear in the GROUP BY clause or be used in an aggregate function",
                "HAVING refers to t.a > 1, which is neither in GROUP BY nor in an aggregate function",
            ),
        ] {
            assert_eq!(plain(engine), expected);
        }
        let tree = plain("Unsupported ast node Collate { expr: Identifier(Ident { value: \"a\" }) }");
        assert!(!tree.contains('{') && tree.starts_with("Unsupported ast node"), "{tree}");
    }

    #[test]
    fn places_are_kept() {
        assert_eq!(
            syntax("Expected: an expression, found: FROM at Line: 1, Column: 13"),
            "expected an expression, found FROM at line 1, column 13"
        );
        assert_eq!(syntax("Expected: ), found: EOF"), "expected ), found the end of the statement");
        assert_eq!(
            syntax("Unterminated string literal at Line: 2, Column: 8"),
            "a quote ' is not closed at line 2, column 8"
        );
    }
}

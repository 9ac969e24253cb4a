//! The command line: its output by format, its errors, its exit status.

use crate::sql_fixture::folder;
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::process::{Command, Output};

fn lakeglass(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lakeglass")).current_dir(folder("www/demo")).args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = lakeglass(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const SQL: &str = "SELECT city, temperature FROM weather ORDER BY time";

#[test]
fn rows_in_every_format() {
    let query = |format: &str| stdout(&["query", "--table", "weather=weather@1", "--format", format, SQL]);
    assert_eq!(query("csv"), "city,temperature\nParis,10.0\nParis,11.0\nParis,12.0\n");
    let json: serde_json::Value = serde_json::from_str(&query("json")).unwrap();
    let rows = [10.0, 11.0, 12.0].map(|t| serde_json::json!({ "city": "Paris", "temperature": t }));
    assert_eq!(json, serde_json::json!(rows));
    let table = query("table");
    assert!(table.contains("| Paris | 12.0        |") && table.ends_with("3 rows\n"), "{table}");
    let lines = query("jsonl");
    assert_eq!(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>(), rows);
    let output = lakeglass(&["query", "-t", "weather=weather", "-f", "arrow-stream", SQL]);
    let batches: Vec<_> =
        StreamReader::try_new(output.stdout.as_slice(), None).unwrap().map(|batch| batch.unwrap()).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 4);
}

#[test]
fn rows_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |format: &str| {
        let path = folder.path().join(format);
        let written = stdout(&["query", "-t", "weather=weather", "-f", format, "--out", path.to_str().unwrap(), SQL]);
        assert_eq!(written, "");
        std::fs::read(path).unwrap()
    };
    let arrow = FileReader::try_new(std::io::Cursor::new(file("arrow")), None).unwrap();
    let parquet = ParquetRecordBatchReader::try_new(bytes::Bytes::from(file("parquet")), 1024).unwrap();
    let arrow: Vec<_> = arrow.map(Result::unwrap).collect();
    let parquet: Vec<_> = parquet.map(Result::unwrap).collect();
    assert_eq!(arrow[0].columns(), parquet[0].columns());
    assert_eq!((arrow.len(), arrow[0].num_rows()), (1, 4));
    assert!(file("csv").starts_with(b"city,temperature\nParis,10.0\n"));
    let refused = lakeglass(&["query", "-f", "parquet", "SELECT INTERVAL '1 day' AS i"]);
    assert!(String::from_utf8(refused.stderr).unwrap().starts_with("unsupported_feature: "));
}

#[test]
fn results_without_rows_and_nested_values() {
    let twins = "SELECT a.value, b.value FROM generate_series(1, 1) a, generate_series(2, 2) b";
    assert_eq!(stdout(&["query", "-f", "jsonl", twins]), "{\"value\":1,\"value_1\":2}\n");
    let none = |format: &str| stdout(&["query", "-t", "weather=weather@0", "-f", format, SQL]);
    assert_eq!(none("csv"), "city,temperature\n");
    assert_eq!(none("json"), "[]\n");
    assert!(none("table").ends_with("0 rows\n"));
    assert_eq!(stdout(&["query", "-f", "csv", "SELECT [1, NULL] AS l, NULL AS n"]), "l,n\n\"[1,null]\",\n");
    assert_eq!(stdout(&["query", "-f", "json", "SELECT [1, NULL] AS l, NULL AS n"]), "[{\"l\":[1,null],\"n\":null}]\n");
}

#[test]
fn versions_and_joins() {
    let sql = "SELECT count(*) AS n FROM a JOIN b USING (time)";
    assert_eq!(stdout(&["query", "-t", "a=weather@1", "-t", "b=../demo/weather@2", "-f", "csv", sql]), "n\n3\n");
}

#[test]
fn errors_are_a_code_and_a_message() {
    for (arguments, code) in [
        (vec!["query", "SELECT nothing"], "invalid_sql: "),
        (vec!["query", "-t", "t=nowhere", "SELECT 1"], "table_not_found: "),
        (vec!["query", "-t", "t=weather@99", "SELECT 1"], "version_not_found: "),
        (vec!["query", "DELETE FROM t"], "unsupported_feature: "),
        (vec!["query", "DROP TABLE t"], "invalid_sql: "),
        (vec!["inspect", "nowhere"], "table_not_found: "),
    ] {
        let output = lakeglass(&arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?} {stderr}");
        assert!(stderr.starts_with(code) && stderr.lines().count() == 1, "{arguments:?} {stderr}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(lakeglass(&["query"]).status.code(), Some(2));
}

#[test]
fn inspecting_a_table() {
    let text = stdout(&["inspect", "weather", "--version", "1"]);
    for part in
        ["version      1 of 0 to 2", "protocol     reader ", "rows         3", "  temperature  float", "  3 rows"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(stdout(&["inspect", "weather", "--verify"]).contains("\nchecksum     "));
    let trade = stdout(&["inspect", "trade", "--files", "2"]);
    assert!(trade.contains("partitions   year") && trade.contains("  year=20") && trade.contains(" more"), "{trade}");
}

#[test]
fn sharing_a_table_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .args(["-r", "trade", folder.path().to_str().unwrap()])
        .current_dir(crate::sql_fixture::folder("www/demo"))
        .status()
        .unwrap();
    assert!(copied.success());
    let table = folder.path().join("trade");
    let out = table.join("share.json");
    let (table, out) = (table.to_str().unwrap(), out.to_str().unwrap());
    let shared = lakeglass(&[
        "share",
        table,
        "--where",
        "year >= 2020 and year < 2022",
        "--out",
        out,
        "--name",
        "trade",
        "--at",
        "https://host/t/share.json?sig=a",
        "--link",
        "https://page.example/app",
    ]);
    let stderr = String::from_utf8(shared.stderr).unwrap();
    let stdout_text = String::from_utf8(shared.stdout).unwrap();
    assert!(shared.status.success() && stderr.contains("2 files"), "{stderr}");
    let link = "https://page.example/app#url=https%3A%2F%2Fhost%2Ft%2Fshare%2Ejson%3Fsig%3Da";
    assert_eq!(stdout_text.lines().collect::<Vec<_>>(), [out, link]);
    std::fs::remove_dir_all(std::path::Path::new(table).join("_delta_log")).unwrap();
    let argument = format!("t={out}");
    let sql = "SELECT DISTINCT year FROM t ORDER BY year";
    assert_eq!(stdout(&["query", "-t", &argument, "-f", "csv", sql]), "year\n2020\n2021\n");
    assert!(stdout(&["inspect", out]).contains("partitions   year"));
    for (arguments, code) in [
        (["share", "trade", "--where", "country = 'x'"], "invalid_sql: "),
        (["share", "trade", "--option", "bearerToken=x"], "unsupported_feature: "),
        (["share", "nowhere", "--out", "/tmp/x"], "table_not_found: "),
    ] {
        let output = lakeglass(&arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with(code), "{arguments:?} {stderr}");
    }
}

#[test]
fn indexing_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("index.json");
    stdout(&["index", "weather", "--out", out.to_str().unwrap()]);
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let names: Vec<_> = index["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"00000000000000000000.json") && names.contains(&"00000000000000000002.json"), "{names:?}");
    let output = lakeglass(&["index", "nowhere"]);
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("table_not_found: "));
}

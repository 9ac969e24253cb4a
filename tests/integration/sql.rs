//! Queries over Delta tables: their rows, their columns, their errors.

use crate::sql_fixture::{error, rows, run, session, table, text};
use arrow::datatypes::DataType;
use lakeglass::Version;
use lakeglass::sql::{Session, SessionOptions};

const WEATHER: (&str, &str) = ("weather", "www/demo/weather");
const TRADE: (&str, &str) = ("trade", "www/demo/trade");
const NESTED: (&str, &str) = ("nested", "tests/fixtures/nested_types/table");
const PARTITIONED: (&str, &str) = ("partitioned", "tests/fixtures/partition_types/table");
const NAMES: (&str, &str) = ("Names", "tests/fixtures/column_names/table");

#[tokio::test]
async fn each_version_of_weather() {
    let session = Session::new(SessionOptions::default()).unwrap();
    for version in 0..3 {
        let name = format!("weather{version}");
        session.register(&name, table(WEATHER.1, Version::Number(version)).await).unwrap();
    }
    let temperatures = "SELECT temperature FROM weather0 ORDER BY time";
    assert!(rows(&session, temperatures).await.is_empty());
    assert_eq!(rows(&session, &temperatures.replace('0', "1")).await, ["10.0", "11.0", "12.0"]);
    assert_eq!(rows(&session, &temperatures.replace('0', "2")).await, ["10.0", "12.0", "13.0", "14.0"]);
    assert!(rows(&session, "SELECT city, avg(temperature) FROM weather0 GROUP BY city").await.is_empty());
    assert_eq!(rows(&session, "SELECT city, avg(temperature) FROM weather2 GROUP BY city").await, ["Paris|12.25"]);
    assert_eq!(rows(&session, "SELECT count(*) FROM weather2").await, ["4"]);
    let thrice = "SELECT count(*) FROM weather1 a JOIN weather2 b USING (time) JOIN weather2 c USING (time)";
    assert_eq!(rows(&session, thrice).await, ["3"]);
    let key =
        "SELECT time FROM weather1 a JOIN weather2 b USING (time) JOIN weather2 c USING (TIME) ORDER BY Time LIMIT 1";
    assert_eq!(rows(&session, key).await, ["2025-09-30T12:00:00Z"]);
    let changed = "SELECT b.time, a.temperature, b.temperature FROM weather2 b LEFT JOIN weather1 a USING (time)
                   WHERE a.temperature IS DISTINCT FROM b.temperature ORDER BY 1";
    assert_eq!(
        rows(&session, changed).await,
        ["2025-09-30T13:00:00Z|11.0|12.0", "2025-09-30T14:00:00Z|12.0|13.0", "2025-09-30T15:00:00Z|null|14.0"]
    );
}

#[tokio::test]
async fn names_without_quotes_find_what_they_fit() {
    let session = session(&[WEATHER, NAMES]).await;
    let (result, batches) =
        run(&session, "SELECT CITY, Max(Temperature) AS maxTemp FROM WEATHER w GROUP BY City ORDER BY MAXTEMP")
            .await
            .unwrap();
    let names: Vec<_> = result.schema.fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["city", "maxTemp"]);
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
    assert_eq!(result.schema.field(0).data_type(), &DataType::Utf8);
    let all = rows(&session, "SELECT id, \"a.b\", GRÖßE FROM names ORDER BY ID LIMIT 1").await;
    assert_eq!(all.len(), 1, "{all:?}");
    let missing = error(&session, "SELECT temprature FROM weather").await;
    assert_eq!(missing.code().as_str(), "invalid_sql");
    assert!(missing.to_string().contains("temperature"), "{missing}");
    let unknown = error(&session, "SELECT * FROM wether").await;
    assert!(unknown.to_string().contains("the tables are Names, weather"), "{unknown}");
}

#[tokio::test]
async fn expressions_are_called_as_they_are_written() {
    let session = session(&[WEATHER, NESTED]).await;
    let names = async |sql: &str| {
        let (result, _) = run(&session, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        result.schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(", ")
    };
    for (sql, expected) in [
        ("SELECT max(TEMPERATURE), count(*), count(*) FROM weather", "max(TEMPERATURE), count(*), count(*)_1"),
        ("SELECT 1, 'a' || 'b', 1", "1, 'a' || 'b', 1_1"),
        ("SELECT time::date, time, w.city FROM weather w", "time::DATE, time, city"),
        ("SELECT point.X, nested.Point.y FROM nested", "x, y"),
        ("SELECT city, count(*) FROM weather GROUP BY city ORDER BY count(*)", "city, count(*)"),
        (
            "SELECT lower(city) FROM weather GROUP BY lower(city) HAVING lower(city) > 'a' ORDER BY lower(city)",
            "lower(city)",
        ),
        ("SELECT DISTINCT lower(city) FROM weather ORDER BY lower(city)", "lower(city)"),
        (
            "SELECT date_trunc('day', time), count(*) FROM weather GROUP BY 1 ORDER BY 1",
            "date_trunc('day', time), count(*)",
        ),
        ("SELECT \"count(*)\" FROM (SELECT count(*) FROM weather)", "count(*)"),
        (
            "SELECT upper(city), sum(temperature) FROM weather GROUP BY ALL ORDER BY ALL",
            "upper(city), sum(temperature)",
        ),
        (
            "SELECT rank() OVER (ORDER BY time) FROM weather ORDER BY rank() OVER (ORDER BY time)",
            "rank() OVER (ORDER BY time)",
        ),
        ("SELECT 1 UNION SELECT 2 ORDER BY 1", "1"),
        ("SELECT (SELECT max(time) FROM weather) > now()", "(SELECT max(time) FROM weather) > now()"),
    ] {
        assert_eq!(names(sql).await, expected, "{sql}");
    }
    assert_eq!(rows(&session, "DESCRIBE SELECT count(*) FROM weather").await, ["count(*)|BIGINT|NO"]);
}

#[tokio::test]
async fn nested_values() {
    let session = session(&[NESTED]).await;
    let expected = rows(&session, "SELECT id, point FROM nested WHERE point.x IS NOT NULL ORDER BY id").await;
    let fields = rows(
        &session,
        "SELECT ID, Point.X, POINT['y'], cardinality(numbers) FROM nested WHERE point.X IS NOT NULL ORDER BY id",
    )
    .await;
    assert_eq!(expected.len(), fields.len());
    assert!(!fields.is_empty());
    let unnested = rows(&session, "SELECT id, unnest(numbers) FROM nested ORDER BY id").await;
    assert!(unnested.len() > fields.len(), "{unnested:?}");
    let whole = rows(&session, "SELECT * FROM nested ORDER BY id").await;
    assert_eq!(whole.len(), rows(&session, "SELECT id FROM nested").await.len());
    let points = rows(&session, "SELECT points[1].X FROM nested WHERE points[1].x IS NOT NULL").await;
    assert!(!points.is_empty());
}

#[tokio::test]
async fn partition_filters_are_settled_by_files() {
    let session = session(&[TRADE, PARTITIONED]).await;
    let plan = rows(&session, "EXPLAIN SELECT sum(value) FROM trade WHERE year = 2017").await.join("\n");
    assert!(plan.contains("LakeglassScan: table=trade, files="), "{plan}");
    assert!(!plan.contains("FilterExec"), "{plan}");
    let all: i64 = rows(&session, "SELECT count(*) FROM trade").await[0].parse().unwrap();
    let by_year = rows(&session, "SELECT year, count(*) FROM trade GROUP BY year ORDER BY year").await;
    let mut sum = 0;
    for line in &by_year {
        let (year, count) = line.split_once('|').unwrap();
        assert_eq!(rows(&session, &format!("SELECT count(*) FROM trade WHERE YEAR = {year}")).await, [count]);
        sum += count.parse::<i64>().unwrap();
    }
    assert_eq!(sum, all);
    assert!(by_year.len() > 5);
    let every = rows(&session, "SELECT id FROM partitioned").await.len();
    for column in ["whole", "small", "price", "day", "moment", "flag", "ratio"] {
        let null = rows(&session, &format!("SELECT id FROM partitioned WHERE {column} IS NULL")).await.len();
        let some = rows(&session, &format!("SELECT id FROM partitioned WHERE {column} IS NOT NULL")).await.len();
        assert_eq!(null + some, every, "{column}");
        let values = rows(
            &session,
            &format!("SELECT DISTINCT CAST({column} AS VARCHAR) FROM partitioned WHERE {column} IS NOT NULL"),
        )
        .await;
        let mut found = 0;
        for value in values {
            found += rows(&session, &format!("SELECT id FROM partitioned WHERE CAST({column} AS VARCHAR) = '{value}'"))
                .await
                .len();
        }
        assert_eq!(found, some, "{column}");
    }
}

#[tokio::test]
async fn pruning_reads_less_and_returns_the_same() {
    let session = session(&[("eight", "tests/fixtures/eight_files/table")]).await;
    let (all, _) = run(&session, "SELECT sum(value) FROM eight").await.unwrap();
    let (some, batches) = run(&session, "SELECT id, name FROM eight WHERE id BETWEEN 1000 AND 1001").await.unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 2);
    assert!(some.meter.metrics().requests < all.meter.metrics().requests, "{:?} {:?}", some.meter, all.meter);
    let limited = rows(&session, "EXPLAIN SELECT * FROM eight LIMIT 700").await.join("\n");
    assert!(limited.contains("files=2/8") && limited.contains("limit=700"), "{limited}");
    assert_eq!(rows(&session, "SELECT * FROM eight LIMIT 700").await.len(), 700);
    let (counted, _) = run(&session, "SELECT count(*) FROM eight").await.unwrap();
    assert_eq!(counted.meter.metrics().requests, 0, "answered from the log");
    assert_eq!(rows(&session, "SELECT count(*) FROM eight WHERE id < 100").await, ["100"]);
    let ordered = "SELECT id FROM eight ORDER BY id DESC LIMIT 3";
    assert_eq!(
        rows(&session, ordered).await,
        ["4800", "4799", "4798"].map(|id| (id.parse::<i64>().unwrap() - 1).to_string())
    );
}

#[tokio::test]
async fn exact_bounds_answer_from_the_log_and_others_are_read() {
    let session = session(&[
        ("eight", "tests/fixtures/eight_files/table"),
        ("typed", "tests/fixtures/primitive_types/table"),
        ("trade", "www/demo/trade"),
    ])
    .await;
    let requests = async |sql: &str| {
        let (result, batches) = run(&session, sql).await.unwrap();
        (result.meter.metrics().requests, batches.iter().flat_map(text).collect::<Vec<_>>())
    };
    assert_eq!(
        requests("SELECT min(id), max(id), count(id), count(*) FROM eight").await,
        (0, vec!["0|4799|4800|4800".to_string()])
    );
    // The partition column of a partitioned table, and the same by reading the rows.
    let (asked, bounds) = requests("SELECT min(year), max(year) FROM trade").await;
    assert_eq!(asked, 0);
    assert_eq!(
        bounds,
        rows(&session, "SELECT min(year), max(year) FROM (SELECT year, value FROM trade WHERE value > -1e30)").await
    );
    // A filter, a string that may have been cut, a float that may hide a NaN: rows are read.
    for sql in
        ["SELECT max(id) FROM eight WHERE id < 1000", "SELECT max(name) FROM eight", "SELECT min(double) FROM typed"]
    {
        assert!(requests(sql).await.0 > 0, "{sql}");
    }
    assert_eq!(requests("SELECT max(id) FROM eight WHERE id < 1000").await.1, ["999"]);
    let (_, log) = requests("SELECT min(long), max(long), min(date), max(date), min(boolean) FROM typed").await;
    let read = "SELECT min(a), max(a), min(b), max(b), min(c) FROM (SELECT long + 0 AS a, date AS b, boolean AS c, random() AS r FROM typed) WHERE r >= 0";
    assert_eq!(log, rows(&session, read).await);
}

#[tokio::test]
async fn an_aggregate_over_joined_tables() {
    let session = session(&[
        ("pokemon", "www/demo/pokemon/bronze_pokemon"),
        ("moves", "www/demo/pokemon/bronze_moves"),
        ("strength", "www/demo/pokemon/gold_type_strength"),
    ])
    .await;
    let count: i64 = rows(&session, "SELECT count(*) FROM pokemon").await[0].parse().unwrap();
    assert!(count > 100);
    let pairs = rows(&session, "SELECT count(*) FROM pokemon a CROSS JOIN (SELECT * FROM pokemon LIMIT 3) b").await;
    assert_eq!(pairs, [(count * 3).to_string()]);
    let correlated = "SELECT count(*) FROM pokemon p WHERE EXISTS (SELECT 1 FROM pokemon q WHERE Q.NAME = P.name)";
    assert_eq!(rows(&session, correlated).await, [count.to_string()]);
}

#[tokio::test]
async fn statements_that_show() {
    let session = session(&[WEATHER, ("Other", WEATHER.1)]).await;
    let tables = rows(&session, "SHOW TABLES").await;
    assert_eq!(tables.len(), 2);
    assert!(tables[0].starts_with("Other|2|file://"), "{tables:?}");
    assert_eq!(rows(&session, "SHOW TABLES LIKE 'wea%'").await.len(), 1);
    let columns = ["time|TIMESTAMP WITH TIME ZONE|YES", "city|VARCHAR|YES", "temperature|REAL|YES"];
    for sql in ["DESCRIBE WEATHER", "DESC main.weather;", "SHOW COLUMNS FROM weather"] {
        assert_eq!(rows(&session, sql).await, columns, "{sql}");
    }
    let names = "SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'main' ORDER BY 1";
    assert_eq!(rows(&session, names).await, ["Other", "weather"]);
    assert_eq!(
        rows(&session, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'weather'").await,
        ["3"]
    );
    assert!(session.deregister("Other").unwrap() && !session.deregister("Other").unwrap());
    assert_eq!(rows(&session, "SHOW TABLES").await.len(), 1);
    let analyzed = rows(&session, "EXPLAIN ANALYZE SELECT * FROM weather").await.join("\n");
    assert!(analyzed.contains("LakeglassScan") && analyzed.contains("output_rows=4"), "{analyzed}");
}

#[tokio::test]
async fn functions_of_every_kind() {
    let session = session(&[WEATHER]).await;
    for (sql, expected) in [
        ("SELECT 1 + 1", "2"),
        ("SELECT round(sqrt(2), 2), abs(-3), 7 % 4", "1.41|3|3"),
        ("SELECT upper('a') || lower('B'), length('größe'), substr('hello', 2, 3)", "Ab|5|ell"),
        ("SELECT regexp_replace('2025-09-30', '-', '/', 'g')", "2025/09/30"),
        ("SELECT 'ABC' ILIKE 'a%', '12'::int + 1, try_cast('x' AS int)", "true|13|null"),
        ("SELECT array_length([1, 2, 3]), array_max([1, 2])", "3|2"),
        ("SELECT md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("SELECT encode('a', 'base64')", "YQ"),
        ("SELECT sum(value) FROM generate_series(1, 10)", "55"),
        ("SELECT x FROM unnest([3, 4]) AS t(x) WHERE X > 3", "4"),
        ("SELECT array_transform([1, 2], x -> x * 10)", "[10, 20]"),
        ("SELECT date_trunc('hour', time) FROM weather WHERE temperature = 14", "2025-09-30T15:00:00Z"),
        ("SELECT extract(hour FROM time) FROM weather WHERE temperature = 14", "15"),
        ("SELECT time + INTERVAL '1 day' FROM weather WHERE temperature = 14", "2025-10-01T15:00:00Z"),
        (
            "SELECT (time AT TIME ZONE 'Europe/Paris')::varchar FROM weather WHERE temperature = 14",
            "2025-09-30 17:00:00",
        ),
        ("SELECT count(*) FROM weather WHERE time >= '2025-09-30T14:00:00Z'", "2"),
        ("SELECT count(*) FROM weather WHERE time >= TIMESTAMP '2025-09-30 14:00:00'", "2"),
        ("SELECT count(*) FROM weather WHERE time < now()", "4"),
        ("SELECT temperature FROM weather QUALIFY row_number() OVER (ORDER BY temperature DESC) = 1", "14.0"),
        (
            "SELECT temperature - before AS d
             FROM (SELECT temperature, lag(temperature) OVER (ORDER BY time) AS Before FROM weather) ORDER BY D LIMIT 1",
            "1.0",
        ),
        ("SELECT * EXCLUDE (city, TIME) FROM weather ORDER BY 1 LIMIT 1", "10.0"),
        ("FROM weather SELECT count(DISTINCT city)", "1"),
        ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT N + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t", "15"),
        ("SELECT median(temperature), stddev(temperature) > 1 FROM weather", "12.5|true"),
        ("SELECT named_struct('a', 1).a", "1"),
    ] {
        assert_eq!(rows(&session, sql).await, [expected], "{sql}");
    }
    assert_eq!(rows(&session, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3").await.len(), 3);
}

#[tokio::test]
async fn errors_have_codes_and_plain_messages() {
    let session = session(&[WEATHER]).await;
    for (sql, code) in [
        ("SELECT 1 // 0", "invalid_sql"),
        ("SELECT 1 % (temperature - temperature)::int FROM weather", "invalid_sql"),
        ("SELECT 'x'::int", "invalid_sql"),
        ("SELECT CAST(city AS int) FROM weather", "invalid_sql"),
        ("SELECT nofunction(1)", "invalid_sql"),
        ("SELECT city FROM weather GROUP BY time", "invalid_sql"),
        ("SELECT sum(city) FROM weather", "invalid_sql"),
        ("SELECT * FROM weather a JOIN weather b ON a.time = b.time WHERE city = 'x'", "invalid_sql"),
        ("SELECT * FROM 'https://host/t?sig=secret'", "invalid_sql"),
        ("INSERT INTO weather VALUES (1)", "unsupported_feature"),
        ("SELECT $1", "invalid_sql"),
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code().as_str(), code, "{sql}: {error}");
        let text = error.to_string();
        for bad in ["bug", "secret", "datafusion", "DataFusion", "caused by", "External"] {
            assert!(!text.contains(bad), "{sql}: {text}");
        }
    }
}

#[tokio::test]
async fn memory_is_limited() {
    let session = Session::new(SessionOptions { memory_limit: Some(1 << 20), ..SessionOptions::default() }).unwrap();
    let error = error(&session, "SELECT value FROM generate_series(1, 1000000) ORDER BY value % 1000, value").await;
    assert_eq!(error.code().as_str(), "memory_limit", "{error}");
}

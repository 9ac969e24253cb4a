//! The README's table of what is read and refused: every word of it is shown by something that runs, and so is what has no place in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// What shows it.
enum Shown {
    /// A test in this file.
    Test(&'static str, &'static str),
    /// A fixture whose log has this text.
    Fixture(&'static str, &'static str),
}
use Shown::{Fixture, Test};

const DISCOVERY: &str = "tests/integration/delta_discovery.rs";
const SCHEMA: &str = "tests/integration/scan_schema.rs";
const SHAPES: &str = "tests/integration/delta_log_shapes.rs";
const TRAVEL: &str = "tests/integration/delta_time_travel.rs";
const CHANGES: &str = "tests/integration/change_feed.rs";
const SQL: &str = "tests/integration/sql.rs";
const NUMBERS: &str = "tests/integration/sql_numbers.rs";
const DAMAGE: &str = "tests/integration/scan_damage.rs";
const ROWS: &str = "tests/integration/row_tracking.rs";
const DELETES: &str = "tests/integration/scan_deletes.rs";
const PARTITION: &str = "src/formats/delta/partition_values.rs";
const REPLAY: &str = "src/formats/delta/log/replay.rs";
const WIDENING: &str = "tests/integration/scan_widening.rs";
const WRITTEN: &str = "tests/oracle/tests/oracle/written.rs";
const STATEMENT: &str = "src/sql/parse/statement.rs";
const STORAGE: &str = "tests/integration/storage.rs";

/// Words of the table, and what shows them.
const EVIDENCE: &[(&str, Shown)] = &[
    ("reader versions 1 to 3", Test("src/formats/delta/table_features.rs", "known_ones_pass")),
    ("any writer version", Test("src/formats/delta/table_features.rs", "known_ones_pass")),
    ("reader versions above 3", Test("src/formats/delta/table_features.rs", "unknown_ones_are_refused_by_name")),
    ("any reader feature not listed here", Test(DISCOVERY, "an_unknown_feature_is_refused_by_name")),
    ("commits", Fixture("changes", "\"add\"")),
    ("`_last_checkpoint`", Test(DISCOVERY, "a_hint_that_is_damaged_stale_or_gone")),
    ("classic", Test(DISCOVERY, "every_version_of_a_table_with_a_checkpoint")),
    ("multi-part and V2 checkpoints", Test(DISCOVERY, "checkpoints_in_parts_and_with_sidecars")),
    ("log compactions", Test("tests/integration/delta.rs", "a_log_compaction_stands_for_its_commits")),
    ("checksum files", Test("tests/integration/delta_checksum.rs", "what_agrees_is_told")),
    ("commits with a hole or damaged lines", Test(SHAPES, "what_is_no_action_is_corrupt")),
    ("the latest", Test("tests/integration/delta_round_trips.rs", "a_quiet_table_takes_four_requests")),
    ("by number", Test(DISCOVERY, "every_version_of_a_table_with_a_checkpoint")),
    ("by timestamp", Test(DISCOVERY, "time_travel_by_time")),
    ("versions whose log was cleaned up", Test(DISCOVERY, "time_travel_in_a_log_whose_beginning_was_cleaned_up")),
    ("versions whose files VACUUM deleted", Test(TRAVEL, "a_version_whose_files_were_vacuumed_says_so")),
    ("`columnMapping`", Fixture("written_by_id", "\"delta.columnMapping.mode\":\"id\"")),
    ("`columnMapping`", Fixture("written_by_name", "\"delta.columnMapping.mode\":\"name\"")),
    ("`deletionVectors`", Fixture("written_by_id", "\"storageType\":\"i\"")),
    ("`deletionVectors`", Fixture("written_by_name", "\"storageType\":\"u\"")),
    ("`timestampNtz`", Fixture("timestamp_ntz", "timestampNtz")),
    ("`v2Checkpoint`", Fixture("written_by_name", "v2Checkpoint")),
    ("`vacuumProtocolCheck`", Test("src/formats/delta/table_features.rs", "known_ones_pass")),
    ("`typeWidening`", Fixture("written_plain", "delta.typeChanges")),
    ("the previews of these", Test("src/formats/delta/table_features.rs", "known_ones_pass")),
    ("`variantType`", Test("tests/integration/variant.rs", "variants_are_json_however_a_file_holds_them")),
    ("`variantShredding`", Test("tests/integration/variant.rs", "variants_are_json_however_a_file_holds_them")),
    ("`geospatial`", Test("src/formats/delta/schema.rs", "geospatial_types_are_binaries")),
    (
        "every writer feature",
        Test("src/formats/delta/table_features.rs", "what_writers_must_know_never_blocks_a_reader"),
    ),
    (
        "`catalogManaged` and `catalogOwned-preview`",
        Test("src/formats/delta/table_features.rs", "what_is_refused_says_what_to_do"),
    ),
    ("`redirectReaderWriter`", Test("src/formats/delta/table_features.rs", "what_is_refused_says_what_to_do")),
    ("all primitive types", Fixture("primitive_types", "\"add\"")),
    ("decimals to 38 digits", Fixture("primitive_types", "decimal(38,10)")),
    ("structs", Fixture("nested_types", "struct")),
    ("arrays", Fixture("nested_types", "array")),
    ("maps", Fixture("nested_types", "map")),
    ("`variant` as JSON text", Test("tests/integration/variant.rs", "the_preview_shows_json")),
    ("geometries as WKB", Test("src/formats/delta/schema.rs", "geospatial_types_are_binaries")),
    ("intervals and user-defined types", Test("src/formats/delta/schema.rs", "unknown_types_are_refused_by_name")),
    ("`table_changes`", Test(CHANGES, "every_change_of_a_table_is_told")),
    ("a range in which", Test(CHANGES, "ranges_that_cannot_be_told_are_refused")),
    ("`_metadata`", Test("tests/integration/file_metadata.rs", "row_indexes_are_those_of_the_file")),
    ("row ids of a table without row tracking", Test(ROWS, "a_table_that_keeps_no_track_of_rows_is_refused")),
    ("snappy", Fixture("compressions", ".snappy.parquet")),
    ("gzip", Fixture("compressions", ".gz.parquet")),
    ("zstd", Fixture("compressions", ".zstd.parquet")),
    ("lz4", Fixture("compressions", ".lz4raw.parquet")),
    ("brotli", Fixture("compressions", ".br.parquet")),
    ("uncompressed", Fixture("compressions", "-c000.parquet")),
    ("int96", Test(SCHEMA, "int96_reaches_the_year_9999")),
    ("legacy lists", Test("tests/integration/scan_lists.rs", "lists_of_older_writers")),
    ("encryption", Test(DAMAGE, "a_file_that_is_no_parquet_is_named")),
    ("exact integers and decimals", Test(NUMBERS, "integers_do_not_wrap")),
    ("sums that widen", Test(NUMBERS, "sums_widen")),
    ("one NaN", Test(NUMBERS, "one_nan_and_one_zero")),
    ("decimal literals", Test(NUMBERS, "decimals_keep_their_digits")),
    ("the option `dialect`", Test(NUMBERS, "dialects")),
    ("the place of NULL", Test(NUMBERS, "dialects")),
    ("`SELECT` with joins", Test(SQL, "an_aggregate_over_joined_tables")),
    ("CTEs", Test("src/sql/resolve/tests.rs", "ctes_subqueries_joins_and_set_operations")),
    ("window functions", Test("src/sql/resolve/tests.rs", "lambdas_windows_and_functions")),
    ("subqueries", Test("src/sql/resolve/tests.rs", "ctes_subqueries_joins_and_set_operations")),
    ("nested functions", Test(SQL, "functions_of_every_kind")),
    ("date", Test(SQL, "functions_of_every_kind")),
    ("string", Test(SQL, "functions_of_every_kind")),
    ("math", Test(SQL, "functions_of_every_kind")),
    ("regex", Test(SQL, "functions_of_every_kind")),
    ("`EXPLAIN`", Test(SQL, "statements_that_show")),
    ("`SHOW TABLES`", Test(SQL, "statements_that_show")),
    ("`SHOW COLUMNS`", Test(SQL, "statements_that_show")),
    ("`DESCRIBE`", Test(SQL, "statements_that_show")),
    ("`DESCRIBE HISTORY`", Test(CHANGES, "a_log_is_told_as_rows")),
    ("`DESCRIBE DETAIL`", Test(CHANGES, "a_log_is_told_as_rows")),
    ("`SUMMARIZE`", Test("tests/integration/sql_log_answers.rs", "summaries")),
    ("`CREATE VIEW`", Test("tests/integration/sql_definitions.rs", "a_view_is_its_query")),
    ("`delta_scan`", Test("tests/integration/sql_locations.rs", "a_delta_table_that_is_not_registered")),
    ("`read_parquet`", Test("tests/integration/sql_locations.rs", "parquet_files_over_http")),
    ("parameters", Test("tests/integration/sql_params.rs", "places_and_names")),
    ("idioms of DuckDB and Spark", Test("tests/integration/sql_idioms.rs", "every_idiom_does_what_the_table_says")),
    ("`table_history`", Test(CHANGES, "a_log_is_told_as_rows")),
    ("`table_files`", Test(CHANGES, "a_log_is_told_as_rows")),
    ("`table_versions`", Test(CHANGES, "a_log_is_told_as_rows")),
    ("`variant_get`", Test("tests/integration/variant.rs", "sql_reads_into_variants")),
    ("`try_variant_get`", Test("tests/integration/variant.rs", "sql_reads_into_variants")),
    ("names in any case", Test(SQL, "names_without_quotes_find_what_they_fit")),
    ("every statement that would write", Test(STATEMENT, "what_writes_is_refused")),
    (
        "versions inside a statement",
        Test("tests/integration/sql_time_travel.rs", "a_version_by_its_number_in_every_spelling"),
    ),
    ("any host that answers GET with CORS", Test(STORAGE, "http_passes_the_suite")),
    ("`Range`", Test(STORAGE, "http_passes_the_suite_whatever_the_host_does_with_ranges")),
    ("Presigned prefixes", Test(STORAGE, "the_roots_query_goes_with_every_object_and_stays_at_home")),
    ("`s3://`", Test("src/storage/location/mod.rs", "buckets_elsewhere")),
    ("`gs://`", Test("src/storage/location/mod.rs", "buckets_elsewhere")),
    ("`abfss://` and `az://`", Test("src/storage/location/mod.rs", "containers_of_azure")),
    ("a function that signs each path", Test("tests/integration/locations.rs", "a_function_that_signs_each_path")),
    ("share manifests", Test("tests/integration/manifest.rs", "every_fixture_reads_the_same_through_a_manifest")),
    ("Delta Sharing profiles", Test("tests/integration/sharing.rs", "both_formats_at_several_versions")),
    ("their change feeds", Test("src/formats/sharing/changes.rs", "both_formats_become_commits")),
    (
        "tables that a sharing server gives out as folders",
        Test("src/formats/sharing/folder.rs", "credentials_of_three_clouds"),
    ),
    ("other schemes", Test(STORAGE, "schemes_that_cannot_be_reached_are_refused")),
    ("OAuth profiles of Delta Sharing", Test("src/formats/sharing/profile.rs", "profiles")),
];

/// What a Delta reader has to get right beyond that, and what shows it.
const BEYOND: &[(&str, Shown)] = &[
    // Column mapping.
    ("columns mapped inside lists and maps", Test(SCHEMA, "nested_columns_are_mapped_inside_lists_and_maps")),
    ("renamed nested fields", Test(SCHEMA, "nested_fields_are_renamed_added_and_widened")),
    ("columns that were dropped and added again", Test(SCHEMA, "a_column_that_is_added_again_is_a_new_one")),
    ("a file without field ids", Test(SCHEMA, "by_id_a_name_alone_is_not_enough")),
    // Deletion vectors.
    ("over several row groups", Test(DELETES, "rows_are_deleted_across_row_groups")),
    ("their cardinality", Test(DELETES, "a_blob_is_read_at_its_offset")),
    ("two for the same path in one log", Test(REPLAY, "a_deletion_vector_makes_another_logical_file")),
    ("by an absolute path, and an empty descriptor", Test(WRITTEN, "every_version_has_the_rows_that_were_written")),
    // Checkpoints.
    ("V2, by hint and by listing", Test(SHAPES, "v2_checkpoints_by_hint_and_by_listing")),
    ("a missing part", Test(SHAPES, "a_checkpoint_without_all_of_its_parts_gives_way_to_an_older_one")),
    ("a damaged one", Test(DISCOVERY, "a_broken_checkpoint_is_done_without")),
    (
        "a damaged one that nothing stands for",
        Test(DISCOVERY, "a_broken_checkpoint_that_nothing_stands_for_is_corrupt"),
    ),
    // Types.
    ("every type change, nested and of partition columns", Test(WIDENING, "every_change_of_the_specification")),
    ("other type changes", Test(WIDENING, "other_changes_are_refused")),
    (
        "statistics by a collation",
        Test("src/formats/delta/statistics/tests.rs", "bounds_by_another_collation_are_not_used"),
    ),
    ("decimals as integers and bytes", Test(SCHEMA, "decimals_are_read_from_integers_and_bytes")),
    ("void columns", Test(SCHEMA, "void_columns_are_null_whatever_a_file_has")),
    ("codecs by all their names", Test("tests/integration/scan_rows.rs", "codecs")),
    ("timestamps of partitions, with zones and without", Test(PARTITION, "timestamps")),
    ("null and empty partition values", Test(PARTITION, "missing_null_and_empty_are_null")),
    ("columns a file lacks", Test(SCHEMA, "missing_columns_are_null_and_others_are_found_by_name")),
    ("encoded and absolute paths", Test(REPLAY, "spellings_of_a_path_are_one_file")),
    // Logs.
    ("line ends, a last line without one, unknown actions", Test(SHAPES, "lines_end_as_they_like")),
    ("very long lines", Test(SHAPES, "a_line_of_tens_of_megabytes")),
    ("the same action twice", Test(SHAPES, "the_same_action_twice_is_one")),
    ("a hint that lies", Test(SHAPES, "a_hint_that_lies")),
    ("a hole", Test(DISCOVERY, "a_hole_is_corrupt")),
    ("a log whose beginning is gone", Test(DISCOVERY, "a_log_whose_beginning_was_cleaned_up")),
    ("compactions", Test(SHAPES, "a_compaction_stands_for_its_commits_and_saves_their_requests")),
    ("ten thousand commits", Test(DISCOVERY, "ten_thousand_commits_without_a_checkpoint")),
    ("memory per live file", Test("tests/integration/delta_scale.rs", "memory_per_file")),
    (
        "statistics of the files that are left alone",
        Test("tests/integration/delta_scale.rs", "statistics_of_other_partitions_are_left_alone"),
    ),
    // Time travel.
    ("in-commit timestamps", Test(TRAVEL, "in_commit_timestamps_count_from_their_enablement_on")),
    ("which versions can still be read", Test(TRAVEL, "the_log_tells_what_vacuum_left_alone")),
    // Rows.
    ("row ids across versions", Test(ROWS, "a_row_has_its_id_in_every_version")),
    ("changes with deletion vectors and column mapping", Test(CHANGES, "tables_of_delta_kernel")),
];

fn at(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What the table lists: its cells, cut at commas and semicolons, without what is in parentheses.
fn items() -> Vec<String> {
    let readme = fs::read_to_string(at("README.md")).unwrap();
    let section = readme.split("## What it reads").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let mut items = Vec::new();
    for row in rows {
        for cell in row.trim_matches('|').split('|').skip(1) {
            let mut depth = 0;
            let outside: String = cell
                .chars()
                .filter(|letter| {
                    depth += i32::from(*letter == '(') - i32::from(*letter == ')');
                    depth == 0 && *letter != ')'
                })
                .collect();
            items.extend(outside.split([',', ';']).map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()));
        }
    }
    items
}

#[test]
fn every_item_of_the_table_is_shown() {
    let items = items();
    assert!(items.len() > 40, "{items:?}");
    let unshown: BTreeSet<_> =
        items.iter().filter(|item| !EVIDENCE.iter().any(|(words, _)| item.contains(words))).collect();
    assert!(unshown.is_empty(), "nothing here shows {unshown:?}: name a test or a fixture that does");
    let stale: Vec<_> = EVIDENCE
        .iter()
        .filter(|(words, _)| !items.iter().any(|item| item.contains(words)))
        .map(|(words, _)| words)
        .collect();
    assert!(stale.is_empty(), "README.md says nothing of {stale:?}");
}

#[test]
fn what_shows_it_is_there() {
    for (words, shown) in EVIDENCE.iter().chain(BEYOND) {
        match shown {
            Test(file, name) => {
                let source = fs::read_to_string(at(file)).unwrap_or_else(|error| panic!("{words}: {file}: {error}"));
                assert!(source.contains(&format!("fn {name}()")), "{words}: {file} has no test {name}");
            }
            Fixture(name, text) => {
                let log = at("tests/fixtures").join(name).join("table/_delta_log");
                let commits = fs::read_dir(&log).unwrap_or_else(|error| panic!("{words}: {name}: {error}"));
                let commits = commits
                    .map(|entry| entry.unwrap().path())
                    .filter(|path| path.extension().is_some_and(|e| e == "json"));
                let found = commits.into_iter().any(|path| fs::read_to_string(path).unwrap().contains(text));
                assert!(found, "{words}: no commit of the fixture {name} has {text}");
            }
        }
    }
}

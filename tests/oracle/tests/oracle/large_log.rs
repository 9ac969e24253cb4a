//! The benchmark's table, small: what is timed is the same list of files.

use lakeglass_oracle::{kernel, large_log, ours};

#[tokio::test]
async fn both_list_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    large_log::write(folder.path(), 3000, 40).unwrap();
    let mut ours = ours::files(folder.path(), None).await.unwrap();
    let mut theirs = kernel::files(folder.path(), None).unwrap();
    ours.sort();
    theirs.sort();
    assert_eq!(ours.len(), 3000 + 40 * 10 - 40 * 5);
    assert!(ours.iter().all(|file| file.partition_values.len() == 2));
    assert!(ours == theirs, "the first that differ: {:?}", ours.iter().zip(&theirs).find(|(a, b)| a != b));
}

//! What differs, gathered over a run, so that one defect does not hide another.

use lakeglass_oracle::Result;
use std::fmt::Debug;

/// At most so many are told, and of each so many characters a reader.
const TOLD: usize = 3;
const CHARACTERS: usize = 600;

#[derive(Default)]
pub struct Differences {
    compared: u64,
    found: Vec<String>,
}

impl Differences {
    /// Notes `ours` where it is not `expected`, and says what delta_kernel has; and delta_kernel where it alone is another: then one of
    /// the two that agree is wrong, or it is.
    pub fn compare(&mut self, what: &str, expected: &Result<String>, ours: &Result<String>, kernel: &Result<String>) {
        self.compared += 1;
        if ours != expected || kernel != expected {
            let (expected, ours, kernel) = (told(expected), told(ours), told(kernel));
            self.found
                .push(format!("{what}\n  expected:     {expected}\n  lakeglass:    {ours}\n  delta_kernel: {kernel}"));
        }
    }

    /// Notes two that are not equal.
    pub fn equal<T: PartialEq + Debug>(&mut self, what: &str, ours: &T, kernel: &T) {
        self.compared += 1;
        if ours != kernel {
            self.found.push(format!("{what}\n  lakeglass:    {}\n  delta_kernel: {}", told(ours), told(kernel)));
        }
    }

    /// Fails if anything differs, or if less than `least` was compared.
    pub fn finish(self, least: u64) {
        println!("{} comparisons", self.compared);
        assert!(self.compared >= least, "only {} comparisons", self.compared);
        let count = self.found.len();
        assert!(count == 0, "{count} differences:\n{}", self.found[..count.min(TOLD)].join("\n"));
    }
}

fn told(value: &impl Debug) -> String {
    format!("{value:?}").chars().take(CHARACTERS).collect()
}

//! What the DataFusion crates use of `datafusion-doc`: see this folder's `Cargo.toml`.

/// A function's documentation: empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Documentation {
    pub doc_section: DocSection,
    pub description: String,
    pub syntax_example: String,
    pub sql_example: Option<String>,
    pub arguments: Option<Vec<(String, String)>>,
    pub alternative_syntax: Option<Vec<String>>,
    pub related_udfs: Option<Vec<String>>,
}

/// Takes a documentation's parts, and keeps none.
pub struct DocumentationBuilder;

impl Documentation {
    #[inline(always)]
    pub fn builder(_: DocSection, _: impl Into<String>, _: impl Into<String>) -> DocumentationBuilder {
        DocumentationBuilder
    }
}

impl DocumentationBuilder {
    #[inline(always)]
    pub fn new_with_details(_: DocSection, _: impl Into<String>, _: impl Into<String>) -> Self {
        DocumentationBuilder
    }

    #[inline(always)]
    pub fn with_doc_section(self, _: DocSection) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_description(self, _: impl Into<String>) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_syntax_example(self, _: impl Into<String>) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_sql_example(self, _: impl Into<String>) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_argument(self, _: impl Into<String>, _: impl Into<String>) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_standard_argument(self, _: impl Into<String>, _: Option<&str>) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_alternative_syntax(self, _: impl Into<String>) -> Self {
        self
    }

    #[inline(always)]
    pub fn with_related_udf(self, _: impl Into<String>) -> Self {
        self
    }

    #[inline(always)]
    pub fn build(self) -> Documentation {
        Documentation {
            doc_section: DocSection::default(),
            description: String::new(),
            syntax_example: String::new(),
            sql_example: None,
            arguments: None,
            alternative_syntax: None,
            related_udfs: None,
        }
    }
}

/// A chapter of the documentation. The macro `user_doc` finds one by its label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocSection {
    pub include: bool,
    pub label: &'static str,
    pub description: Option<&'static str>,
}

impl Default for DocSection {
    fn default() -> Self {
        section("Default")
    }
}

const fn section(label: &'static str) -> DocSection {
    DocSection { include: true, label, description: None }
}

macro_rules! sections {
    ($module:ident, $($name:ident = $label:literal),+) => {
        pub mod $module {
            use super::{DocSection, section};
            $(pub const $name: DocSection = section($label);)+
            pub fn doc_sections() -> Vec<DocSection> {
                vec![$($name),+]
            }
            pub const fn doc_sections_const() -> &'static [DocSection] {
                &[$($name),+]
            }
        }
    };
}

sections!(
    scalar_doc_sections,
    DOC_SECTION_MATH = "Math Functions",
    DOC_SECTION_CONDITIONAL = "Conditional Functions",
    DOC_SECTION_STRING = "String Functions",
    DOC_SECTION_BINARY_STRING = "Binary String Functions",
    DOC_SECTION_REGEX = "Regular Expression Functions",
    DOC_SECTION_DATETIME = "Time and Date Functions",
    DOC_SECTION_ARRAY = "Array Functions",
    DOC_SECTION_STRUCT = "Struct Functions",
    DOC_SECTION_MAP = "Map Functions",
    DOC_SECTION_HASHING = "Hashing Functions",
    DOC_SECTION_UNION = "Union Functions",
    DOC_SECTION_OTHER = "Other Functions"
);
sections!(
    aggregate_doc_sections,
    DOC_SECTION_GENERAL = "General Functions",
    DOC_SECTION_STATISTICAL = "Statistical Functions",
    DOC_SECTION_APPROXIMATE = "Approximate Functions"
);
sections!(
    window_doc_sections,
    DOC_SECTION_AGGREGATE = "Aggregate Functions",
    DOC_SECTION_RANKING = "Ranking Functions",
    DOC_SECTION_ANALYTICAL = "Analytical Functions"
);

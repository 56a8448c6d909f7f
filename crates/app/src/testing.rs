//! Data folders for the tests of this crate.

use std::ops::Deref;

use crate::folder::Folder;
use crate::import::{Input, Options, import};

/// The export of a made-up person, unzipped.
pub(crate) const PERSON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/person/apple_health_export");

/// A data folder that is gone after the test.
pub(crate) struct TestFolder(Folder);

impl TestFolder {
    pub fn new(name: &str) -> Self {
        let name = format!("vitalog-app-{}-{name}", std::process::id());
        Self(Folder::at(std::env::temp_dir().join(name)))
    }

    /// One that holds the person's export.
    pub fn filled(name: &str) -> Self {
        let folder = Self::new(name);
        import(&folder, &Input::Path(PERSON.into()), &Options::default(), &mut |_| true).expect("an import");
        folder
    }

    /// One that holds some rows of an export, as they stand in XML.
    pub fn of_rows(name: &str, rows: &[String]) -> Self {
        let folder = Self::new(name);
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        let file = folder.dir().join("export.xml");
        let text = format!("<?xml version=\"1.0\"?><HealthData locale=\"en_GB\">{}</HealthData>", rows.concat());
        std::fs::write(&file, text).expect("written");
        import(&folder, &Input::Path(file), &Options::default(), &mut |_| true).expect("an import");
        folder
    }
}

impl Deref for TestFolder {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        // Not every test makes it.
        let _ = std::fs::remove_dir_all(self.0.dir());
    }
}

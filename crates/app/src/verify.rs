//! Is the store whole?

use serde::Serialize;
use store::{Cancel, Steps};

use crate::error::Result;
use crate::folder::Folder;
use crate::local::system_zone;

/// The answer of `vitalog verify`.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// Whether nothing was found.
    pub ok: bool,
    /// Whether there is a store at all; one that is not there yet is as whole as an empty one.
    pub exists: bool,
    /// What is not as it should be.
    pub findings: Vec<FindingAnswer>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FindingAnswer {
    /// What was checked.
    pub check: String,
    /// What is wrong.
    pub text: String,
}

/// Computes everything anew that is derived from rows: days, hours, summaries. Rows stay as they are, so what is wrong
/// in the file itself remains and is told by the next [`verify`].
pub fn repair(folder: &Folder, cancel: &Cancel) -> Result<()> {
    if !folder.store_path().exists() {
        return Ok(());
    }
    Ok(folder.write()?.rebuild_within(&system_zone(), cancel)?)
}

/// Checks the file, its references and its roll-ups.
pub fn verify(folder: &Folder) -> Result<Verified> {
    verify_within(folder, &Cancel::default(), &mut |_| {})
}

/// The same; `progress` hears before each step how far it is, and `cancel` stops it.
pub fn verify_within(folder: &Folder, cancel: &Cancel, progress: &mut dyn FnMut(Steps)) -> Result<Verified> {
    let exists = std::fs::metadata(folder.store_path()).is_ok_and(|file| file.len() > 0);
    let found = folder.read()?.verify_within(&system_zone(), cancel, progress)?;
    let findings: Vec<FindingAnswer> =
        found.into_iter().map(|f| FindingAnswer { check: f.check.to_owned(), text: f.text }).collect();
    Ok(Verified { ok: findings.is_empty(), exists, findings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::testing::TestFolder;

    #[test]
    fn a_store_that_is_not_there_is_not_passed_off_as_whole() {
        let folder = TestFolder::new("verify-nothing");
        let found = |folder: &Folder| verify(folder).map(|found| (found.ok, found.exists));
        assert_eq!(found(&folder), Ok((true, false)));
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        std::fs::write(folder.store_path(), "").expect("written");
        assert_eq!(found(&folder), Ok((true, false)), "its making was killed");
        crate::settings::set(&folder, "units", "metric").expect("a store");
        assert_eq!(found(&folder), Ok((true, true)));
    }

    /// Whoever tells it names the way out, and not the next one who tells it.
    #[test]
    fn of_a_damaged_store_everybody_names_the_way_out() {
        let folder = TestFolder::new("verify-damaged");
        std::fs::create_dir_all(folder.dir()).expect("a folder");
        std::fs::write(folder.store_path(), "These are my notes.".repeat(100)).expect("written");
        let hint = |error: crate::Error| {
            assert_eq!(error.code, Code::StoreDamaged);
            error.hint
        };
        let doctor = crate::doctor::doctor(&folder, 1_780_000_000_000);
        let fix = doctor.into_iter().find(|check| check.check == "store").expect("it looks at the store").fix;
        let [verified, status] = [verify(&folder).map(drop), crate::status::status(&folder).map(drop)];
        for text in [fix, hint(verified.expect_err("damaged")), hint(status.expect_err("damaged"))] {
            assert!(text.contains("`vitalog restore FILE`") && !text.contains("verify"), "{text}");
        }
    }
}
